/**
 * The sink of a measurement, a process of its own: HTTP/1.1 on raw sockets, as little as a client with
 * `content-length` needs, so that it is not what is measured. It counts marked requests, each once.
 * Spoken to over the channel of `fork`.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { nowUs, readMarks } from './marked-request.ts'

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
  readonly firstAtUs: number
  readonly lastAtUs: number
  /** How many arrived after those that were first. */
  readonly laterCount: number
  readonly p50Ms: number
  readonly p99Ms: number
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
const sockets = new Set<Socket>()
let server: Server | null = null

const take = (body: Buffer): void => {
  const atUs = nowUs()
  readMarks(body, ({ number, sentAtUs }) => {
    if (arrivedAtUs[number] !== 0) return
    arrivedAtUs[number] = atUs
    tookUs[number] = atUs - sentAtUs
  })
}

/** Collects a connection's bytes in one buffer that is used again for each request. */
const serve = (socket: Socket): void => {
  sockets.add(socket)
  let held = Buffer.allocUnsafe(1024 * 1024)
  let end = 0
  let bodyAt = 0
  let bodyEnd = 0
  const next = (): boolean => {
    if (bodyEnd === 0) {
      const at = held.subarray(0, end).indexOf(headEnd)
      if (at < 0) return false
      const head = held.toString('latin1', 0, at).toLowerCase()
      const bytes = Number(/^content-length: *(\d+)/m.exec(head)?.[1])
      if (Number.isNaN(bytes)) throw new Error('a request without content-length')
      bodyAt = at + headEnd.length
      bodyEnd = bodyAt + bytes
    }
    if (end < bodyEnd) return false
    take(held.subarray(bodyAt, bodyEnd))
    socket.write(answer)
    held.copyWithin(0, bodyEnd, end)
    end -= bodyEnd
    bodyEnd = 0
    return true
  }
  socket.on('data', (chunk) => {
    const needed = Math.max(end + chunk.length, bodyEnd)
    if (needed > held.length) {
      const larger = Buffer.allocUnsafe(2 * needed)
      held.copy(larger, 0, 0, end)
      held = larger
    }
    chunk.copy(held, end)
    end += chunk.length
    while (next());
  })
  // A subject that is stopped breaks its connections off: what has not arrived is seen as missing.
  socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'ECONNRESET' && code !== 'EPIPE') process.stderr.write(`sink: ${message}\n`)
  })
  socket.on('close', () => sockets.delete(socket))
}

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
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  const numbers = Array.from({ length: to - from }, (_, index) => from + index)
  const arrived = arrivedAtUs.slice(from, to).filter((atUs) => atUs !== 0)
  const took = tookUs.slice(from, to).filter((us) => us !== 0)
  took.sort()
  const quantileMs = (share: number): number =>
    (took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.NaN) / 1_000
  const firstAtUs = arrived.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  tell({
    type: 'arrived',
    laterCount: arrived.filter((atUs) => atUs > firstAtUs).length,
    missing: numbers.filter((number) => arrivedAtUs[number] === 0),
    firstAtUs,
    lastAtUs: arrived.reduce((a, b) => Math.max(a, b), 0),
    p50Ms: quantileMs(0.5),
    p99Ms: quantileMs(0.99),
  })
}

const tell = (message: SinkAnswer): void => {
  process.send?.(message)
}

process.on('message', (order: SinkOrder) => {
  if (order.type === 'listen') listen(order.port)
  else if (order.type === 'deafen') deafen()
  else void awaitAll(order)
})
process.on('disconnect', () => process.exit(0))
