/** `WS /inspect`, and tickets for it. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Log } from '../../infra/telemetry/log.ts'
import { type Inspection, openInspection } from '../inspection/inspection.ts'
import { openTickets } from '../inspection/tickets.ts'
import type { Observed } from '../observed.ts'
import { type Answer, json, refusal } from './answer.ts'
import type { Gate } from './gate.ts'
import { plainAnswer } from './plain-answer.ts'
import { queryOf } from './query.ts'
import type { Route } from './route.ts'
import { sendAnswer } from './send-answer.ts'

export const inspectPath = '/inspect'

export type InspectRoutes = {
  /** `POST /api/v1/inspect/ticket`: good for one connection, soon. */
  readonly ticket: Route
  /** `GET /inspect` by whoever speaks plain HTTP. */
  readonly plain: Route
  /** Makes an inspector of a connection, or refuses it in plain HTTP. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly close: () => void
}

const off = refusal({
  status: 404,
  error: 'nobody may inspect this process',
  allowed: 'holdfast run --inspect, or admin.inspect: on',
})
const noWebSocket = refusal({
  status: 426,
  error: `${inspectPath} speaks WebSocket`,
  headers: { upgrade: 'websocket', connection: 'upgrade' },
})

export const openInspectRoutes = (given: {
  readonly mode: 'off' | 'on'
  readonly gate: Gate
  readonly observed: () => Observed | null
  readonly log: Log
}): InspectRoutes => {
  const { mode, gate, observed, log } = given
  const tickets = openTickets(() => performance.now())
  let inspection: Inspection | null = null

  /** Why not; none: it may, and `inspection` is open. */
  const refused = ({ url = '/', headers }: IncomingMessage): Answer | undefined => {
    const { pathname, searchParams } = new URL(url, 'http://admin')
    if (pathname !== inspectPath)
      return refusal({ status: 404, error: `no WebSocket at ${pathname.slice(0, 256)}` })
    if (mode === 'off') return off
    const ticket = searchParams.get('ticket')
    // Who has a ticket was let in to get it, so it does not matter what page it was handed to.
    const answer = ticket === null ? gate(headers) : tickets.redeem(ticket) ? undefined : stale
    if (answer !== undefined) return answer
    const running = observed()
    if (running === null) return starting
    inspection ??= openInspection(running, { log })
    return inspection.hasRoom() ? undefined : crowded
  }
  return {
    ticket: ({ search }) => {
      const query = queryOf(search, {})
      if (query.kind === 'refused') return query.answer
      if (mode === 'off') return off
      const { ticket, seconds } = tickets.issue()
      return json({ ticket, path: `${inspectPath}?ticket=${ticket}`, seconds }, 201)
    },
    plain: () => (mode === 'off' ? off : noWebSocket),
    upgrade: (request, socket, head) => {
      const answer = URL.canParse(request.url ?? '/', 'http://admin') ? refused(request) : stale
      if (answer === undefined) inspection?.admit(request, socket, head)
      else plainAnswer(request, socket, (response) => sendAnswer(response, answer))
    },
    close: () => inspection?.close(),
  }
}

const stale = refusal({
  status: 401,
  error: 'this ticket is not good, or not any more',
  allowed: 'a new one: POST /api/v1/inspect/ticket',
})
const retry = { 'retry-after': '1' }
const starting = refusal({ status: 503, error: 'the pipeline is starting', headers: retry })
const crowded = refusal({
  status: 503,
  error: 'as many inspectors look on as may',
  headers: { 'retry-after': '10' },
})
