/** The order of streams, as somebody who looks on wants it. */
import type { StreamRow } from './trend.ts'

export const streamColumns = [
  'name',
  'accepted',
  'rate',
  'pending',
  'delivered',
  'sent',
  'dropped',
] as const
export type StreamColumn = (typeof streamColumns)[number]
export type StreamOrder = {
  readonly column: StreamColumn
  readonly direction: 'up' | 'down'
}

/** Those that need looking at first: what waits, and then what comes. */
export const orderDefault: StreamOrder = { column: 'pending', direction: 'down' }

const amountIn: Readonly<Record<Exclude<StreamColumn, 'name'>, (row: StreamRow) => number>> = {
  accepted: (row) => row.accepted,
  rate: (row) => row.acceptedPerSecond,
  pending: (row) => row.pending,
  delivered: (row) => row.delivered,
  sent: (row) => row.deliveredPerSecond,
  dropped: (row) => row.dropped,
}

export const ordered = (
  rows: readonly StreamRow[],
  { column, direction }: StreamOrder,
): readonly StreamRow[] => {
  const sign = direction === 'up' ? 1 : -1
  const byName = (one: StreamRow, other: StreamRow): number =>
    order(one.tenant, other.tenant) || order(one.service, other.service)
  if (column === 'name') return [...rows].sort((one, other) => sign * byName(one, other))
  const value = amountIn[column]
  return [...rows].sort(
    (one, other) =>
      sign * (value(one) - value(other)) || other.accepted - one.accepted || byName(one, other),
  )
}

const order = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
