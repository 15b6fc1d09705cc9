/**
 * The rows of the account, one a stream of a producer, and their sums per tenant and in all, which are
 * kept as the rows change, so that a scrape adds up nothing.
 */
import type { LedgerRow } from '../../schemas/messages.ts'
import type { ServiceAccount, StreamAccount, Totals } from './ledger.ts'

/** A stream of one producer. */
export type Stream = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
}
/** What is added to a row: records, which may be less than 0. */
export type Change = {
  /** Held, or once held, by the record log. */
  readonly accepted?: number
  /** The part of `accepted` that was held by segments which are gone. */
  readonly retired?: number
  readonly delivered?: number
  readonly dropped?: number
  /** Held by the record log, and not ended. */
  readonly pending?: number
  readonly refused?: number
}
type Sums = { -readonly [Name in keyof Change]-?: number }
type Row = Stream & Sums

export type Account = {
  /** Answers the stream as its row has it, so that what is remembered can share its strings. */
  readonly add: (stream: Stream, change: Change) => Stream
  readonly totals: (tenant?: string) => Totals
  readonly streams: (tenant?: string) => readonly StreamAccount[]
  readonly services: () => readonly ServiceAccount[]
  /** What a checkpoint keeps: not what is pending, which the record log says. */
  readonly rows: () => readonly LedgerRow[]
  readonly fold: (bounds: FoldBounds) => void
}
export type FoldBounds = {
  readonly rowsMax: number
  /** Producers of this life: they may go on. */
  readonly current: ReadonlySet<string>
}

/** The producer of folded rows; also of what was refused, since that was never numbered by one. */
export const anyProducer = '*'

export const openAccount = (restored: readonly LedgerRow[] = []): Account => {
  const rows = new Map<string, Row>()
  const tenants = new Map<string, Sums>()
  const all = zeroes()

  const rowOf = (stream: Stream): Row => {
    const key = keyOf(stream)
    const known = rows.get(key)
    if (known !== undefined) return known
    const { producer, tenant, service } = stream
    const row = { producer, tenant, service, ...zeroes() }
    rows.set(key, row)
    return row
  }
  const sumsOf = (tenant: string): Sums => {
    const known = tenants.get(tenant)
    if (known !== undefined) return known
    const sums = zeroes()
    tenants.set(tenant, sums)
    return sums
  }
  const add = (stream: Stream, change: Change): Stream => {
    const row = rowOf(stream)
    for (const sums of [row, sumsOf(stream.tenant), all]) increase(sums, change)
    return row
  }
  /**
   * While there are more than `rowsMax` rows, joins those of producers of former lives into one per
   * tenant and service, with producer `*`, oldest first, so that memory does not grow with every
   * restart. A row with records that the log still holds, ended or not, is left as it is. No sum
   * changes.
   */
  const fold = ({ rowsMax, current }: FoldBounds): void => {
    for (const [key, row] of rows) {
      if (rows.size <= rowsMax) return
      const isOver = row.pending === 0 && row.accepted === row.retired
      if (!isOver || row.producer === anyProducer || current.has(row.producer)) continue
      rows.delete(key)
      increase(rowOf({ ...row, producer: anyProducer }), row)
    }
  }

  for (const { retired, delivered, dropped, refused, live: _, ...stream } of restored) {
    add(stream, { accepted: retired, retired, delivered, dropped, refused })
  }
  return {
    add,
    fold,
    totals: (tenant) => totalsOf((tenant === undefined ? all : tenants.get(tenant)) ?? zeroes()),
    streams: (tenant) => {
      const streams: StreamAccount[] = []
      for (const row of rows.values()) {
        if (tenant !== undefined && row.tenant !== tenant) continue
        if (isEmpty(row)) continue
        const { tenant: owner, service, producer } = row
        const { refused: _, ...totals } = totalsOf(row)
        streams.push({ tenant: owner, service, producer, ...totals })
      }
      return streams
    },
    services: () => [...servicesOf(rows.values())],
    rows: () =>
      [...rows.values()].map(
        ({ accepted, pending: _, ...row }): LedgerRow => ({ ...row, live: accepted - row.retired }),
      ),
  }
}

function* servicesOf(rows: Iterable<Row>): Generator<ServiceAccount> {
  for (const of of Map.groupBy(rows, serviceKey).values()) {
    const sums = zeroes()
    for (const row of of) increase(sums, row)
    const [first] = of
    if (first === undefined) continue
    const { tenant, service } = first
    yield { tenant, service, ...totalsOf(sums) }
  }
}

const zeroes = (): Sums => ({
  accepted: 0,
  retired: 0,
  delivered: 0,
  dropped: 0,
  pending: 0,
  refused: 0,
})

const increase = (sums: Sums, change: Change): void => {
  sums.accepted += change.accepted ?? 0
  sums.retired += change.retired ?? 0
  sums.delivered += change.delivered ?? 0
  sums.dropped += change.dropped ?? 0
  sums.pending += change.pending ?? 0
  sums.refused += change.refused ?? 0
}

const totalsOf = ({ accepted, delivered, dropped, pending, refused }: Sums): Totals => ({
  accepted,
  delivered,
  dropped,
  pending,
  refused,
  unaccounted: accepted - delivered - dropped - pending,
})

/** So it is with a row that knows of refusals only, which are no stream's. */
const isEmpty = ({ accepted, delivered, dropped, pending }: Sums): boolean =>
  accepted === 0 && delivered === 0 && dropped === 0 && pending === 0

const serviceKey = ({ tenant, service }: Stream): string => `${tenant.length}:${tenant}${service}`
/** With lengths, since a name may hold any separator. */
const keyOf = ({ producer, tenant, service }: Stream): string =>
  `${producer.length}:${tenant.length}:${producer}${tenant}${service}`
