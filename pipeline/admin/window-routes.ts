import type { ServiceTotals } from '../../infra/book/book-request.ts'
import { completenessIn } from '../account/completeness.ts'
import { instantText } from '../account/instant-text.ts'
import { type Report, reportOf } from '../account/report.ts'
import { reportPage } from '../account/report-page.ts'
import { reportText } from '../account/report-text.ts'
import { rangesOf } from '../account/stream-ranges.ts'
import type { Window } from '../account/window.ts'
import { type Answer, json, refusal } from './answer.ts'
import { instantBefore, name, oneOf, queryOf } from './query.ts'
import type { Route } from './route.ts'

/** `GET /api/v1/ranges[?tenant=&service=]` */
export const showRanges: Route = async ({ observed, search }) => {
  const query = queryOf<{ tenant: string; service: string }>(search, {
    tenant: name,
    service: name,
  })
  return query.kind === 'refused' ? query.answer : json(await rangesOf(observed, query.values))
}

type Asked = {
  readonly tenant: string
  readonly service: string
  readonly from: number
  readonly to: number
}

/** Of which tenant and service, and of which time. */
const askedOf = (search: URLSearchParams, nowMs: number) => {
  const query = queryOf<Asked>(search, {
    tenant: name,
    service: name,
    from: instantBefore(nowMs),
    to: instantBefore(nowMs),
  })
  if (query.kind === 'refused') return query
  const { from, to, ...scope } = query.values
  const window = windowOf({ from, to })
  if (window.kind === 'refused') return window
  return { kind: 'asked' as const, scope, window: window.window }
}

/** `GET /api/v1/completeness?from=&to=[&tenant=&service=]` */
export const showCompleteness: Route = async ({ observed, search, nowMs }) => {
  const asked = askedOf(search, nowMs)
  if (asked.kind === 'refused') return asked.answer
  const { scope, window } = asked
  return json(await completenessIn(observed, { ...scope, ...window }, nowMs))
}

/** What `GET /api/v1/ledger/window` answers. Instants are ISO 8601, both inclusive. */
export type LedgerWindow = {
  readonly from: string
  readonly to: string
  /** By when the records were accepted. */
  readonly services: readonly ServiceTotals[]
}

/** `GET /api/v1/ledger/window?from=&to=[&tenant=&service=]` */
export const showLedgerWindow: Route = async ({ observed, search, nowMs }) => {
  const asked = askedOf(search, nowMs)
  if (asked.kind === 'refused') return asked.answer
  const { scope, window } = asked
  if (observed.book.view().state !== 'kept')
    return refusal({
      status: 503,
      error: 'the account in time is not up to date yet',
      headers: { 'retry-after': '5' },
    })
  const answer = await observed.book.ask({ kind: 'accepted', ...scope, ...window })
  const services = answer.type === 'accepted' ? answer.services : []
  return json({
    from: instantText(window.fromMs),
    to: instantText(window.toMs),
    services,
  } satisfies LedgerWindow)
}

type ReportAsked = Omit<Asked, 'service'> & { readonly format: ReportFormat }
type ReportFormat = 'json' | 'md' | 'html'

/** `GET /api/v1/report?from=&to=[&tenant=&format=]` */
export const showReport: Route = async ({ observed, search, nowMs }) => {
  const query = queryOf<ReportAsked>(search, {
    tenant: name,
    from: instantBefore(nowMs),
    to: instantBefore(nowMs),
    format: oneOf(['json', 'md', 'html']),
  })
  if (query.kind === 'refused') return query.answer
  const { from, to, format = 'json', ...scope } = query.values
  const window = windowOf({ from, to })
  if (window.kind === 'refused') return window.answer
  const report = await reportOf(observed, { ...scope, ...window.window }, nowMs)
  return shownReport[format](report)
}

/** No page needs more than its own style, and a name in it that looked like a script would not run. */
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'"
const shownReport: Readonly<Record<ReportFormat, (report: Report) => Answer>> = {
  json,
  md: (report) => ({
    status: 200,
    headers: { 'content-type': 'text/markdown; charset=utf-8' },
    body: reportText(report),
  }),
  html: (report) => ({
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pagePolicy,
    },
    body: reportPage(report),
  }),
}

type Read =
  | { readonly kind: 'window'; readonly window: Window }
  | { readonly kind: 'refused'; readonly answer: Answer }

/** Both ends have to be said: a window that was meant otherwise would get a true answer to no question. */
const windowOf = (given: {
  readonly from: number | undefined
  readonly to: number | undefined
}): Read => {
  const { from, to } = given
  if (from === undefined || to === undefined)
    return refused(`${from === undefined ? 'from' : 'to'} is missing`)
  if (from > to) return refused('from is after to')
  return { kind: 'window', window: { fromMs: from, toMs: to } }
}

const refused = (error: string): Read => ({
  kind: 'refused',
  answer: refusal({
    status: 400,
    error,
    allowed: 'from=2026-11-24T10:00:00Z&to=2026-11-24T11:00:00Z',
  }),
})
