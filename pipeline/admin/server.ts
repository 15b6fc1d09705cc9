import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../../infra/telemetry/log.ts'
import { type Listen, listenText } from '../config/addresses.ts'
import type { Observed } from '../observed.ts'
import { showDrops, showLedger } from './account-routes.ts'
import { type Answer, refusal } from './answer.ts'
import { readBody } from './body.ts'
import { dispatching, pinning, setEndpoint, showEndpoint } from './endpoint-routes.ts'
import { openGate } from './gate.ts'
import type { Route } from './route.ts'
import { openMetricsRoute, showActors, showLive, showReady } from './state-routes.ts'
import { showCompleteness, showRanges, showReport } from './window-routes.ts'

/** The admin API: probes, metrics, the account, and what an operator may tell the pipeline. */
export type Admin = {
  /** With the real port. */
  readonly url: string
  readonly close: () => Promise<void>
}

const connectionsMax = 256
const headersTimeoutMs = 10_000
const requestTimeoutMs = 30_000
const closeMsMax = 1_000

type Methods = Readonly<Record<string, Route>>
const openRoutes = (): Readonly<Record<string, Methods>> => ({
  '/metrics': { GET: openMetricsRoute() },
  '/api/v1/ledger': { GET: showLedger },
  '/api/v1/drops': { GET: showDrops },
  '/api/v1/ranges': { GET: showRanges },
  '/api/v1/completeness': { GET: showCompleteness },
  '/api/v1/report': { GET: showReport },
  '/api/v1/endpoint': { GET: showEndpoint, PUT: setEndpoint },
  '/api/v1/endpoint/pin': { POST: pinning('pin') },
  '/api/v1/endpoint/unpin': { POST: pinning('unpin') },
  '/api/v1/dispatch/suspend': { POST: dispatching('suspend') },
  '/api/v1/dispatch/resume': { POST: dispatching('resume') },
  '/api/v1/actors': { GET: showActors },
})
const probes: Readonly<Record<string, (observed: Observed | null) => Answer>> = {
  '/livez': showLive,
  '/readyz': showReady,
}

type Options = {
  readonly listen: Listen
  readonly token: string | null
  /** The pipeline once it is up; null while it starts, which may take long after a crash. */
  readonly observed: () => Observed | null
  readonly log: Log
}

/** Rejects when the address cannot be listened on. */
export const openAdmin = async (options: Options): Promise<Admin> => {
  const answer = openAnswering(options)
  const server = createServer({
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
  })
  server.maxConnections = connectionsMax
  server.on('request', (request, response) => {
    void respond({ request, response, answer, log: options.log })
  })
  server.listen(options.listen.port, options.listen.host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(
      `The admin API could not listen on ${listenText(options.listen)}; free the address or choose another admin.listen.`,
      { cause },
    )
  }
  server.on('error', (error) =>
    options.log.warn('admin.faltered', 'The admin API goes on after an error.', { error }),
  )
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${listenText({ host: options.listen.host, port })}`,
    close: () => closed(server),
  }
}

type Answering = (request: IncomingMessage) => Promise<Answer>

const openAnswering = ({ listen, token, observed, log }: Options): Answering => {
  const gate = openGate({ token, listen })
  const routes = openRoutes()
  return async (request) => {
    const target = request.url ?? '/'
    if (!URL.canParse(target, 'http://admin'))
      return refusal({ status: 400, error: 'the path cannot be read' })
    const { pathname, searchParams } = new URL(target, 'http://admin')
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
    const probe = Object.hasOwn(probes, pathname) ? probes[pathname] : undefined
    if (probe !== undefined)
      return method === 'GET' ? probe(observed()) : notAllowed(pathname, method, ['GET'])
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
    return route({
      observed: running,
      search: searchParams,
      body: () => readBody(request),
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

const respond = async (exchange: {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly answer: Answering
  readonly log: Log
}): Promise<void> => {
  const { request, response, answer, log } = exchange
  // Whoever hangs up before the answer gets none; there is nobody to tell, and nothing is lost.
  response.on('error', (error) => log.debug('admin.answerLost', 'The caller hung up.', { error }))
  try {
    send(response, await answer(request))
  } catch (error) {
    if (request.destroyed && !request.complete) return
    log.error('admin.failed', 'A call of the admin API failed; it was answered 500.', {
      method: request.method,
      path: request.url?.split('?')[0],
      error,
    })
    send(response, refusal({ status: 500, error: 'this failed; the log says why' }))
  }
}

const send = (response: ServerResponse, { status, headers, body }: Answer): void => {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // What is left of a body that was not read would be taken for the next request.
    ...(status === 413 ? { connection: 'close' } : {}),
    ...headers,
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

const closed = async (server: Server): Promise<void> => {
  const done = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), closeMsMax)
  await done
  clearTimeout(timer)
}
