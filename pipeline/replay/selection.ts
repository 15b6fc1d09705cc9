/** Which batches of a ring are meant. */
import type { Fate } from '../../infra/ring/offline-segments.ts'
import type { Batch } from '../../schemas/messages.ts'

export type Selection = {
  readonly tenant?: string
  readonly service?: string
  readonly producer?: string
  /** Record numbers, both inclusive: a batch that has one of them is meant as a whole. */
  readonly firstSeq: number
  readonly lastSeq: number
  readonly fates: readonly Fate[]
}

export const fateChoices = {
  all: ['pending', 'ended', 'unknown'],
  pending: ['pending', 'unknown'],
  ended: ['ended'],
} as const satisfies Readonly<Record<string, readonly Fate[]>>

export const isMeant = (
  { batch, fate }: { readonly batch: Batch; readonly fate: Fate },
  { tenant, service, producer, firstSeq, lastSeq, fates }: Selection,
): boolean =>
  fates.includes(fate) &&
  (tenant === undefined || batch.tenant === tenant) &&
  (service === undefined || batch.service === service) &&
  (producer === undefined || batch.producer === producer) &&
  batch.firstSeq <= lastSeq &&
  batch.lastSeq >= firstSeq
