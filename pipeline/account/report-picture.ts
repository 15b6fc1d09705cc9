/** The time of a report from left to right, one lane a stream, as SVG to be put into a page. */
import type { Report, StreamReport, TimeSpan } from './report.ts'
import { count } from './report-words.ts'

const lanesMax = 12
const width = 960
const labelWidth = 210
const countWidth = 130
const laneHeight = 36
const top = 34
const barHeight = 14
/** A loss of a millisecond in a month has to be seen. */
const spanWidthMin = 3
const labelCharsMax = 25
const ticksMax = 6

export const reportPicture = (report: Report): string => {
  const lanes = report.streams.slice(0, lanesMax)
  const scale = scaleOf(report)
  const noticedY = top + lanes.length * laneHeight
  const bottom = noticedY + (report.noticed.length > 0 ? laneHeight : 0)
  return [
    `<svg viewBox="0 0 ${width} ${bottom + 6}" role="img" aria-label="Where in time records are lost or held back">`,
    ...ticks(report, scale).map(
      ({ x, text }) =>
        `<line class="tick" x1="${x}" y1="${top - 8}" x2="${x}" y2="${bottom}"/><text class="scale" x="${x}" y="16" text-anchor="middle">${text}</text>`,
    ),
    ...future(report, scale, bottom),
    ...lanes.map((lane, index) => laneText(lane, { report, scale, y: top + index * laneHeight })),
    ...noticed(report, scale, noticedY),
    '</svg>',
  ].join('\n')
}

type Scale = (iso: string) => number
const scaleOf = ({ from, to }: Report): Scale => {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  const range = Math.max(1, toMs - fromMs)
  const inner = width - labelWidth - countWidth
  return (iso) => labelWidth + Math.round((inner * 10 * (Date.parse(iso) - fromMs)) / range) / 10
}

const laneText = (
  { tenant, service, lost, heldBack, lostTimes, heldTimes }: StreamReport,
  { report, scale, y }: { readonly report: Report; readonly scale: Scale; readonly y: number },
): string => {
  const name = report.tenant === null ? `${tenant} / ${service}` : service
  const middle = y + laneHeight / 2
  const numbers = [
    ...(lost.records > 0 ? [{ kind: 'lost', text: `${count(lost.records)} lost` }] : []),
    ...(heldBack.records > 0 ? [{ kind: 'held', text: `${count(heldBack.records)} held` }] : []),
  ]
  const firstY = middle + (numbers.length > 1 ? -3 : 4)
  const barY = middle - barHeight / 2
  return [
    `<text class="label" x="${labelWidth - 14}" y="${middle + 4}" text-anchor="end"><title>${escaped(name)}</title>${escaped(shortened(name))}</text>`,
    `<rect class="lane" x="${labelWidth}" y="${barY}" width="${width - labelWidth - countWidth}" height="${barHeight}" rx="3"/>`,
    ...heldTimes.map((span) => bar(span, { kind: 'held', scale, y: barY })),
    ...lostTimes.map((span) => bar(span, { kind: 'lost', scale, y: barY })),
    ...numbers.map(
      ({ kind, text }, line) =>
        `<text class="${kind}-text" x="${width - countWidth + 12}" y="${firstY + line * 15}">${text}</text>`,
    ),
  ].join('')
}

const bar = (
  { from, to }: TimeSpan,
  { kind, scale, y }: { readonly kind: 'lost' | 'held'; readonly scale: Scale; readonly y: number },
): string => {
  const right = width - countWidth
  const length = Math.max(spanWidthMin, scale(to) - scale(from))
  const x = Math.min(scale(from), right - length)
  return `<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`
}

/** What has not been yet is hatched. */
const future = ({ asOf, from, to }: Report, scale: Scale, bottom: number): readonly string[] => {
  if (to <= asOf) return []
  const x = asOf <= from ? labelWidth : scale(asOf)
  return [
    `<rect class="future" x="${x}" y="${top - 8}" width="${width - countWidth - x}" height="${bottom - top + 8}"/>`,
  ]
}

const noticed = ({ noticed: spans }: Report, scale: Scale, y: number): readonly string[] => {
  if (spans.length === 0) return []
  const middle = y + laneHeight / 2
  return [
    `<text class="label quiet" x="${labelWidth - 14}" y="${middle + 4}" text-anchor="end">noticed</text>`,
    ...spans.map(({ from, to }) => {
      const [x, length] = [scale(from), Math.max(2, scale(to) - scale(from))]
      return `<rect class="noticed" x="${x}" y="${middle - 4}" width="${length.toFixed(1)}" height="8"/>`
    }),
  ]
}

const second = 1_000
const steps = [
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200],
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * 86_400),
].map((seconds) => seconds * second)

const ticks = (
  { from, to }: Report,
  scale: Scale,
): readonly { readonly x: number; readonly text: string }[] => {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  const step =
    steps.find((ms) => (toMs - fromMs) / ms <= ticksMax) ?? Math.ceil((toMs - fromMs) / ticksMax)
  const found: { x: number; text: string }[] = []
  for (let ms = Math.ceil(fromMs / step) * step; ms <= toMs; ms += step) {
    const iso = new Date(ms).toISOString()
    found.push({ x: scale(iso), text: tickText(iso, { step, rangeMs: toMs - fromMs }) })
  }
  return found
}

const dayMs = 86_400 * second
const tickText = (
  iso: string,
  { step, rangeMs }: { readonly step: number; readonly rangeMs: number },
): string => {
  if (step >= dayMs) return iso.slice(0, 10)
  if (rangeMs > dayMs) return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`
  return step < 60 * second ? iso.slice(11, 19) : iso.slice(11, 16)
}

const shortened = (name: string): string =>
  [...name].length > labelCharsMax ? `${[...name].slice(0, labelCharsMax - 1).join('')}…` : name

/** Names come from clients: none of them is markup. */
export const escaped = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
