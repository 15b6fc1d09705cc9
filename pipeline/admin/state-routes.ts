import { prometheusContentType } from '../../infra/telemetry/prometheus.ts'
import type { ActorView, Complaint, Observed } from '../observed.ts'
import { type Answer, json } from './answer.ts'
import { openMetricsPage } from './metrics-page.ts'
import { queryOf } from './query.ts'
import type { Route } from './route.ts'

/** Before there is a pipeline: alive, since recovery may take long, and not ready. */
const starting: readonly Complaint[] = [{ actor: 'pipeline', reason: 'it is starting' }]

/** `GET /livez`: 503 means that only a restart will help. */
export const showLive = (observed: Observed | null): Answer =>
  probe(observed === null ? [] : observed.health().live)

/** `GET /readyz`: 503 means that records would be refused now. */
export const showReady = (observed: Observed | null): Answer =>
  probe(observed === null ? starting : observed.health().ready)

const probe = (reasons: readonly Complaint[]): Answer =>
  json(
    { status: reasons.length === 0 ? 'ok' : 'unavailable', reasons },
    reasons.length === 0 ? 200 : 503,
  )

/** `GET /api/v1/actors` */
export const showActors: Route = ({ observed, search }) => {
  const query = queryOf(search, {})
  return query.kind === 'refused'
    ? query.answer
    : json({ actors: observed.actors().map(shownActor) })
}

export type ShownActor = Omit<ActorView, 'sinceMs'> & { readonly since: string }
export const shownActor = ({ sinceMs, ...actor }: ActorView): ShownActor => ({
  ...actor,
  since: new Date(sinceMs).toISOString(),
})

/** `GET /metrics`. Scrapers may be set up to send parameters; they change nothing. */
export const openMetricsRoute = (): Route => {
  const page = openMetricsPage()
  return ({ observed }) => ({
    status: 200,
    headers: { 'content-type': prometheusContentType },
    body: page(observed),
  })
}
