/**
 * The sink of a measurement, a process of its own: HTTP/1.1 on raw sockets, as little as a client with
 * `content-length` needs, so that it is not what is measured; or bare lines. It counts marked requests,
 * each once.
 * Spoken to over the channel of `fork`.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Halfway } from './child.ts'
import { readLineMarks } from './marked-lines.ts'
import { type Mark, nowUs, readMarks } from './marked-request.ts'

export type SinkOrder =
  | { readonly type: 'listen'; readonly port: number }
  | { readonly type: 'deafen' }
  /** Of the requests with these numbers; `arrived` is told once all are there, or time is up. */
  | { readonly type: 'await'; readonly from: number; readonly to: number; readonly msMax: number }
export type SinkAnswer =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'deaf' }
  | Arrivals
export type Arrivals = {
  readonly type: 'arrived'
  readonly missing: readonly number[]
  /** `null` where none arrived, as p50 and p99. */
  readonly firstAtUs: number | null
  readonly lastAtUs: number
  /** How many arrived after those that were first. */
  readonly laterCount: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

const requestsMax = 4_000_000
const pollMs = 20
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n',
)
const headEnd = Buffer.from('\r\n\r\n')

/** By number; 0 where it has not arrived. */
const arrivedAtUs = new Float64Array(requestsMax)
const tookUs = new Float64Array(requestsMax)
const arrivedRecords = new Uint32Array(requestsMax)
const sockets = new Set<Socket>()
let server: Server | null = null

const take = (body: Buffer): void => {
  const atUs = nowUs()
  readMarks(body, (mark, records) => arrive(mark, { records, atUs }))
}

/** Lines of which each is a record, and says which request it belongs to. */
const takeLines = (text: Buffer): void => {
  const atUs = nowUs()
  readLineMarks(text, (mark) => arrive(mark, { records: 1, atUs }))
}

/** The last of its records brings a request. */
const arrive = (
  { number, records, sentAtUs }: Mark,
  came: { readonly records: number; readonly atUs: number },
): void => {
  const before = arrivedRecords[number] ?? 0
  arrivedRecords[number] = before + came.records
  if (before >= records || before + came.records < records) return
  arrivedAtUs[number] = came.atUs
  tookUs[number] = came.atUs - sentAtUs
}

/** What a connection has brought and is not looked at yet, in one buffer that is used again and again. */
type Held = { bytes: Buffer; end: number }

const serve = (socket: Socket): void => {
  sockets.add(socket)
  const held: Held = { bytes: Buffer.allocUnsafe(1024 * 1024), end: 0 }
  let read: (() => number) | undefined
  socket.on('data', (chunk) => {
    read ??=
      chunk[0] === post ? readingRequests(held, () => socket.write(answer)) : readingLines(held)
    add(held, chunk)
    for (let used = read(); used > 0; used = read()) {
      held.bytes.copyWithin(0, used, held.end)
      held.end -= used
    }
  })
  // A subject that is stopped breaks its connections off: what has not arrived is seen as missing.
  socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'ECONNRESET' && code !== 'EPIPE') process.stderr.write(`sink: ${message}\n`)
  })
  socket.on('close', () => sockets.delete(socket))
}
const post = 'P'.charCodeAt(0)

const add = (held: Held, chunk: Buffer): void => {
  const needed = held.end + chunk.length
  if (needed > held.bytes.length) {
    const larger = Buffer.allocUnsafe(2 * needed)
    held.bytes.copy(larger, 0, 0, held.end)
    held.bytes = larger
  }
  chunk.copy(held.bytes, held.end)
  held.end = needed
}

/** Reads the next request, and says how many bytes it was; 0 while not all of it is there. */
const readingRequests = (held: Held, onRequest: () => void): (() => number) => {
  let bodyAt = 0
  let bodyEnd = 0
  let isOtlp = true
  return () => {
    if (bodyEnd === 0) {
      const at = held.bytes.subarray(0, held.end).indexOf(headEnd)
      if (at < 0) return 0
      const head = held.bytes.toString('latin1', 0, at).toLowerCase()
      const bytes = Number(/^content-length: *(\d+)/m.exec(head)?.[1])
      if (Number.isNaN(bytes)) throw new Error('a request without content-length')
      isOtlp = head.includes('application/x-protobuf')
      bodyAt = at + headEnd.length
      bodyEnd = bodyAt + bytes
    }
    if (held.end < bodyEnd) return 0
    const body = held.bytes.subarray(bodyAt, bodyEnd)
    if (isOtlp) take(body)
    else takeLines(body)
    onRequest()
    const used = bodyEnd
    bodyEnd = 0
    return used
  }
}

/** Reads all lines that are there as a whole. */
const readingLines = (held: Held) => (): number => {
  const end = held.bytes.lastIndexOf(newline, held.end - 1) + 1
  if (held.end === 0 || end === 0) return 0
  takeLines(held.bytes.subarray(0, end))
  return end
}
const newline = 0x0a

const listen = (port: number): void => {
  server = createServer({ noDelay: true }, serve)
  server.listen(port, '127.0.0.1', () => {
    const address = server?.address()
    tell({ type: 'listening', port: typeof address === 'object' ? (address?.port ?? 0) : 0 })
  })
}

const deafen = (): void => {
  server?.close(() => tell({ type: 'deaf' }))
  for (const socket of sockets) socket.destroy()
}

const awaitAll = async (order: Extract<SinkOrder, { type: 'await' }>): Promise<void> => {
  const { from, to } = order
  const deadlineMs = Date.now() + order.msMax
  let seen = from
  for (;;) {
    while (seen < to && arrivedAtUs[seen] !== 0) seen += 1
    if (seen === to || Date.now() > deadlineMs) break
    tell({ type: 'halfway', requests: seen - from })
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  const numbers = Array.from({ length: to - from }, (_, index) => from + index)
  const arrived = arrivedAtUs.slice(from, to).filter((atUs) => atUs !== 0)
  const took = tookUs.slice(from, to).filter((us) => us !== 0)
  took.sort()
  const quantileMs = (share: number): number | null => {
    const us = took[Math.min(took.length - 1, Math.floor(took.length * share))]
    return us === undefined ? null : us / 1_000
  }
  const firstAtUs = arrived.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  tell({
    type: 'arrived',
    laterCount: arrived.filter((atUs) => atUs > firstAtUs).length,
    missing: numbers.filter((number) => arrivedAtUs[number] === 0),
    firstAtUs: arrived.length === 0 ? null : firstAtUs,
    lastAtUs: arrived.reduce((a, b) => Math.max(a, b), 0),
    p50Ms: quantileMs(0.5),
    p99Ms: quantileMs(0.99),
  })
}

const tell = (message: SinkAnswer | Halfway): void => {
  process.send?.(message)
}

process.on('message', (order: SinkOrder) => {
  if (order.type === 'listen') listen(order.port)
  else if (order.type === 'deafen') deafen()
  else void awaitAll(order)
})
process.on('disconnect', () => process.exit(0))
