/**
 * OTLP/HTTP: `POST /v1/logs` with an ExportLogsServiceRequest in protobuf or JSON. 200 means that
 * the intake has kept every record; everything else, that it kept none.
 *
 *     400 malformed           the client must not send it again
 *     413 too large           nor this, as it is
 *     415 other content       nor this
 *     429 too much at a time  Retry-After: later
 *     503 refused             Retry-After: later
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, isIPv6, type Socket } from 'node:net'
import { encodeJson } from '../otlp/json.ts'
import { type Encoding, encodeResponse } from '../otlp/response.ts'
import { type Split, type StreamPart, splitPieces, tenantFault } from '../otlp/split.ts'
import type { Log } from '../telemetry/log.ts'
import type { RequestTrace, Telemetry } from '../telemetry/telemetry.ts'
import { type BodyLease, openBodyReader } from './body.ts'
import { type Close, closerOf } from './http-closing.ts'
import { type Answer, failure, sendAnswer } from './http-exchange.ts'
import { type Head, headOf, logsPath, routeFault, type Tenancy } from './http-head.ts'
import type { Intake, Refused } from './intake.ts'
import { queueRetryAfterMs } from './intake-queue.ts'

export type OtlpHttpOptions = {
  /** Port 0 takes any that is free. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Called once with what takes connections that another process has accepted. */
  readonly feed?: ((take: (socket: Socket) => void) => void) | undefined
  readonly intake: Pick<Intake, 'offer'>
  readonly tenancy: Tenancy
  readonly limits: Limits
  /** Records that the intake refused: their client still holds them. */
  readonly onRefused: (parts: readonly StreamPart[], reason: Refused['reason']) => void
  /** Called for each request that is answered; how long it took since its head was here. */
  readonly onAnswer?: (answer: { readonly status: number; readonly durationMs: number }) => void
  readonly log: Pick<Log, 'debug' | 'warn' | 'error'>
  readonly telemetry?: Pick<Telemetry, 'request'> | undefined
}
export type Limits = {
  /** Of a body, as sent and decompressed. */
  readonly requestBytesMax: number
  readonly decompressedBytesMax: number
  /** More are closed as soon as they are opened. */
  readonly connectionsMax: number
  /** How long a client may take to send the head of a request, and the whole of it. */
  readonly headMsMax?: number
  readonly requestMsMax?: number
}

export type Source = {
  readonly url: string
  /**
   * Accepts no more, lets requests that are under way finish, and resolves when every connection is
   * closed. `signal` cuts short what is still open.
   */
  readonly close: Close
}

const headMsMax = 10_000
const requestMsMax = 60_000
/** Longer than most clients and balancers keep idle connections, so that they close first. */
const idleMs = 75_000
/** How many requests' worth of bytes may be in memory before they are in the intake's own queue. */
const requestsHeldMax = 8

/** @throws {Error} when it cannot listen there, or the default tenant is no tenant's name */
export const openOtlpHttpSource = async (options: OtlpHttpOptions): Promise<Source> => {
  const { limits, listen, log, tenancy } = options
  const fault = tenantFault(tenancy.defaultTenant)
  if (fault !== undefined)
    throw new RangeError(`The default tenant "${tenancy.defaultTenant}" cannot be used: ${fault}.`)
  const headersTimeout = limits.headMsMax ?? headMsMax
  const server = createServer({
    headersTimeout,
    requestTimeout: limits.requestMsMax ?? requestMsMax,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.min(headersTimeout, headMsMax) / 2,
    noDelay: true,
  })
  server.maxConnections = limits.connectionsMax
  const dropped = (remote: string | undefined): void =>
    log.warn('connection.dropped', 'A connection was closed: there are too many.', {
      remote,
      connectionsMax: limits.connectionsMax,
    })
  server.on('drop', (connection) => dropped(connection?.remoteAddress))
  const close = closerOf(server)
  server.on('request', handler(server, options))
  server.listen(listen.port, listen.host)
  await once(server, 'listening')
  server.on('error', (error) =>
    log.error('source.failed', 'The OTLP/HTTP source cannot accept connections.', { error }),
  )
  options.feed?.(takingFor(server, { connectionsMax: limits.connectionsMax, dropped }))
  return { url: urlOf(server), close }
}

/** A server counts only what it has accepted itself: the bound of all others is kept here. */
const takingFor = (
  server: Server,
  bound: {
    readonly connectionsMax: number
    readonly dropped: (remote: string | undefined) => void
  },
): ((socket: Socket) => void) => {
  let open = 0
  return (socket) => {
    // Closed, it would wait for ever; the client connects again, and is told so then.
    if (!server.listening) {
      socket.destroy()
      return
    }
    if (open >= bound.connectionsMax) {
      bound.dropped(socket.remoteAddress)
      socket.destroy()
      return
    }
    open += 1
    socket.once('close', () => {
      open -= 1
    })
    socket.setNoDelay(true)
    server.emit('connection', socket)
    // Whoever accepted it has read nothing of it, so that no byte is lost on the way.
    socket.resume()
  }
}

