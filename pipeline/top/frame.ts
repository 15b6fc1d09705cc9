/** The whole screen, from what is known and its size: the same always looks the same. */
import { accountPane, ringPane } from './account-pane.ts'
import { actorPane, endpointLine, historyPane } from './actor-pane.ts'
import { apart, beside, blank, fitted, type Line, type Span, span } from './line.ts'
import { ageText, clockText } from './quantity.ts'
import type { Sample } from './sample.ts'
import { dropPane, streamPane } from './stream-pane.ts'
import type { View } from './view.ts'

export type Size = { readonly columns: number; readonly rows: number }
export type Frame = {
  readonly lines: readonly Line[]
  /** The first stream that is shown. */
  readonly first: number
}

/** From here on there is room for two things side by side. */
const wideColumns = 130
const paneGap = 3
const columnsMin = 40
const rowsMin = 8

export const frameOf = (view: View, size: Size): Frame => {
  const { columns, rows } = size
  if (columns < columnsMin || rows < rowsMin)
    return filled([[span(`larger than ${columns}×${rows}, please`)]], size, view.first)
  if (view.mode === 'help') return filled([titleOf(view, columns), ...help], size, view.first)
  const top = [titleOf(view, columns), ...bannerOf(view)]
  const { seen } = view
  if (seen === null) return filled([...top, blank, [span('  waiting for it …', 'dim')]], size, 0)
  const { sample } = seen
  const head: readonly Line[] = [
    ...top,
    ...accountPane(seen, columns),
    ...(rows >= 22 ? [blank] : []),
    endpointLine(sample),
    ...ringPane(sample, columns),
    ...(rows >= 22 ? [blank] : []),
  ]
  const left = rows - head.length - 1
  const { lines, first } =
    columns >= wideColumns
      ? wide(view, sample, { columns, rows: left })
      : narrow(view, sample, { columns, rows: left })
  const body = [...head, ...lines]
  const room = Number.isFinite(rows) ? rows - 1 : body.length
  const all = Array.from({ length: room }, (_, row) => fitted(body[row] ?? blank, columns))
  return { lines: Number.isFinite(rows) ? [...all, footerOf(view, columns)] : all, first }
}

const filled = (lines: readonly Line[], { columns, rows }: Size, first: number): Frame => ({
  lines: Array.from({ length: Number.isFinite(rows) ? rows : lines.length }, (_, row) =>
    fitted(lines[row] ?? blank, columns),
  ),
  first,
})

/** What is shown where there is no end of the screen. */
const unboundedRows = { streams: 51, drops: 11, history: 10 }

type Body = { readonly lines: readonly Line[]; readonly first: number }

const narrow = (view: View, sample: Sample, { columns, rows }: Size): Body => {
  const actors = actorPane(sample)
  const left = Math.max(0, rows - actors.length)
  const isBounded = Number.isFinite(rows)
  const spare = Math.max(0, left - 6)
  const drops = isBounded ? Math.max(2, Math.min(9, Math.floor(spare * 0.35))) : unboundedRows.drops
  const history = isBounded ? Math.min(8, Math.floor(spare * 0.25)) : unboundedRows.history
  const below = history >= 3 ? historyPane(sample, history - 2) : []
  const gaps = isBounded && spare < 6 ? 0 : 1
  const others = below.length + gaps * (below.length > 0 ? 3 : 2)
  // What the streams leave free is for the losses.
  const unused = isBounded ? Math.max(0, left - others - drops - sample.streams.length - 1) : 0
  const lost = left >= 5 ? dropPane(sample, drops + unused) : []
  const streams = streamPane(view, {
    width: columns,
    rows: isBounded ? Math.max(2, left - others - lost.length) : unboundedRows.streams,
  })
  const air = gaps === 1 ? [blank] : []
  const parts = [actors, streams.lines, lost, below].filter(({ length }) => length > 0)
  return {
    lines: parts.flatMap((part, index) => (index === 0 ? part : [...air, ...part])),
    first: streams.first,
  }
}

