/**
 * Which records were delivered, dropped, or are held, by their numbers. The ledger keeps counts, drop
 * events and what is held, not a list of deliveries; but the numbers of a stream have no gaps, so what
 * was accepted is 0 to accepted − 1, and what is neither dropped nor held of it was delivered.
 *
 * The account goes on while it is read, so the order of reading matters: accepted first, then what is
 * held, then the drop events. What had ended before it could be seen among the held is then either
 * among the drop events, which are read later, or delivered. Never is a record called delivered that
 * was not; one called held may have been delivered meanwhile.
 */
import type { StreamAccount } from '../../infra/ledger/ledger.ts'
import {
  differenceOf,
  firstOf,
  intersectionOf,
  type RangeSet,
  rangeSet,
  type SeqRange,
  sizeOf,
  unionOf,
} from '../../schemas/range-set.ts'
import type { Observed } from '../observed.ts'
import { rowsIn, type Scope, visitDrops, visitHeld } from './survey.ts'

/** What `GET /api/v1/ranges` answers. */
export type LedgerRanges = {
  readonly streams: readonly StreamRanges[]
  /** Streams of former lives that were joined: of these only the counts are known. */
  readonly joined: readonly Joined[]
}
type Name = Pick<StreamAccount, 'tenant' | 'service' | 'producer'>
export type StreamRanges = Name & {
  readonly accepted: number
  readonly delivered: RangeSet
  readonly dropped: RangeSet
  readonly pending: RangeSet
  /** Ranges of which so many records were rejected, and the others delivered: nobody said which. */
  readonly partlyRejected: readonly (SeqRange & { readonly records: number })[]
  /** Why the ranges are not exact; null where they are. */
  readonly doubt: string | null
}
export type Joined = Pick<
  StreamAccount,
  'tenant' | 'service' | 'accepted' | 'delivered' | 'dropped' | 'pending'
>
const joinedProducer = '*'

export const rangesOf = async (
  observed: Pick<Observed, 'ledger' | 'held'>,
  scope: Scope,
): Promise<LedgerRanges> => {
  const rows = rowsIn(observed, scope)
  const found = await findings(observed, scope)
  const after = new Map(rowsIn(observed, scope).map((row) => [keyOf(row), row.delivered]))
  return {
    streams: rows
      .filter(({ producer }) => producer !== joinedProducer)
      .map((row) => {
        const deliveredAfter = after.get(keyOf(row)) ?? row.delivered
        return streamRanges({ ...row, deliveredAfter }, found.of(row), found.cut)
      }),
    joined: rows
      .filter(({ producer }) => producer === joinedProducer)
      .map(({ tenant, service, accepted, delivered, dropped, pending }) => ({
        ...{ tenant, service, accepted, delivered, dropped, pending },
      })),
  }
}

type Found = {
  readonly held: SeqRange[]
  readonly dropped: SeqRange[]
  readonly partly: (SeqRange & { readonly records: number })[]
}
type Findings = { readonly of: (name: Name) => Found; readonly cut: string | null }

const findings = async (
  observed: Pick<Observed, 'ledger' | 'held'>,
  scope: Scope,
): Promise<Findings> => {
  const found = new Map<string, Found>()
  const of = (name: Name): Found => {
    const key = keyOf(name)
    const known = found.get(key) ?? { held: [], dropped: [], partly: [] }
    found.set(key, known)
    return known
  }
  const held = await visitHeld(observed, scope, ({ batch }) => {
    of(batch).held.push(rangeIn(batch))
  })
  const drops = await visitDrops(observed, scope, (drop) => {
    const range = rangeIn(drop)
    const { dropped, partly } = of(drop)
    if (drop.records < sizeOf([range])) partly.push({ ...range, records: drop.records })
    else dropped.push(range)
  })
  const cut =
    held === 'cut'
      ? 'more batches are held than are looked at for one answer'
      : drops.cut === 'cut'
        ? 'there are more drop events than are looked at for one answer'
        : null
  return { of, cut }
}

const streamRanges = (
  row: StreamAccount & { readonly deliveredAfter: number },
  found: Found,
  cut: string | null,
): StreamRanges => {
  const { tenant, service, producer } = row
  const accepted = firstOf(row.accepted)
  const allDropped = rangeSet(found.dropped)
  const dropped = intersectionOf(allDropped, accepted)
  const partly = differenceOf(rangeSet(found.partly), dropped)
  const ended = unionOf(dropped, partly)
  const pending = differenceOf(intersectionOf(rangeSet(found.held), accepted), ended)
  const delivered = differenceOf(accepted, unionOf(ended, pending))
  const partlyDelivered =
    sizeOf(partly) - found.partly.reduce((sum, { records }) => sum + records, 0)
  const count = sizeOf(delivered) + partlyDelivered
  const isBetween = row.delivered <= count && count <= row.deliveredAfter
  const doubt =
    cut ??
    (isBetween
      ? null
      : `the account has ${row.delivered} delivered, the ranges ${count}: numbers are missing or were given twice`)
  return {
    ...{ tenant, service, producer, accepted: row.accepted, delivered, dropped, pending },
    partlyRejected: found.partly,
    doubt,
  }
}

const rangeIn = ({ firstSeq, lastSeq }: SeqRange): SeqRange => ({ firstSeq, lastSeq })
const keyOf = ({ producer, tenant, service }: Name): string =>
  JSON.stringify([producer, tenant, service])