const urlOf = (server: Server): string => {
  const { address, port } = server.address() as AddressInfo
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
}

const handler = (server: Server, options: OtlpHttpOptions) => {
  const { limits, log, onAnswer, telemetry } = options
  const reader = openBodyReader({
    ...limits,
    heldBytesMax: limits.decompressedBytesMax + requestsHeldMax * limits.requestBytesMax,
  })
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on('error', (error) => {
      const message =
        'A client went away before it had its answer; what it sent, it may send again.'
      log.debug('answer.undelivered', message, { error })
    })
    const startedMs = performance.now()
    const trace = telemetry?.request(traced(request))
    const lease = reader.lease()
    const answer = await answerTo(request, { ...options, read: lease.read, trace }).catch(
      (error: unknown): Answer => {
        log.error('request.failed', 'A request failed by a fault of this program.', { error })
        // Clients give up on a 500, and the records are still theirs.
        const message = 'The request was not kept: an internal fault. Send it again.'
        return refusal('unavailable', {
          retryAfterMs: queueRetryAfterMs,
          message,
          encoding: 'json',
        })
      },
    )
    lease.release()
    trace?.ended(answer === 'gone' ? undefined : answer.status)
    if (answer === 'gone') return
    if (!server.listening) response.setHeader('connection', 'close')
    sendAnswer(request, response, answer)
    onAnswer?.({ status: answer.status, durationMs: performance.now() - startedMs })
  }
}

/** What is no export of logs has a name of a client's making, of which there may be any number. */
const traced = ({ url, method = '', headers }: IncomingMessage) => ({
  method: method === 'POST' ? method : '_OTHER',
  route: url === logsPath ? logsPath : '/',
  headers,
})

type Exchange = OtlpHttpOptions & {
  readonly read: BodyLease['read']
  readonly trace: RequestTrace | undefined
}

const answerTo = async (request: IncomingMessage, exchange: Exchange): Promise<Answer | 'gone'> => {
  const head = routeFault(request) ?? headOf(request, exchange.tenancy)
  if ('status' in head) return head
  const { encoding } = head
  const body = await exchange.read(request, head.coding)
  switch (body.kind) {
    case 'aborted':
      return 'gone'
    case 'tooLarge':
      return failure(413, 'invalidArgument', { message: body.message, encoding })
    case 'undecodable':
      return failure(400, 'invalidArgument', { message: body.message, encoding })
    case 'crowded':
      return refusal('resourceExhausted', {
        retryAfterMs: queueRetryAfterMs,
        message: 'The request was not kept: too many are being read. Send it again.',
        encoding,
      })
    case 'read':
      return answerToBody(body.pieces, head, exchange)
  }
}

const answerToBody = async (
  pieces: readonly Buffer[],
  { encoding, tenant }: Head,
  { intake, onRefused, tenancy, trace }: Exchange,
): Promise<Answer> => {
  const parted = partsOf(pieces, encoding, { ...tenancy, named: tenant })
  if (parted.kind === 'malformed')
    return failure(400, 'invalidArgument', {
      message: `This is no ExportLogsServiceRequest: ${parted.message}.`,
      encoding,
    })
  const { parts } = parted
  const outcome =
    parts.length === 0
      ? { kind: 'kept' as const }
      : await intake.offer(trace === undefined ? { parts } : { parts, place: trace.place })
  if (outcome.kind === 'kept') return { status: 200, encoding, body: encodeResponse(encoding) }
  onRefused(parts, outcome.reason)
  return refusal(outcome.by === 'queue' ? 'resourceExhausted' : 'unavailable', {
    retryAfterMs: outcome.retryAfterMs,
    message: `The request was not kept: ${outcome.reason}. Send it again.`,
    encoding,
  })
}

const partsOf = (
  pieces: readonly Buffer[],
  encoding: Encoding,
  tenancy: Parameters<typeof splitPieces>[1],
): Split => {
  if (encoding === 'protobuf') return splitPieces(pieces, tenancy)
  const encoded = encodeJson(Buffer.concat(pieces))
  return encoded.kind === 'malformed' ? encoded : splitPieces([encoded.body], tenancy)
}

/** 429 when there is too much at a time, 503 for everything else; the client is to come again. */
const refusal = (
  code: 'resourceExhausted' | 'unavailable',
  {
    retryAfterMs,
    message,
    encoding,
  }: { readonly retryAfterMs: number; readonly message: string; readonly encoding: Encoding },
): Answer =>
  failure(code === 'resourceExhausted' ? 429 : 503, code, {
    message,
    encoding,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) },
  })
