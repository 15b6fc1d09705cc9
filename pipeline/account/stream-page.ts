/** The account a page at a time: streams over all their producers, searched and sorted here. */
import type { StreamAccount } from '../../infra/ledger/ledger.ts'

export const streamOrders = ['name', 'accepted', 'delivered', 'dropped', 'pending'] as const
export type StreamOrder = (typeof streamOrders)[number]

export type StreamRow = Omit<StreamAccount, 'producer'> & { readonly producers: number }
export type TenantRow = Omit<StreamAccount, 'producer' | 'service'> & { readonly streams: number }

/** One row a stream, in no order. */
export const streamRows = (accounts: readonly StreamAccount[]): readonly StreamRow[] => {
  const rows = new Map<string, StreamRow>()
  for (const { producer: _, ...account } of accounts) {
    const key = JSON.stringify([account.tenant, account.service])
    const row = rows.get(key)
    rows.set(
      key,
      row === undefined
        ? { ...account, producers: 1 }
        : { ...row, ...summed(row, account), producers: row.producers + 1 },
    )
  }
  return [...rows.values()]
}

/** One row a tenant: those that lost or hold most first. */
export const tenantRows = (streams: readonly StreamRow[]): readonly TenantRow[] => {
  const rows = new Map<string, TenantRow>()
  for (const { service: _, producers: __, ...stream } of streams) {
    const row = rows.get(stream.tenant)
    rows.set(
      stream.tenant,
      row === undefined
        ? { ...stream, streams: 1 }
        : { ...row, ...summed(row, stream), streams: row.streams + 1 },
    )
  }
  return [...rows.values()].sort(
    (a, b) => b.dropped - a.dropped || b.pending - a.pending || compareText(a.tenant, b.tenant),
  )
}

export const streamPage = (
  rows: readonly StreamRow[],
  asked: {
    readonly search: string
    readonly order: StreamOrder
    readonly offset: number
    readonly limit: number
  },
): { readonly total: number; readonly streams: readonly StreamRow[] } => {
  const { search, order, offset, limit } = asked
  const words = search.toLowerCase().split(/\s+/)
  const found = rows.filter(({ tenant, service }) => {
    const text = `${tenant} ${service}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const byName = (a: StreamRow, b: StreamRow): number =>
    compareText(a.tenant, b.tenant) || compareText(a.service, b.service)
  const sorted = found.sort((a, b) => (order === 'name' ? 0 : b[order] - a[order]) || byName(a, b))
  return { total: sorted.length, streams: sorted.slice(offset, offset + limit) }
}

type Sums = Pick<StreamAccount, 'accepted' | 'delivered' | 'dropped' | 'pending' | 'unaccounted'>
const summed = (one: Sums, other: Sums): Sums => ({
  accepted: one.accepted + other.accepted,
  delivered: one.delivered + other.delivered,
  dropped: one.dropped + other.dropped,
  pending: one.pending + other.pending,
  unaccounted: one.unaccounted + other.unaccounted,
})

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
