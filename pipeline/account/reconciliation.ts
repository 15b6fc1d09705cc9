/** What an endpoint has, beside what the ledger says that it has. */
import type { ReceivedRanges, ReceivedStream } from '../../infra/receiver/inventory.ts'
import {
  differenceOf,
  intersectionOf,
  type RangeSet,
  rangeSet,
  type SeqRange,
  sizeOf,
} from '../../schemas/range-set.ts'
import type { Joined, LedgerRanges, StreamRanges } from './stream-ranges.ts'

export type Reconciliation = {
  readonly totals: Readonly<Record<Column, number>>
  readonly streams: readonly StreamComparison[]
  readonly joined: readonly JoinedComparison[]
  /** Received, and not of this pipeline as far as its ledger knows. */
  readonly strangers: readonly (Name & { readonly received: number })[]
  /** What keeps the comparison from being exact, in sentences. */
  readonly doubts: readonly string[]
  /** Nothing that the ledger has as delivered is missing, and nothing is in doubt. */
  readonly reconciled: boolean
}
type Column =
  | 'delivered'
  | 'received'
  | 'missing'
  | 'receivedThoughDropped'
  | 'receivedThoughPending'
  | 'repeated'
type Name = Pick<StreamRanges, 'tenant' | 'service' | 'producer'>

export type StreamComparison = Name & {
  /** Counts: of the ledger, and of the receiver. */
  readonly delivered: number
  readonly received: number
  /** Delivered as the ledger has it, and not received. */
  readonly missing: RangeSet
  /** Of ranges that the endpoint rejected in part: so many more than it rejected were not received. */
  readonly missingSomewhere: readonly (SeqRange & { readonly records: number })[]
  /** An answer that was lost: the endpoint had the records all the same. */
  readonly receivedThoughDropped: RangeSet
  /** Its answer is under way, or was lost: it will be sent again. */
  readonly receivedThoughPending: RangeSet
  /** Received more than once. */
  readonly repeated: RangeSet
}
export type JoinedComparison = Pick<Joined, 'tenant' | 'service' | 'delivered'> & {
  readonly received: number
  /** At least. */
  readonly missing: number
}

export const reconciliationOf = (
  ledger: LedgerRanges,
  received: ReceivedRanges,
): Reconciliation => {
  const known = new Set(ledger.streams.map(keyOf))
  const others = received.streams.filter((stream) => !known.has(keyOf(stream)))
  const byName = new Map(received.streams.map((stream) => [keyOf(stream), stream]))
  const streams = ledger.streams.map((stream) => comparison(stream, byName.get(keyOf(stream))))
  const joined = ledger.joined.map((row) => joinedComparison(row, others))
  const joinedNames = new Set(ledger.joined.map(serviceKey))
  const doubts = doubtsOf(ledger, received)
  const totals = totalsOf(streams, joined)
  return {
    totals,
    streams,
    joined,
    strangers: others
      .filter((stream) => !joinedNames.has(serviceKey(stream)))
      .map(({ tenant, service, producer, received: ranges }) => ({
        ...{ tenant, service, producer, received: sizeOf(ranges) },
      })),
    doubts,
    reconciled: totals.missing === 0 && doubts.length === 0,
  }
}

const comparison = (stream: StreamRanges, got: ReceivedStream | undefined): StreamComparison => {
  const { tenant, service, producer, delivered, dropped, pending, partlyRejected } = stream
  const received = got?.received ?? []
  const partlyDelivered =
    sizeOf(rangeSet(partlyRejected)) - partlyRejected.reduce((sum, { records }) => sum + records, 0)
  return {
    ...{ tenant, service, producer },
    delivered: sizeOf(delivered) + partlyDelivered,
    received: sizeOf(received),
    missing: differenceOf(delivered, received),
    missingSomewhere: partlyRejected.flatMap(({ firstSeq, lastSeq, records }) => {
      const range = { firstSeq, lastSeq }
      const lacking = sizeOf([range]) - records - sizeOf(intersectionOf([range], received))
      return lacking > 0 ? [{ ...range, records: lacking }] : []
    }),
    receivedThoughDropped: intersectionOf(dropped, received),
    receivedThoughPending: intersectionOf(pending, received),
    repeated: got?.repeated ?? [],
  }
}

const joinedComparison = (row: Joined, others: readonly ReceivedStream[]): JoinedComparison => {
  const { tenant, service, delivered } = row
  const received = others
    .filter((stream) => serviceKey(stream) === serviceKey(row))
    .reduce((sum, stream) => sum + sizeOf(stream.received), 0)
  return { tenant, service, delivered, received, missing: Math.max(0, delivered - received) }
}

const doubtsOf = (ledger: LedgerRanges, received: ReceivedRanges): readonly string[] => [
  ...ledger.streams.flatMap(({ tenant, service, producer, doubt }) =>
    doubt === null ? [] : [`Of ${tenant}/${service} by ${producer}, ${doubt}.`],
  ),
  ...(received.forgotten
    ? ['The receiver does not remember all that it received: what is missing may be there.']
    : []),
  ...(received.nameless > 0
    ? [`${received.nameless} records were received without ids that fit: they are counted nowhere.`]
    : []),
]

const totalsOf = (
  streams: readonly StreamComparison[],
  joined: readonly JoinedComparison[],
): Reconciliation['totals'] => {
  const sum = (of: (stream: StreamComparison) => number): number =>
    streams.reduce((total, stream) => total + of(stream), 0)
  const sumJoined = (column: 'delivered' | 'received' | 'missing'): number =>
    joined.reduce((total, row) => total + row[column], 0)
  return {
    delivered: sum(({ delivered }) => delivered) + sumJoined('delivered'),
    received: sum(({ received }) => received) + sumJoined('received'),
    missing: sum(missingIn) + sumJoined('missing'),
    receivedThoughDropped: sum((stream) => sizeOf(stream.receivedThoughDropped)),
    receivedThoughPending: sum((stream) => sizeOf(stream.receivedThoughPending)),
    repeated: sum(({ repeated }) => sizeOf(repeated)),
  }
}

export const missingIn = ({ missing, missingSomewhere }: StreamComparison): number =>
  sizeOf(missing) + missingSomewhere.reduce((sum, { records }) => sum + records, 0)

const keyOf = ({ tenant, service, producer }: Name): string =>
  JSON.stringify([tenant, service, producer])
const serviceKey = ({ tenant, service }: Pick<Name, 'tenant' | 'service'>): string =>
  JSON.stringify([tenant, service])
