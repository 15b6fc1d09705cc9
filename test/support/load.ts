/** Clients that send known records, and remember what they were promised. */
import { Agent, request } from 'undici'
import { type Pattern, patternOf } from './known-records.ts'

export type LoadStream = { readonly tenant: string; readonly service: string }

/** One request that was answered 200: from then on its records must not be lost without a word. */
export type Promised = LoadStream & { readonly firstId: number; readonly lastId: number }

export type Load = {
  /** Sends until `count` says so, one request after the other on each connection. */
  readonly send: (sending: Sending) => Promise<void>
  /** In the order in which the answers came. */
  readonly promised: readonly Promised[]
  readonly promisedRecords: () => number
  /** Answers other than 200, by status; 0: no answer at all, so nobody knows. */
  readonly refusals: ReadonlyMap<number, number>
  /** Of the answers other than 200 that had one: their Retry-After. */
  readonly retryAfters: readonly string[]
  /** The record of a number, as it was sent. */
  readonly recordOf: (id: number) => Buffer
  readonly close: () => Promise<void>
}

export type Sending = {
  /** The base to send to now: a restarted process may listen elsewhere. */
  readonly to: () => string
  readonly connections: number
  /** Asked before each request, with the requests begun by this call so far. */
  readonly goOn: (requests: number) => boolean
  /** Between the requests of one connection. 0: none. */
  readonly pauseMs?: number
}

/** A client that was refused or cut off waits this long, whatever it was told: tests are in a hurry. */
const pauseAfterFailureMs = 20
const answerMsMax = 30_000

/** @param options.streams take turns, request by request. */
export const openLoad = (options: {
  readonly streams: readonly LoadStream[]
  readonly recordsPerRequest: number
  readonly recordBytes: number
}): Load => {
  const { streams, recordsPerRequest, recordBytes } = options
  const patterns = new Map<string, Pattern>(
    streams.map(({ service }) => [
      service,
      patternOf({ service, records: recordsPerRequest, recordBytes }),
    ]),
  )
  const agent = new Agent({ pipelining: 1, headersTimeout: answerMsMax, bodyTimeout: answerMsMax })
  const promised: Promised[] = []
  const refusals = new Map<number, number>()
  const retryAfters: string[] = []
  let turn = 0

  const sendOne = async (url: string): Promise<void> => {
    const stream = streams[turn % streams.length] ?? { tenant: '', service: '' }
    const firstId = turn * recordsPerRequest
    turn += 1
    const answer = await statusOf(url, {
      agent,
      tenant: stream.tenant,
      body: patterns.get(stream.service)?.request(firstId) ?? Buffer.alloc(0),
    })
    if (answer.status === 200) {
      promised.push({ ...stream, firstId, lastId: firstId + recordsPerRequest - 1 })
      return
    }
    refusals.set(answer.status, (refusals.get(answer.status) ?? 0) + 1)
    if (answer.retryAfter !== undefined) retryAfters.push(answer.retryAfter)
    await pause(pauseAfterFailureMs)
  }

  return {
    promised,
    refusals,
    retryAfters,
    promisedRecords: () => promised.length * recordsPerRequest,
    recordOf: (id) => {
      const { service } = streams[Math.floor(id / recordsPerRequest) % streams.length] ?? {}
      return patterns.get(service ?? '')?.record(id) ?? Buffer.alloc(0)
    },
    send: async ({ to, connections, goOn, pauseMs = 0 }) => {
      let requests = 0
      const connection = async (): Promise<void> => {
        while (goOn(requests)) {
          requests += 1
          await sendOne(to())
          if (pauseMs > 0) await pause(pauseMs)
        }
      }
      await Promise.all(Array.from({ length: connections }, connection))
    },
    close: () => agent.destroy(),
  }
}

type Answered = { readonly status: number; readonly retryAfter?: string }

/** The status, or 0 where the connection was refused or broke off. */
const statusOf = async (
  url: string,
  {
    agent,
    tenant,
    body,
  }: { readonly agent: Agent; readonly tenant: string; readonly body: Buffer },
): Promise<Answered> => {
  try {
    const response = await request(`${url}/v1/logs`, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'x-scope-orgid': tenant },
      body,
    })
    await response.body.dump()
    const retryAfter = response.headers['retry-after']
    return {
      status: response.statusCode,
      ...(retryAfter === undefined ? {} : { retryAfter: String(retryAfter) }),
    }
  } catch (cause) {
    if (isCutOff(cause)) return { status: 0 }
    throw cause
  }
}

const cutOff = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']
const isCutOff = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cutOff.includes(String(cause.code))

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
