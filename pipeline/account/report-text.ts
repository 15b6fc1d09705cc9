/** A report in Markdown. */
import type { LateDelivery } from './lateness.ts'
import type { Report, StreamReport } from './report.ts'
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

export const eventsShownMax = 100

export const reportText = (report: Report): string => {
  const { streams, doubts, late } = report
  const isOfAll = report.tenant === null
  return [
    `# ${plain(titleOf(report))}`,
    `${timeText(report.from)} to ${timeText(report.to)}; as known at ${timeText(report.asOf)}.`,
    `**${summaryOf(report).map(plain).join(' ')}**`,
    ...doubts.map((doubt) => `It cannot be ruled out that more was lost: ${plain(doubt)}`),
    ...(streams.length === 0 ? [] : ['## By service', serviceTable(streams, isOfAll)]),
    ...(report.lost.events === 0 ? [] : ['## Why, and how it was noticed', reasonTable(report)]),
    ...(report.lost.events === 0 ? [] : ['## Each loss', eventTable(report)]),
    ...(late.kind === 'unknown' || late.records === 0
      ? []
      : ['## Delivered late', lateTable(report.tenant, late.services)]),
    '## What this report covers',
    coversOf(report)
      .map((line) => `- ${line}`)
      .join('\n'),
  ]
    .join('\n\n')
    .concat('\n')
}

const serviceTable = (streams: readonly StreamReport[], isOfAll: boolean): string =>
  markdownTable(
    [...(isOfAll ? ['Tenant'] : []), 'Service', 'Lost', 'First', 'Last', 'Held back', 'Since'],
    streams.map(({ tenant, service, lost, heldBack }) => [
      ...(isOfAll ? [tenant] : []),
      service,
      count(lost.records),
      lost.records === 0 ? '' : timeText(lost.first),
      lost.records === 0 ? '' : timeText(lost.last),
      count(heldBack.records),
      heldBack.records === 0 ? '' : timeText(heldBack.since),
    ]),
  )

const lateTable = (tenant: string | null, services: readonly LateDelivery[]): string =>
  markdownTable(
    [
      ...(tenant === null ? ['Tenant'] : []),
      ...['Service', 'Records', 'From', 'To', 'Delivered', 'Longest wait'],
    ],
    services.map((service) => [
      ...(tenant === null ? [service.tenant] : []),
      service.service,
      count(service.records),
      timeText(service.first),
      timeText(service.last),
      deliveredText(service),
      waitText(service.longestWaitSeconds),
    ]),
  )

const reasonTable = ({ tenant, streams }: Report): string =>
  markdownTable(
    [...(tenant === null ? ['Tenant'] : []), 'Service', 'Reason', 'Records', 'Noticed', 'How'],
    streams.flatMap((stream) =>
      stream.reasons.map(({ reason, ...loss }) => [
        ...(tenant === null ? [stream.tenant] : []),
        stream.service,
        `${reasonWords[reason].title}. ${reasonWords[reason].why}`,
        count(loss.records),
        rangeText({ first: loss.noticedFirst, last: loss.noticedLast }),
        reasonWords[reason].noticed,
      ]),
    ),
  )

const eventTable = ({ tenant, events, unlisted }: Report): string => {
  const shown = events.slice(0, eventsShownMax)
  const more = events.length - shown.length + unlisted
  const rows = markdownTable(
    [
      ...(tenant === null ? ['Tenant'] : []),
      ...['Service', 'Numbers', 'Records', 'From', 'To', 'Noticed', 'Reason', 'Producer', 'Id'],
    ],
    shown.map((event) => [
      ...(tenant === null ? [event.tenant] : []),
      event.service,
      `${event.firstSeq}–${event.lastSeq}`,
      count(event.records),
      timeText(event.from),
      timeText(event.to),
      timeText(event.at),
      event.reason,
      event.producer,
      event.id,
    ]),
  )
  return more === 0
    ? rows
    : `${rows}\n\nAnd ${count(more)} more, which the JSON lists as far as it can.`
}

const markdownTable = (heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(heads),
    line(heads.map(() => '---')),
    ...rows.map((row) => line(row.map(plain))),
  ].join('\n')
}

/** Names come from clients: none of them is markup, a new cell, or a new line. */
const plain = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD').replace(/[\\`*_{}[\]<>#|&!~]/g, '\\$&')
