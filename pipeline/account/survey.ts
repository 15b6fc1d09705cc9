/**
 * What a question about the account is answered from: the drop events and the batches held of a tenant
 * or a service. Both are read where they lie, page by page, so both have a bound; what it cut off is
 * said, and whoever asks must not take it for nothing.
 */
import type { StreamAccount } from '../../infra/ledger/ledger.ts'
import type { Drop, Held } from '../../schemas/messages.ts'
import type { Observed } from '../observed.ts'

export type Scope = { readonly tenant?: string; readonly service?: string }

/** An answer is not to hold up the pipeline for long. */
const heldMax = 200_000
const dropPagesMax = 2_000
const pageDrops = 1_000

export type Cut = 'all' | 'cut'

/** Calls `visit` with each batch held. */
export const visitHeld = async (
  observed: Pick<Observed, 'held'>,
  scope: Scope,
  visit: (held: Held) => void,
): Promise<Cut> => {
  let looked = 0
  for await (const held of observed.held()) {
    if (looked === heldMax) return 'cut'
    looked += 1
    if (isIn(scope, held.batch)) visit(held)
  }
  return 'all'
}

/**
 * Calls `visit` with each drop event, oldest first. Answers as well of how many records, dropped as the
 * ledger has it, no event was found: a line of the archive may be damaged.
 */
export const visitDrops = async (
  observed: Pick<Observed, 'ledger'>,
  scope: Scope,
  visit: (drop: Drop) => void,
): Promise<{ readonly cut: Cut; readonly unnamed: number }> => {
  const { ledger } = observed
  // Counted before: what is dropped meanwhile has an event more.
  const dropped = rowsIn(observed, scope).reduce((sum, row) => sum + row.dropped, 0)
  const tenant = scope.tenant === undefined ? {} : { tenant: scope.tenant }
  let named = 0
  let cursor: string | null = ''
  for (let page = 0; cursor !== null; page += 1) {
    if (page === dropPagesMax) return { cut: 'cut', unnamed: 0 }
    const from: { cursor?: string } = cursor === '' ? {} : { cursor }
    const found = await ledger.drops({ ...tenant, ...from, limit: pageDrops })
    for (const drop of found.drops) {
      if (!isIn(scope, drop)) continue
      named += drop.records
      visit(drop)
    }
    cursor = found.cursor
  }
  return { cut: 'all', unnamed: Math.max(0, dropped - named) }
}

/** The rows of the account. */
export const rowsIn = (
  { ledger }: Pick<Observed, 'ledger'>,
  scope: Scope,
): readonly StreamAccount[] => ledger.streams(scope.tenant).filter((row) => isIn(scope, row))

const isIn = (
  { tenant, service }: Scope,
  of: { readonly tenant: string; readonly service: string },
): boolean =>
  (tenant === undefined || of.tenant === tenant) &&
  (service === undefined || of.service === service)
