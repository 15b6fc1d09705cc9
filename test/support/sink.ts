import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { encodeResponse } from '../../infra/otlp/response.ts'
import type { Coordinates } from '../../schemas/brand.ts'
import { recordCountOf, recordsOf } from './otlp-records.ts'
import { type Answer, accept, type Behaviour, behaviourNamed } from './sink-behaviour.ts'
import { type Book, openBook, type SinkRequest, type SinkStats } from './sink-book.ts'

/** A receiver that counts. What it "takes" is what it answered 2xx to, or reset after taking. */
export type Sink = {
  /** An OTLP/HTTP base: /v1/logs is appended to it. */
  readonly url: string
  readonly behave: (behaviour: Behaviour) => void
  /** The newest `requestsKeptMax`, or as many as fit, oldest first, in the order they were read in. */
  readonly requests: readonly SinkRequest[]
  /** How often each batch id was taken. */
  readonly batches: ReadonlyMap<string, number>
  /** Records taken, by their coordinates: each counts once. */
  readonly records: () => number
  /** The parts of what was accepted elsewhere that were never taken here. */
  readonly missing: (accepted: Iterable<Coordinates>) => readonly Coordinates[]
  readonly duplicates: () => { readonly batches: number; readonly records: number }
  readonly stats: () => SinkStats
  readonly close: () => Promise<void>
}

/** `ids`: no hashes and no records are kept, for speed. */
export type Keep = 'ids' | 'bodies'

const behaviourBytesMax = 4096

/** By `machine` it is called from this machine alone; by `containers` from those on it too. */
export type Callers = 'machine' | 'containers'
const places = {
  machine: { listens: '127.0.0.1', called: '127.0.0.1' },
  containers: { listens: '0.0.0.0', called: 'host.docker.internal' },
} as const

/** @param options.port 0, the default, takes a free one. */
export const openSink = async (
  options: {
    readonly behaviour?: Behaviour
    readonly keep?: Keep
    readonly port?: number
    readonly callers?: Callers
  } = {},
): Promise<Sink> => {
  const { listens, called } = places[options.callers ?? 'machine']
  let behaviour = options.behaviour ?? accept
  const behave = (next: Behaviour): void => {
    behaviour = next
  }
  const book = openBook()
  const origin = { url: '' }
  const server = createServer((request, response) => {
    const route = `${request.method} ${request.url}`
    if (route === 'GET /stats') return sendStats(response, book)
    const answering =
      route === 'PUT /behaviour'
        ? change(request, response, behave)
        : serve({ request, response, book, origin, keep: options.keep ?? 'ids', behaviour })
    answering.catch((cause: unknown) => {
      // The sender broke off: nothing was taken, and there is nobody to tell.
      if (request.destroyed && !request.complete) return
      response.writeHead(400).end(String(cause))
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, listens, resolve)
  })
  origin.url = `http://${called}:${(server.address() as AddressInfo).port}`
  return {
    ...book,
    url: origin.url,
    behave,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const sendStats = (response: ServerResponse, book: Book): void => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(book.stats()))
}

/** `PUT /behaviour` with a name as its body changes what a sink in another process does. */
const change = async (
  request: IncomingMessage,
  response: ServerResponse,
  behave: (behaviour: Behaviour) => void,
): Promise<void> => {
  const name = (await read(request)).subarray(0, behaviourBytesMax).toString().trim()
  const behaviour = behaviourNamed(name)
  if (behaviour !== undefined) behave(behaviour)
  response.writeHead(behaviour === undefined ? 400 : 204).end()
}

type Serving = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly book: Book
  readonly origin: { readonly url: string }
  readonly keep: Keep
  readonly behaviour: Behaviour
}

const serve = async (serving: Serving): Promise<void> => {
  const { request, response, book, origin, keep } = serving
  const number = book.next()
  const arrivedAtMs = Date.now()
  const answer = serving.behaviour(number)
  if (answer.kind === 'reset') {
    book.note({ ...noted(request, answer), number, arrivedAtMs }, 'refused')
    request.once('data', () => request.socket.resetAndDestroy())
    return
  }
  const body = await read(request)
  const content = { ...noted(request, answer), ...contentOf(request, body, keep) }
  book.note({ ...content, number, arrivedAtMs }, takes(answer, body) ? 'taken' : 'refused')
  await reply(response, { answer, bytes: body.length, url: origin.url })
}

const takes = (answer: Answer, body: Buffer): boolean => {
  switch (answer.kind) {
    case 'accept':
    case 'partial':
    case 'takeThenReset':
    case 'acceptThenReset':
      return true
    case 'acceptUpTo':
      return body.length <= answer.bytesMax
    case 'status':
      return answer.status >= 200 && answer.status < 300
    default:
      return false
  }
}

const reply = async (
  response: ServerResponse,
  { answer, bytes, url }: { answer: Answer; bytes: number; url: string },
): Promise<void> => {
  switch (answer.kind) {
    case 'accept':
      await answer.after
      if (answer.delayMs !== undefined) await sleep(answer.delayMs)
      return send(response, 200)
    case 'acceptUpTo':
      return send(response, bytes > answer.bytesMax ? 413 : 200)
    case 'partial':
      return send(response, 200, {}, encodeResponse('protobuf', answer))
    case 'status':
      await answer.after
      return send(response, answer.status, { ...answer.headers }, answer.body)
    case 'redirect': {
      const location = answer.location === 'self' ? `${url}/v1/logs` : answer.location
      return send(response, answer.status, location === null ? {} : { location })
    }
    case 'takeThenReset':
      response.socket?.resetAndDestroy()
      return
    case 'acceptThenReset': {
      const { socket } = response
      response.writeHead(200, { 'content-length': 0 }).end(() => socket?.resetAndDestroy())
      return
    }
    case 'hang':
    case 'reset':
      return
  }
}

const send = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): void => {
  if (response.destroyed) return
  response.writeHead(status, {
    'content-type': 'application/x-protobuf',
    'content-length': Buffer.byteLength(body),
    ...headers,
  })
  response.end(body)
}

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', resolve)
    request.on('error', reject)
    request.on('close', () => reject(new Error('the sender broke off')))
  })
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}

/** What the headers say. */
const noted = ({ headers }: IncomingMessage, answer: Answer) => ({
  answer: answer.kind,
  ids: String(headers['holdfast-batch'] ?? '')
    .split(', ')
    .filter((id) => id !== ''),
  tenant: String(headers['x-scope-orgid'] ?? ''),
  epoch: Number(headers['holdfast-epoch'] ?? Number.NaN),
  headers,
  bytes: 0,
  recordCount: 0,
  sha256: null,
  records: [],
})

const contentOf = ({ headers }: IncomingMessage, body: Buffer, keep: Keep) => {
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  if (keep === 'ids') return { bytes: body.length, recordCount: recordCountOf(plain) }
  const records = recordsOf(plain)
  const sha256 = createHash('sha256').update(plain).digest('hex')
  return { bytes: body.length, recordCount: records.length, records, sha256 }
}
