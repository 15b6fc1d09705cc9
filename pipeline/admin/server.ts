import { createServer } from 'node:http'
import type { Log } from '../../infra/telemetry/log.ts'
import { type Listen, listenText } from '../config/addresses.ts'
import type { Observed } from '../observed.ts'
import { showDrops, showLedger } from './account-routes.ts'
import { type Answer, refusal } from './answer.ts'
import { readBody } from './body.ts'
import { isConsoleFile, openConsoleFiles } from './console-files.ts'
import { dispatching, pinning, setEndpoint, showEndpoint } from './endpoint-routes.ts'
import { type Gate, openGate } from './gate.ts'
import { type InspectRoutes, inspectPath, openInspectRoutes } from './inspect-routes.ts'
import { closed, listening, serverTimeouts } from './listening.ts'
import { openLiveRoute, showRing, showRings, showStalls } from './live-routes.ts'
import { resendNotices, showNotices } from './notice-routes.ts'
import { plainAnswer } from './plain-answer.ts'
import { type Answering, respond } from './respond.ts'
import type { Route } from './route.ts'
import { openSequenceRoute } from './sequence-route.ts'
import { openMetricsRoute, showActors, showLive, showReady } from './state-routes.ts'
import { openSurveyRoutes } from './survey-routes.ts'
import { showCompleteness, showLedgerWindow, showRanges, showReport } from './window-routes.ts'

/** The admin API: probes, metrics, the account, and what an operator may tell the pipeline. */
export type Admin = {
  /** With the real port. */
  readonly url: string
  readonly close: () => Promise<void>
}

type Methods = Readonly<Record<string, Route>>
const openRoutes = (given: {
  readonly inspect: InspectRoutes
  readonly sequence: Route
}): Readonly<Record<string, Methods>> => ({
  '/metrics': { GET: openMetricsRoute() },
  '/api/v1/live': { GET: openLiveRoute() },
  '/api/v1/ring': { GET: showRing },
  '/api/v1/rings': { GET: showRings },
  '/api/v1/stalls': { GET: showStalls },
  ...openSurveyRoutes(),
  '/api/v1/ledger': { GET: showLedger },
  '/api/v1/ledger/window': { GET: showLedgerWindow },
  '/api/v1/drops': { GET: showDrops },
  '/api/v1/ranges': { GET: showRanges },
  '/api/v1/completeness': { GET: showCompleteness },
  '/api/v1/report': { GET: showReport },
  '/api/v1/endpoint': { GET: showEndpoint, PUT: setEndpoint },
  '/api/v1/endpoint/pin': { POST: pinning('pin') },
  '/api/v1/endpoint/unpin': { POST: pinning('unpin') },
  '/api/v1/dispatch/suspend': { POST: dispatching('suspend') },
  '/api/v1/dispatch/resume': { POST: dispatching('resume') },
  '/api/v1/notices': { GET: showNotices },
  '/api/v1/notices/resend': { POST: resendNotices },
  '/api/v1/actors': { GET: showActors },
  '/api/v1/sequence': { GET: given.sequence },
  '/api/v1/inspect/ticket': { POST: given.inspect.ticket },
  [inspectPath]: { GET: given.inspect.plain },
})
/** What only the account can answer. */
const accountPaths = [
  'ledger',
  'ledger/window',
  'drops',
  'drops/timeline',
  'ranges',
  'completeness',
  'completeness/calendar',
  'streams',
  'tenants',
  'report',
].map((name) => `/api/v1/${name}`)
const probes: Readonly<Record<string, (observed: Observed | null) => Answer>> = {
  '/livez': showLive,
  '/readyz': showReady,
}

type Options = {
  readonly listen: Listen
  /** By what address callers know it, where that is another one: the sentinel hands calls on. */
  readonly known?: Listen
  readonly token: string | null
  /** Whether `WS /inspect` shows the actors at work. */
  readonly inspect: 'on' | 'off'
  /** The pipeline once it is up; null while it starts, which may take long after a crash. */
  readonly observed: () => Observed | null
  readonly log: Log
}

/** Rejects when the address cannot be listened on. */
export const openAdmin = async (options: Options): Promise<Admin> => {
  const { listen, known = listen, token, inspect, observed, log } = options
  const gate = openGate({ token, listen: known })
  const inspectRoutes = openInspectRoutes({ mode: inspect, gate, observed, log })
  const pageGate: Gate = token === null ? gate : () => undefined
  const sequence = openSequenceRoute()
  const routes = openRoutes({ inspect: inspectRoutes, sequence: sequence.route })
  const answer = openAnswering({ ...options, gate, pageGate, routes })
  const server = createServer(serverTimeouts)
  server.on('request', (request, response) => {
    void respond({ request, response, answer, log })
  })
  server.on('upgrade', (request, socket, head) => {
    if (request.headers.upgrade?.toLowerCase() === 'websocket')
      inspectRoutes.upgrade(request, socket, head)
    else plainAnswer(request, socket, (response) => server.emit('request', request, response))
  })
  const port = await listening(server, listen)
  server.on('error', (error) =>
    log.warn('admin.faltered', 'The admin API goes on after an error.', { error }),
  )
  return {
    url: `http://${listenText({ host: listen.host, port })}`,
    close: async () => {
      inspectRoutes.close()
      sequence.close()
      await closed(server)
    },
  }
}

const openAnswering = ({
  gate,
  pageGate,
  routes,
  observed,
  log,
}: Pick<Options, 'observed' | 'log'> & {
  readonly gate: Gate
  /** A browser asks for a page before it can show a token; the console's files have no secret. */
  readonly pageGate: Gate
  readonly routes: Readonly<Record<string, Methods>>
}): Answering => {
  const files = openConsoleFiles()
  return async (request) => {
    const target = request.url ?? '/'
    if (!URL.canParse(target, 'http://admin'))
      return refusal({ status: 400, error: 'the path cannot be read' })
    const { pathname, searchParams } = new URL(target, 'http://admin')
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
    const probe = Object.hasOwn(probes, pathname) ? probes[pathname] : undefined
    if (probe !== undefined)
      return method === 'GET' ? probe(observed()) : notAllowed(pathname, method, ['GET'])
    if (method === 'GET' && isConsoleFile(pathname))
      return pageGate(request.headers) ?? files(pathname, request.headers)
    const refused = gate(request.headers)
    if (refused !== undefined) return refused
    const methods = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined
    if (methods === undefined)
      return refusal({
        status: 404,
        error: `there is no ${pathname.slice(0, 256)}`,
        allowed: [...Object.keys(probes), ...Object.keys(routes)],
      })
    const route = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (route === undefined) return notAllowed(pathname, method, Object.keys(methods))
    const running = observed()
    if (running === null)
      return refusal({
        status: 503,
        error: 'the pipeline is starting',
        headers: { 'retry-after': '1' },
      })
    if (running.keepsAccount === 'elsewhere' && accountPaths.includes(pathname))
      return refusal({ status: 404, error: 'this service keeps no account; the auditor does' })
    return route({
      observed: running,
      search: searchParams,
      body: (example) => readBody(request, example),
      nowMs: Date.now(),
      log,
    })
  }
}

const notAllowed = (path: string, method: string, allowed: readonly string[]): Answer =>
  refusal({
    status: 405,
    error: `${path} does not take ${method}`,
    allowed,
    headers: { allow: allowed.join(', ') },
  })