const wide = (view: View, sample: Sample, { columns, rows }: Size): Body => {
  const half = Math.floor((columns - paneGap) / 2)
  const other = columns - paneGap - half
  const actors = actorPane(sample)
  const upper = beside(
    [
      { lines: actors, width: half },
      { lines: historyPane(sample, actors.length - 1), width: other },
    ],
    paneGap,
  )
  const left = Number.isFinite(rows) ? rows - upper.length - 1 : unboundedRows.streams
  const streamsWidth = Math.floor(columns * 0.6)
  const streams = streamPane(view, { width: streamsWidth, rows: left })
  const lower = beside(
    [
      { lines: streams.lines, width: streamsWidth },
      { lines: dropPane(sample, left), width: columns - paneGap - streamsWidth },
    ],
    paneGap,
  )
  return { lines: [...upper, blank, ...lower], first: streams.first }
}

const titleOf = ({ seen, away, address, nowMs }: View, columns: number): Line => {
  const right = [span(`${address}  ${clockText(nowMs)} `, 'bar')]
  if (seen === null) return barred([span(' holdfast ', 'bar')], right, columns)
  const { producer, version, startedAtMs, unready, stalls, atMs } = seen.sample
  const state: Span =
    away !== null
      ? span(' away ', 'alarm')
      : unready.length === 0
        ? span(' ready ', 'bar')
        : span(` not ready: ${unready[0]} `, 'alarm')
  const left = [
    span(` holdfast ${version}  ${producer}  `, 'bar'),
    state,
    span(`  up ${ageText(atMs - startedAtMs)}  `, 'bar'),
    stalls === 0 ? span('no stalls', 'bar') : span(` stalls: ${stalls} `, 'alarm'),
  ]
  return barred(left, right, columns)
}

/** The gap between the two ends belongs to the bar, too. */
const barred = (left: Line, right: Line, columns: number): Line =>
  fitted(apart(left, right, columns), columns).map((it) =>
    it.look === 'plain' ? { ...it, look: 'bar' } : it,
  )

const bannerOf = ({ away, seen, nowMs }: View): readonly Line[] => {
  if (away === null) return []
  const since = ageText(nowMs - away.sinceMs)
  const shown = seen === null ? '' : ` What is shown is of ${clockText(seen.sample.atMs)}.`
  return [
    [span(` Not heard of for ${since}; asking on.${shown} `, 'alarm'), span(` ${away.why}`, 'red')],
  ]
}

const footerOf = ({ mode, filter }: View, columns: number): Line => {
  if (filter.state === 'typing')
    return fitted(
      [span(`/${filter.text}`, 'bold'), span('▏'), span('  Enter: keep  Esc: all', 'dim')],
      columns,
    )
  const keys = 'q quit  ? keys  ←→ sort  r reverse  ↑↓ scroll  / find  space freeze'
  return fitted(
    mode === 'frozen'
      ? [span(' frozen: space goes on ', 'alarm'), span(`  ${keys}`, 'dim')]
      : [span(keys, 'dim')],
    columns,
  )
}

const help: readonly Line[] = [
  blank,
  [span('  Keys', 'head')],
  ...[
    ['q, Ctrl-C', 'leave; the pipeline goes on'],
    ['Ctrl-Z', 'to the shell; fg comes back'],
    ['space', 'freeze, and go on'],
    ['← →', 'sort the streams by another column'],
    ['n a i p d o x', 'by name, accepted, in, pending, delivered, out, dropped'],
    ['r', 'turn the order round, as the same letter again does'],
    ['↑ ↓ PgUp PgDn Home End', 'scroll the streams'],
    ['/', 'only streams with this in tenant or service'],
    ['Esc', 'all streams, from the top'],
    ['?', 'this, and back'],
  ].map(([keys = '', meaning = '']): Line => [span(`  ${keys.padEnd(25)}`, 'bold'), span(meaning)]),
  blank,
  [span('  accepted = delivered + dropped + pending, at any time.', 'dim')],
  [span('  redirectInFlight: attempts are out under an epoch that is over; nothing stops.', 'dim')],
]
