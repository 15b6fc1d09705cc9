/** A report as one HTML page that needs nothing else: to be sent as it is, or printed. */
import type { Report } from './report.ts'
import { escaped, reportPicture } from './report-picture.ts'
import { eventsShownMax } from './report-text.ts'
import {
  count,
  coversOf,
  deliveredText,
  rangeText,
  reasonWords,
  summaryOf,
  timeText,
  titleOf,
  waitText,
} from './report-words.ts'

export const reportPage = (report: Report): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(titleOf(report))}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escaped(titleOf(report))}</h1>
<p class="when">${timeText(report.from)} to ${timeText(report.to)}<br><span>as known at ${timeText(report.asOf)}</span></p>
</header>
<section class="summary ${report.verdict}">${paragraphs(report)}</section>
${report.streams.length === 0 ? '' : body(report)}
${lateSection(report)}
<section class="small"><h2>What this report covers</h2><ul>${coversOf(report)
  .map((line) => `<li>${escaped(line)}</li>`)
  .join('')}</ul></section>
</main>
</body>
</html>
`

const paragraphs = (report: Report): string => {
  const [first = '', ...rest] = summaryOf(report)
  const doubts = report.doubts.map((doubt) => `It cannot be ruled out that more was lost: ${doubt}`)
  return `<p class="first">${escaped(first)}</p>${[...rest, ...doubts].map((line) => `<p>${escaped(line)}</p>`).join('')}`
}

const body = (report: Report): string => `<section>
<h2>When</h2>
<figure>${reportPicture(report)}<figcaption>${legend}</figcaption></figure>
</section>
<section><h2>By service</h2>${services(report)}</section>
${report.lost.events === 0 ? '' : `<section><h2>Why, and how it was noticed</h2>${reasons(report)}</section>\n<section><h2>Each loss</h2>${events(report)}</section>`}`

const legend =
  '<span class="key lost-key"></span>records of this time are lost <span class="key held-key"></span>held back, not delivered yet <span class="key noticed-key"></span>when a loss was noticed. Times are UTC.'

type Cell =
  | string
  | { readonly head: string; readonly rest: string }
  | { readonly number: string }
  | { readonly small: string }

const services = ({ tenant, streams }: Report): string =>
  htmlTable(
    [
      ...tenantHead(tenant),
      'Service',
      { number: 'Lost' },
      'First and last',
      { number: 'Held back' },
      'Since',
    ],
    streams.map(({ lost, heldBack, ...stream }) => [
      ...tenantCell(tenant, stream.tenant),
      stream.service,
      { number: count(lost.records) },
      lost.records === 0 ? '' : { small: rangeText(lost) },
      { number: count(heldBack.records) },
      heldBack.records === 0 ? '' : { small: timeText(heldBack.since) },
    ]),
  )

const reasons = ({ tenant, streams }: Report): string =>
  htmlTable(
    [...tenantHead(tenant), 'Service', 'Reason', { number: 'Records' }, 'Noticed'],
    streams.flatMap((stream) =>
      stream.reasons.map(({ reason, records, noticedFirst, noticedLast }) => {
        const { title, why, noticed } = reasonWords[reason]
        return [
          ...tenantCell(tenant, stream.tenant),
          stream.service,
          { head: `${title}.`, rest: why },
          { number: count(records) },
          `${noticed} ${rangeText({ first: noticedFirst, last: noticedLast })}`,
        ]
      }),
    ),
  )

const events = ({ tenant, events: all, unlisted }: Report): string => {
  const shown = all.slice(0, eventsShownMax)
  const more = all.length - shown.length + unlisted
  const table = htmlTable(
    [
      ...tenantHead(tenant),
      'Service',
      'Numbers',
      { number: 'Records' },
      'From – to',
      'Noticed',
      'Producer',
      'Id',
    ],
    shown.map((event) => [
      ...tenantCell(tenant, event.tenant),
      event.service,
      `${event.firstSeq}–${event.lastSeq}`,
      { number: count(event.records) },
      { small: rangeText({ first: event.from, last: event.to }) },
      { small: timeText(event.at) },
      { small: event.producer },
      { small: event.id },
    ]),
  )
  return more === 0 ? table : `${table}<p>And ${count(more)} more.</p>`
}

const lateSection = ({ tenant, late }: Report): string => {
  if (late.kind === 'unknown' || late.records === 0) return ''
  const table = htmlTable(
    [
      ...tenantHead(tenant),
      'Service',
      { number: 'Records' },
      'From – to',
      'Delivered',
      'Longest wait',
    ],
    late.services.map((service) => [
      ...tenantCell(tenant, service.tenant),
      service.service,
      { number: count(service.records) },
      { small: rangeText(service) },
      { small: deliveredText(service) },
      waitText(service.longestWaitSeconds),
    ]),
  )
  return `<section><h2>Delivered late</h2>${table}</section>`
}

const tenantHead = (tenant: string | null): readonly Cell[] => (tenant === null ? ['Tenant'] : [])
const tenantCell = (tenant: string | null, of: string): readonly Cell[] =>
  tenant === null ? [of] : []

const htmlTable = (heads: readonly Cell[], rows: readonly (readonly Cell[])[]): string => {
  const line = (cells: readonly Cell[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => cellText(cell, tag)).join('')}</tr>`
  return `<table><thead>${line(heads, 'th')}</thead><tbody>${rows.map((row) => line(row, 'td')).join('\n')}</tbody></table>`
}

