/** The account as it flows: what came, what waits, and the two ways out. */
import { beside, type Line, type Look, lineWidth, type Span, span } from './line.ts'
import { ageText, bytesText, countText, rateText, sparkline } from './quantity.ts'
import type { Sample } from './sample.ts'
import type { Trend } from './trend.ts'

type Seen = { readonly sample: Sample; readonly trend: Trend }
const gap = 6
const sparkMax = 40

export const accountPane = ({ sample, trend }: Seen, width: number): readonly Line[] => {
  const { totals, cache } = sample
  const room = Math.floor((width - 3 * gap) / 4)
  const spark = (values: readonly number[]): string =>
    sparkline(values, Math.min(room, sparkMax)).trimStart()
  const cell = (title: string, figure: Span, below: Span, course: Span): readonly Line[] => [
    [span(title, 'head')],
    [figure],
    [below],
    [course],
  ]
  const number = (value: number, look: Look): Span => span(countText(value, room), look)
  const { accepted, delivered, dropped } = trend
  const refused = totals.refused > 0 ? `refused ${countText(totals.refused, room - 8)}` : ''
  const cells = [
    cell(
      'ACCEPTED',
      number(totals.accepted, 'bold'),
      span(rateText(accepted.perSecond)),
      span(spark(accepted.rates), 'cyan'),
    ),
    cell(
      'PENDING',
      number(totals.pending, totals.pending > 0 ? 'yellow' : 'bold'),
      span(totals.pending > 0 ? `oldest ${ageText(cache.oldestAgeSeconds * 1_000)}` : ''),
      span(spark(trend.pending), 'yellow'),
    ),
    cell(
      'DELIVERED',
      number(totals.delivered, 'bold'),
      span(rateText(delivered.perSecond)),
      span(spark(delivered.rates), 'green'),
    ),
    cell(
      'DROPPED',
      number(totals.dropped, totals.dropped > 0 ? 'red' : 'bold'),
      span(rateText(dropped.perSecond), dropped.perSecond > 0 ? 'red' : 'plain'),
      refused === '' ? span(spark(dropped.rates), 'red') : span(refused, 'yellow'),
    ),
  ]
  const [first = [], second = [], third = [], fourth = []] = cells
  const lines = beside(
    [
      { lines: arrowed(first, room + gap - 1), width: room + gap - 1 },
      { lines: arrowed(second, room + gap - 1), width: room + gap - 1 },
      { lines: third, width: room + gap - 1 },
      { lines: fourth, width: room },
    ],
    1,
  )
  if (totals.unaccounted === 0) return lines
  const unaccounted = `${countText(totals.unaccounted, 20)} records are unaccounted for`
  return [...lines, [span(` ${unaccounted}: the account does not balance. `, 'alarm')]]
}

/** An arrow from the figure to the next cell. */
const arrowed = (lines: readonly Line[], width: number): readonly Line[] =>
  lines.map((line, row) => {
    const room = width - lineWidth(line) - 2
    return row === 1 && room > 0 ? [...line, span(` ${'─'.repeat(room)}▶`, 'dim')] : line
  })

/** The classes as they are told apart without colours. */
const classes = [
  { name: 'high', glyph: '█', look: 'magenta' },
  { name: 'normal', glyph: '▓', look: 'cyan' },
  { name: 'low', glyph: '▒', look: 'green' },
] as const
const free = '░'
const barMax = 60
/** Rather fewer words than a bar that is shorter than this. */
const barMin = 16

/** From the longest: with bytes, with names, and none. */
const legendsOf = (cache: Sample['cache']): readonly Line[] => {
  const sums = cache.classes
  if (sums === null) return []
  const withNames = (tell: (name: (typeof classes)[number]['name']) => string): Line =>
    classes.flatMap(({ name, glyph, look }) => [span(`  ${glyph}`, look), span(` ${tell(name)}`)])
  return [withNames((name) => `${name} ${bytesText(sums[name])}`), withNames((name) => name)]
}

export const ringPane = ({ cache }: Sample, width: number): readonly Line[] => {
  const share = cache.capacityBytes === 0 ? 0 : cache.bytes / cache.capacityBytes
  const percent = `${Math.round(share * 100)}%`
  const tell = ` ${percent} of ${bytesText(cache.capacityBytes)}`
  const roomBeside = (legend: Line): number =>
    width - titleWidth - tell.length - lineWidth(legend) - 1
  const legend = legendsOf(cache).find((it) => roomBeside(it) >= barMin) ?? []
  const bar = barOf(cache, Math.max(8, Math.min(barMax, roomBeside(legend))))
  const look = share > 0.9 ? 'red' : share > 0.7 ? 'yellow' : 'plain'
  return [[span('RING'.padEnd(titleWidth), 'head'), ...bar, span(tell, look), ...legend]]
}
export const titleWidth = 10

const barOf = (cache: Sample['cache'], width: number): readonly Span[] => {
  const { capacityBytes, bytes } = cache
  const perCell = capacityBytes / width
  const parts: readonly { readonly bytes: number; readonly glyph: string; readonly look: Look }[] =
    cache.classes === null
      ? [{ bytes, glyph: '█', look: 'cyan' }]
      : classes.map(({ name, glyph, look }) => ({
          bytes: cache.classes?.[name] ?? 0,
          glyph,
          look,
        }))
  const spans: Span[] = []
  let left = width
  for (const { bytes: part, glyph, look } of parts) {
    if (part <= 0) continue
    // Whatever there is can be seen, however little.
    const cells = Math.min(left, Math.max(1, Math.round(part / perCell)))
    spans.push(span(glyph.repeat(cells), look))
    left -= cells
  }
  return [...spans, span(free.repeat(left), 'dim')]
}
