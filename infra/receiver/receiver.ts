import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MalformedError } from '../otlp/wire.ts'
import type { Log } from '../telemetry/log.ts'
import { type Answer, json, problem, send, taken, text } from './answer.ts'
import { type Counts, summaryOf } from './counts.ts'
import { readLogsRequest } from './logs-request.ts'
import { openReception, type Reception } from './reception.ts'
import { openTurns, type Turns } from './turns.ts'

const connectionsMax = 256
/** Requests that wait while another is written. Each holds its body. */
const waitingMax = 16
const retryAfterSeconds = 1
/** The ids of many batches make a long header. */
const headersBytesMax = 64 * 1024
const requestTimeoutMs = 60_000

/** A small OTLP/HTTP receiver, for trying out: it writes what it gets to files for a person to read. */
export type Receiver = {
  /** An OTLP/HTTP base: /v1/logs is appended to it. */
  readonly url: string
  readonly counts: () => Counts
  /** Ends what is being written, then every connection. */
  readonly close: () => Promise<void>
}

/**
 * @param options.directory gets `<tenant>/<service>.ndjson`, one record a line, and `batches.ndjson`,
 * one request a line. Each of them is begun anew at 64 MiB; the one before it is kept as `.1`.
 * @throws what the operating system says when it cannot listen there, or not read the directory.
 */
export const openReceiver = async (options: {
  readonly listen: { readonly host: string; readonly port: number }
  readonly directory: string
  readonly log: Log
}): Promise<Receiver> => {
  const { listen, directory, log } = options
  const reception = await openReception({ directory, now: Date.now })
  const shared = { reception, log, turns: openTurns({ waitingMax }) }
  const server = createServer(
    { maxHeaderSize: headersBytesMax, requestTimeout: requestTimeoutMs },
    (request, response) => {
      answerTo(request, shared).then(
        (answer) => send(response, answer),
        (cause: unknown) => {
          // It has no answer, so it sends again.
          log.debug('request.broken', 'A sender broke off its request.', { cause })
          response.destroy()
        },
      )
    },
  )
  server.maxConnections = connectionsMax
  await listening(server, listen)
  return {
    url: urlOf(server.address() as AddressInfo),
    counts: reception.counts,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      await shared.turns.idle()
      server.closeAllConnections()
      await closed
    },
  }
}

type Shared = { readonly reception: Reception; readonly turns: Turns; readonly log: Log }

const methods: Readonly<Record<string, string>> = {
  '/': 'GET',
  '/counts': 'GET',
  '/ranges': 'GET',
  '/v1/logs': 'POST',
}

const answerTo = async (request: IncomingMessage, shared: Shared): Promise<Answer> => {
  const path = (request.url ?? '/').replace(/\?.*$/, '')
  const method = Object.hasOwn(methods, path) ? methods[path] : undefined
  if (method === undefined)
    return text(
      404,
      'POST /v1/logs takes logs; GET /, GET /counts and GET /ranges say what came.\n',
    )
  if (request.method !== method) {
    const answer = text(405, `${path} has ${method} only.\n`)
    return { ...answer, headers: { ...answer.headers, allow: method } }
  }
  if (path === '/v1/logs') return takeLogs(request, shared)
  if (path === '/ranges') return json(shared.reception.ranges())
  const counts = shared.reception.counts()
  return path === '/' ? text(200, summaryOf(counts)) : json(counts)
}

const takeLogs = async (request: IncomingMessage, shared: Shared): Promise<Answer> => {
  const logs = await readLogsRequest(request)
  if (logs.kind === 'refused') return logs.answer
  const { encoding, received } = logs
  const notNow = (message: string): Answer =>
    problem(encoding, {
      status: 503,
      code: 'unavailable',
      message,
      headers: { 'retry-after': String(retryAfterSeconds) },
    })
  try {
    const outcome = await shared.turns.run(() => shared.reception.take(received))
    return outcome === 'busy' ? notNow('too many requests at a time') : taken(encoding)
  } catch (cause) {
    if (cause instanceof MalformedError) {
      const message = `no OTLP logs: ${cause.message}`
      return problem(encoding, { status: 400, code: 'invalidArgument', message })
    }
    const message = 'The receiver could not write what it got; it refused the request.'
    shared.log.warn('reception.failed', message, { cause })
    return notNow(message)
  }
}

const listening = (server: Server, listen: { host: string; port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, () => {
      server.off('error', reject)
      resolve()
    })
  })

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
