/**
 * The loader of a measurement, a process of its own: a closed loop of requests on raw sockets, one
 * request after the other on each connection. Spoken to over the channel of `fork`.
 */
import { connect, type Socket } from 'node:net'
import type { Halfway } from './child.ts'
import { markedLines } from './marked-lines.ts'
import { type MarkedRequest, markedRequest, nowUs } from './marked-request.ts'

export type LoadOrder = {
  readonly type: 'load'
  readonly url: string
  readonly speaks: 'otlp' | 'syslog'
  readonly connections: number
  readonly recordsPerRequest: number
  readonly recordBytes: number
  /**
   * `connection`: each connection is a stream of its own; a number: requests go to so many in turn, of
   * services `bench-00000` and on; else all are one. Of OTLP alone.
   */
  readonly streams?: 'connection' | number
  /** Numbers of the requests. */
  readonly from: number
  readonly to: number
  readonly msMax: number
}
export type LoadAnswer = {
  readonly type: 'loaded'
  readonly startedAtUs: number
  readonly endedAtUs: number
  /** Answers other than 200; the request was sent again. */
  readonly refusals: number
  /** Numbers of requests that had not been answered with 200 when the time was up. */
  readonly unacknowledged: readonly number[]
}

const refusedPauseMs = 20
const halfwayMs = 250

const load = async (order: LoadOrder): Promise<void> => {
  const { hostname, port } = new URL(order.url)
  const startedAtUs = nowUs()
  const deadlineUs = startedAtUs + order.msMax * 1_000
  const unacknowledged: number[] = []
  let refusals = 0
  let number = order.from

  const connection = async (index: number): Promise<void> => {
    const { streams } = order
    const service =
      typeof streams === 'number'
        ? numbered(0)
        : streams === 'connection'
          ? `bench-${index}`
          : 'bench'
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const sizes = { records: order.recordsPerRequest, recordBytes: order.recordBytes }
    const post =
      order.speaks === 'syslog'
        ? writer(socket, markedLines(sizes))
        : poster(socket, {
            request: inTurn(markedRequest({ service, ...sizes }), streams),
            host: `${hostname}:${port}`,
          })
    while (number < order.to) {
      const mine = number
      number += 1
      let status = 0
      while (status !== 200 && nowUs() < deadlineUs) {
        status = await post(mine)
        if (status === 200) break
        refusals += 1
        await new Promise((resolve) => setTimeout(resolve, refusedPauseMs))
      }
      if (status !== 200) unacknowledged.push(mine)
    }
    socket.end()
  }
  const timer = setInterval(
    () => tell({ type: 'halfway', requests: number - order.from }),
    halfwayMs,
  )
  await Promise.all(Array.from({ length: order.connections }, (_, index) => connection(index)))
  clearInterval(timer)
  const answer: LoadAnswer = {
    type: 'loaded',
    startedAtUs,
    endedAtUs: nowUs(),
    refusals,
    unacknowledged,
  }
  tell(answer)
}

const tell = (message: LoadAnswer | Halfway): void => {
  process.send?.(message)
}

const numbered = (stream: number): string => `bench-${String(stream).padStart(5, '0')}`

/** The stream that it is of follows from its number. */
const inTurn = (request: MarkedRequest, streams: LoadOrder['streams']): MarkedRequest => {
  if (typeof streams !== 'number') return request
  const at = request.bytes.indexOf(numbered(0))
  return {
    ...request,
    mark: (number, sentAtUs) => {
      request.mark(number, sentAtUs)
      request.bytes.write(numbered(number % streams), at, 'latin1')
    },
  }
}

/** Sends the request under a number and resolves with the status; 0 once the connection is gone. */
const poster = (
  socket: Socket,
  { request, host }: { readonly request: MarkedRequest; readonly host: string },
): ((number: number) => Promise<number>) => {
  const head = Buffer.from(
    `POST /v1/logs HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${request.bytes.length}\r\n\r\n`,
    'latin1',
  )
  let answered: ((status: number) => void) | null = null
  let text = ''
  const settle = (status: number): void => {
    text = ''
    answered?.(status)
    answered = null
  }
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const at = text.indexOf('\r\n\r\n')
    if (at < 0) return
    const bytes = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0)
    if (text.length >= at + 4 + bytes) settle(Number(text.slice(9, 12)))
  })
  socket.on('error', () => settle(0))
  socket.on('close', () => settle(0))
  return (number) => {
    if (socket.destroyed) return Promise.resolve(0)
    request.mark(number, nowUs())
    const { promise, resolve } = Promise.withResolvers<number>()
    answered = resolve
    socket.cork()
    socket.write(head)
    socket.write(request.bytes)
    socket.uncork()
    return promise
  }
}

/** Nobody answers: what the system has taken counts as 200, and the connection holds back who is too fast. */
const writer =
  (socket: Socket, request: MarkedRequest): ((number: number) => Promise<number>) =>
  (number) => {
    request.mark(number, nowUs())
    const { promise, resolve } = Promise.withResolvers<number>()
    socket.write(request.bytes, (fault) => resolve(fault == null ? 200 : 0))
    return promise
  }

process.on('message', (order: LoadOrder) => void load(order))
process.on('disconnect', () => process.exit(0))
