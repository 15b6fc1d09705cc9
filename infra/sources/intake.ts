import type { Part, Refusal } from '../../actors/collector/protocol.ts'
import type { Batch } from '../../schemas/messages.ts'
import type { StreamPart } from '../otlp/split.ts'
import type { Unstored } from '../ring/record-log.ts'
import type { TracePlace } from '../telemetry/telemetry.ts'

/** Where sources put what clients sent, and where the collector takes it from. */
export type Intake = {
  /** For sources: keep this. Resolves when it is on stable storage, or refused. Never rejects. */
  readonly offer: (request: Request) => Promise<Kept | Refused>
  /** Port of the collector: call back with the next group, once, as soon as there is something. */
  readonly take: (offered: (group: { appendId: number; parts: readonly Part[] }) => void) => void
  readonly acknowledge: (appendId: number) => void
  readonly refuse: (appendId: number, refusal: Refusal) => void
  readonly close: (refusal: Refusal) => void
  readonly open: () => void
  /**
   * Joins the numbered batches of a group with their payloads, in order, for the record log. Undefined
   * when the group has been refused meanwhile: its clients know that nothing was kept.
   */
  readonly payloads: (
    appendId: number,
    batches: readonly Batch[],
  ) => readonly Unstored[] | undefined
  /** From where the batches of a group come, in their order; empty lists where nothing is traced. */
  readonly places: (appendId: number) => readonly (readonly TracePlace[])[]
}

/** One client request, already split by stream. */
export type Request = {
  readonly parts: readonly StreamPart[]
  /** Where the request is in a trace; not there unless telemetry is on. */
  readonly place?: TracePlace
}
export type Kept = { readonly kind: 'kept' }
/**
 * `by: 'queue'` when too much was waiting already, `'collector'` when it was the collector's word.
 */
export type Refused = { readonly kind: 'refused'; readonly by: 'queue' | 'collector' } & Refusal
