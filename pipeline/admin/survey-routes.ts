/** Answers over much of the account, for whoever looks at it whole. Each is kept for a moment. */
import { calendarIn } from '../account/calendar.ts'
import { dropTimeline } from '../account/drop-timeline.ts'
import {
  type StreamOrder,
  type StreamRow,
  streamOrders,
  streamPage,
  streamRows,
  tenantRows,
} from '../account/stream-page.ts'
import type { Observed } from '../observed.ts'
import { type Answer, json, refusal } from './answer.ts'
import { instantBefore, name, oneOf, queryOf, wholeNumber } from './query.ts'
import { openRemembered, type Remembered } from './remembered.ts'
import type { Route } from './route.ts'

const surveyMs = 2_000
const hourMs = 3_600_000
const dayMs = 24 * hourMs
const bucketsDefault = 120

/** By path. All are asked with GET. */
export const openSurveyRoutes = (): Readonly<Record<string, { readonly GET: Route }>> => {
  const remembered = openRemembered({ forMs: surveyMs, now: () => performance.now() })
  const rows = (observed: Observed): Promise<readonly StreamRow[]> =>
    remembered('rows', async () => streamRows(observed.ledger.streams()))
  return {
    '/api/v1/streams': { GET: openStreams(rows) },
    '/api/v1/tenants': { GET: openTenants(rows) },
    '/api/v1/drops/timeline': { GET: openTimeline(remembered) },
    '/api/v1/completeness/calendar': { GET: openCalendar(remembered) },
  }
}

/** `GET /api/v1/tenants[?limit=]` */
const openTenants =
  (rows: (observed: Observed) => Promise<readonly StreamRow[]>): Route =>
  async ({ observed, search }) => {
    const query = queryOf<{ limit: number }>(search, { limit: wholeNumber({ min: 1, max: 1000 }) })
    if (query.kind === 'refused') return query.answer
    const tenants = tenantRows(await rows(observed))
    return json({ total: tenants.length, tenants: tenants.slice(0, query.values.limit ?? 1000) })
  }

type StreamsAsked = {
  readonly search: string
  readonly tenant: string
  readonly order: StreamOrder
  readonly offset: number
  readonly limit: number
}

/** `GET /api/v1/streams[?search=&tenant=&order=&offset=&limit=]` */
const openStreams =
  (rows: (observed: Observed) => Promise<readonly StreamRow[]>): Route =>
  async ({ observed, search }) => {
    const query = queryOf<StreamsAsked>(search, {
      search: name,
      tenant: name,
      order: oneOf(streamOrders),
      offset: wholeNumber({ min: 0, max: 1_000_000 }),
      limit: wholeNumber({ min: 1, max: 1_000 }),
    })
    if (query.kind === 'refused') return query.answer
    const { tenant, ...asked } = query.values
    const all = await rows(observed)
    const ofTenant = tenant === undefined ? all : all.filter((row) => row.tenant === tenant)
    return json(
      streamPage(ofTenant, { search: '', order: 'name', offset: 0, limit: 100, ...asked }),
    )
  }

type TimelineAsked = {
  readonly tenant: string
  readonly from: number
  readonly to: number
  readonly buckets: number
}

/** `GET /api/v1/drops/timeline[?tenant=&from=&to=&buckets=]` */
const openTimeline =
  (remembered: Remembered): Route =>
  async ({ observed, search, nowMs }) => {
    const query = queryOf<TimelineAsked>(search, {
      tenant: name,
      from: instantBefore(nowMs),
      to: instantBefore(nowMs),
      buckets: wholeNumber({ min: 1, max: 500 }),
    })
    if (query.kind === 'refused') return query.answer
    const { from = nowMs - dayMs, to = nowMs, buckets = bucketsDefault, tenant } = query.values
    if (from >= to) return backwards()
    const scope = tenant === undefined ? {} : { tenant }
    const asked = { ...scope, fromMs: from, toMs: to, buckets }
    return json(await remembered(`timeline ${search}`, () => dropTimeline(observed, asked)))
  }

type CalendarAsked = { readonly tenant: string; readonly service: string; readonly days: number }

/** `GET /api/v1/completeness/calendar[?tenant=&service=&days=]`: whole days of UTC, up to today's. */
const openCalendar =
  (remembered: Remembered): Route =>
  async ({ observed, search, nowMs }) => {
    const query = queryOf<CalendarAsked>(search, {
      tenant: name,
      service: name,
      days: wholeNumber({ min: 1, max: 92 }),
    })
    if (query.kind === 'refused') return query.answer
    const { days = 14, ...scope } = query.values
    const toMs = Math.floor(nowMs / dayMs + 1) * dayMs
    const asked = { ...scope, fromMs: toMs - days * dayMs, toMs, stepMs: hourMs }
    return json(await remembered(`calendar ${search}`, () => calendarIn(observed, asked, nowMs)))
  }

const backwards = (): Answer =>
  refusal({ status: 400, error: 'from is not before to', allowed: 'from=24h&to=0s' })
