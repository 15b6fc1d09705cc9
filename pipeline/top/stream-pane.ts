/** The streams, in the order that was asked for, and the drop events. */
import { cut, type Line, padEnd, padStart, span, textWidth } from './line.ts'
import { clockText, countText, rateText } from './quantity.ts'
import type { Sample } from './sample.ts'
import { ordered, type StreamColumn } from './stream-order.ts'
import type { StreamRow } from './trend.ts'
import type { View } from './view.ts'

type Column = {
  readonly column: StreamColumn
  readonly head: string
  readonly text: (row: StreamRow) => string
}
const columns: readonly Column[] = [
  { column: 'accepted', head: 'ACCEPTED', text: ({ accepted }) => countText(accepted) },
  { column: 'rate', head: 'IN', text: (row) => rateText(row.acceptedPerSecond) },
  { column: 'pending', head: 'PENDING', text: ({ pending }) => countText(pending) },
  { column: 'delivered', head: 'DELIVERED', text: ({ delivered }) => countText(delivered) },
  { column: 'sent', head: 'OUT', text: (row) => rateText(row.deliveredPerSecond) },
  { column: 'dropped', head: 'DROPPED', text: ({ dropped }) => countText(dropped) },
]
const columnWidth = 11
const nameWidthMin = 14
/** In this order columns are left out where the screen is too narrow. */
const leaving: readonly StreamColumn[] = ['delivered', 'sent', 'rate']

export type StreamPane = { readonly lines: readonly Line[]; readonly first: number }

/** @param size.rows head included. `first` is where it really begins: the end of the list is one, too. */
export const streamPane = (
  view: View,
  size: { readonly width: number; readonly rows: number },
): StreamPane => {
  const rows = view.seen === null ? [] : matching(view.seen.trend.streams, view.filter.text)
  const shown = Math.max(0, size.rows - 1)
  const first = Math.max(0, Math.min(view.first, rows.length - shown))
  const kept = fitting(size.width)
  const nameWidth = size.width - kept.length * columnWidth
  const listed = ordered(rows, view.order).slice(first, first + shown)
  const lines = [headOf(view, { kept, nameWidth, count: rows.length, first, shown: listed.length })]
  for (const row of listed) lines.push(lineOf(row, kept, nameWidth))
  if (rows.length === 0)
    lines.push([span(view.filter.text === '' ? 'nothing was accepted yet' : 'none', 'dim')])
  return { lines: lines.slice(0, size.rows), first }
}

const matching = (rows: readonly StreamRow[], text: string): readonly StreamRow[] => {
  const wanted = text.toLowerCase()
  return wanted === ''
    ? rows
    : rows.filter(({ tenant, service }) => `${tenant} ${service}`.toLowerCase().includes(wanted))
}

const fitting = (width: number): readonly Column[] => {
  let kept = columns
  for (const left of leaving)
    if (width - kept.length * columnWidth < 2 * nameWidthMin)
      kept = kept.filter(({ column }) => column !== left)
  return kept
}

type Head = {
  readonly kept: readonly Column[]
  readonly nameWidth: number
  readonly count: number
  readonly first: number
  readonly shown: number
}
const headOf = (view: View, { kept, nameWidth, count, first, shown }: Head): Line => {
  const { column: chosen, direction } = view.order
  const mark = direction === 'up' ? '▲' : '▼'
  const part = count > shown ? `${first + 1}-${first + shown} of ${countText(count)}` : `${count}`
  const filter = view.filter.text === '' ? '' : ` /${view.filter.text}`
  const title = `STREAMS ${chosen === 'name' ? mark : ''} ${part}${filter}`
  return [
    span(padEnd(cut(title, nameWidth), nameWidth), 'head'),
    ...kept.map(({ column, head }) =>
      span(padStart(column === chosen ? `${mark}${head}` : head, columnWidth), 'head'),
    ),
  ]
}

const lineOf = (row: StreamRow, kept: readonly Column[], nameWidth: number): Line => {
  const tenantWidth = Math.min(Math.floor(nameWidth * 0.4), 32)
  const tenant = padEnd(cut(row.tenant, tenantWidth - 1), tenantWidth)
  const service = cut(row.service, nameWidth - tenantWidth - 1)
  return [
    span(tenant, 'dim'),
    span(padEnd(service, nameWidth - textWidth(tenant))),
    ...kept.map(({ column, text }) =>
      span(
        padStart(text(row), columnWidth),
        column === 'dropped' && row.dropped > 0
          ? 'red'
          : column === 'pending' && row.pending > 0
            ? 'yellow'
            : 'plain',
      ),
    ),
  ]
}

/** The newest first. */
export const dropPane = ({ drops }: Sample, rows: number): readonly Line[] => {
  const shown = drops.slice(-Math.max(0, rows - 1)).reverse()
  const head = `${padEnd('DROPS', 10)}${padEnd('REASON', 22)}${padStart('RECORDS', 9)}`
  return [
    [span(head, 'head')],
    ...(rows > 1 && drops.length === 0 ? [[span('none within the last hour', 'dim')]] : []),
    ...(rows <= 1 ? [] : shown).map(
      ({ at, reason, records, tenant, service }): Line => [
        span(padEnd(clockText(Date.parse(at)), 10), 'dim'),
        span(padEnd(reason, 22), 'red'),
        span(padStart(countText(records), 9), 'bold'),
        span(`  ${tenant}/${service}`),
      ],
    ),
  ]
}
