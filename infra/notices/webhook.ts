/** Tells one webhook one thing, once. */
import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { printable } from '../endpoints/answer-message.ts'
import { type Exchange, exchange, type Reply } from '../endpoints/exchange.ts'
import { retryAfterMs } from '../endpoints/retry-after.ts'
import { unreachableDetail } from '../endpoints/unreachable.ts'
import { signatureHeaders } from './signature.ts'

export type WebhookOptions = {
  readonly url: string
  /** Sent with each request, to this webhook alone. */
  readonly headers: Readonly<Record<string, string>>
  readonly secret: string | null
  /** For one attempt, its answer included. */
  readonly timeoutMs: number
  readonly version: string
  readonly now: () => number
}

export type Told =
  /** A 2xx. */
  | { readonly kind: 'acknowledged' }
  /** 410: it is not wanted any more. */
  | { readonly kind: 'gone'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string; readonly retryAfterMs: number | null }

export type Webhook = {
  /** Never rejects. */
  readonly tell: (notice: { readonly id: string; readonly event: string }) => Promise<Told>
  /** Breaks off what is under way. */
  readonly close: () => Promise<void>
}

export const connectionsMax = 4

export const openWebhook = (options: WebhookOptions): Webhook => {
  const { secret, timeoutMs, now } = options
  const target = new URL(options.url)
  // A connection a notice: they are few, and one kept alive may have died when the next is due.
  const connections = { keepAlive: false, maxSockets: connectionsMax }
  const agent = target.protocol === 'https:' ? new HttpsAgent(connections) : new Agent(connections)
  const breakingOff = new Set<() => void>()

  const tell: Webhook['tell'] = ({ id, event }) => {
    const { promise, resolve } = Promise.withResolvers<Told>()
    let head: Reply | undefined
    let sending: Exchange | undefined
    const end = (told: Told): void => {
      clearTimeout(timer)
      breakingOff.delete(breakOff)
      resolve(told)
    }
    // The status says it all; a body that breaks off changes nothing.
    const leave = (detail: string): void =>
      end(head === undefined ? failed(detail) : judged(head, now()))
    const breakOff = (): void => {
      sending?.breakOff()
      leave('it was broken off by a stop')
    }
    const timer = setTimeout(() => {
      sending?.breakOff()
      leave(`no answer within ${timeoutMs} ms`)
    }, timeoutMs)
    breakingOff.add(breakOff)
    const bytes = Buffer.from(event, 'utf8')
    sending = exchange({
      agent,
      target,
      headers: {
        ...options.headers,
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'user-agent': `holdfast/${options.version}`,
        ...signatureHeaders({ id, atMs: now(), body: event, secret }),
      },
      body: { chunks: [bytes], bytes: bytes.byteLength, giveBack: () => undefined },
      onHead: (reply) => {
        head = reply
      },
      onReply: (reply) => end(judged(reply, now())),
      onFault: (fault) => leave(printable(unreachableDetail(fault))),
    })
    return promise
  }
  return {
    tell,
    close: async () => {
      for (const breakOff of [...breakingOff]) breakOff()
      agent.destroy()
    },
  }
}

const failed = (detail: string): Told => ({ kind: 'failed', detail, retryAfterMs: null })

const judged = ({ status, headers }: Reply, nowMs: number): Told => {
  if (status >= 200 && status < 300) return { kind: 'acknowledged' }
  const detail =
    status >= 300 && status < 400
      ? `it answered ${status}; redirects of webhooks are not followed`
      : `it answered ${status}`
  if (status === 410) return { kind: 'gone', detail }
  return { kind: 'failed', detail, retryAfterMs: retryAfterMs(headers['retry-after'], nowMs) }
}