const cellText = (cell: Cell, tag: 'th' | 'td'): string => {
  if (typeof cell === 'string') return `<${tag}>${escaped(cell)}</${tag}>`
  if ('head' in cell)
    return `<${tag}><strong>${escaped(cell.head)}</strong> ${escaped(cell.rest)}</${tag}>`
  return 'number' in cell
    ? `<${tag} class="number">${escaped(cell.number)}</${tag}>`
    : `<${tag} class="fine">${escaped(cell.small)}</${tag}>`
}

const style = `
:root { --lost: #b3261e; --held: #d98a00; --good: #1b6e3c; --ink: #1d2430; --quiet: #5c6675; --line: #dfe3e9; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f5f7; color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
main { max-width: 1080px; margin: 32px auto; padding: 40px 48px; background: #fff; border: 1px solid var(--line); border-radius: 8px; }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 32px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0; }
h2 { font-size: 17px; margin: 36px 0 10px; }
.when { margin: 0; text-align: right; white-space: nowrap; }
.when span { color: var(--quiet); }
.summary { margin-top: 24px; padding: 14px 20px; border-left: 5px solid var(--good); background: #eef6f1; border-radius: 0 6px 6px 0; }
.summary.incomplete { border-color: var(--lost); background: #fbefee; }
.summary.pending { border-color: var(--held); background: #fdf5e6; }
.summary p { margin: 4px 0; }
.summary .first { font-size: 19px; font-weight: 600; }
figure { margin: 0; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 13px system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; fill: var(--ink); }
svg .scale, svg .quiet { font-size: 12px; fill: var(--quiet); }
svg .tick { stroke: var(--line); }
svg .lane { fill: #e9edf2; }
svg .lost { fill: var(--lost); }
svg .held { fill: var(--held); }
svg .noticed { fill: var(--ink); }
svg .future { fill: #8892a0; opacity: .13; }
svg .lost-text { fill: var(--lost); font-weight: 600; }
svg .held-text { fill: #9a6200; font-weight: 600; }
figcaption { margin-top: 8px; color: var(--quiet); font-size: 13px; }
.key { display: inline-block; width: 18px; height: 10px; border-radius: 2px; margin: 0 6px 0 14px; }
.key:first-child { margin-left: 0; }
.lost-key { background: var(--lost); }
.held-key { background: var(--held); }
.noticed-key { background: var(--ink); width: 4px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; min-width: 76px; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--quiet); font-weight: 600; font-size: 13px; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.fine { font-size: 13px; color: #3a4454; }
.small { color: var(--quiet); font-size: 13px; }
.small ul { padding-left: 18px; margin: 0; }
@media print { body { background: #fff; } main { margin: 0; border: 0; padding: 0; max-width: none; } tr { break-inside: avoid; } * { print-color-adjust: exact; } }
@media (max-width: 720px) { main { margin: 0; padding: 24px 18px; border: 0; } header { display: block; } .when { text-align: left; margin-top: 8px; white-space: normal; } }
`
