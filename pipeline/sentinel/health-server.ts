/** The admin address, answered by the sentinel's thread: probes by itself, all else by the main one. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Answer, json, refusal } from '../admin/answer.ts'
import { closed, listening, serverTimeouts } from '../admin/listening.ts'
import { plainAnswer } from '../admin/plain-answer.ts'
import { sendAnswer } from '../admin/send-answer.ts'
import type { Listen } from '../config/addresses.ts'
import type { Health } from '../observed.ts'
import { openRelay } from './relay.ts'

export type HealthServer = { readonly port: number; readonly close: () => Promise<void> }

const probes: Readonly<Record<string, keyof Health>> = { '/livez': 'live', '/readyz': 'ready' }

/** Rejects when the address cannot be listened on. */
export const openHealthServer = async ({
  listen,
  upstream,
  health,
  isBlocked,
  faltered,
}: {
  readonly listen: Listen
  readonly upstream: Listen
  /** Never rejects, and takes no longer than a probe may. */
  readonly health: () => Promise<Health>
  /** The main thread cannot answer now: calls are told so, and do not wait. */
  readonly isBlocked: () => boolean
  readonly faltered: (error: Error) => void
}): Promise<HealthServer> => {
  const relay = openRelay(upstream)
  const server = createServer(serverTimeouts)
  server.on('request', (request, response) => {
    // Whoever hangs up before the answer gets none; there is nobody to tell, and nothing is lost.
    response.on('error', () => request.destroy())
    const kind = probes[pathOf(request)]
    if (kind !== undefined) void probe({ request, response, kind, health })
    else if (isBlocked()) sendAnswer(response, blocked)
    else relay.call(request, response)
  })
  server.on('upgrade', (request, socket, head) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      plainAnswer(request, socket, (response) => server.emit('request', request, response))
    else if (isBlocked()) plainAnswer(request, socket, (response) => sendAnswer(response, blocked))
    else relay.upgrade(request, socket as Socket, head)
  })
  const port = await listening(server, listen)
  server.on('error', faltered)
  return {
    port,
    close: async () => {
      relay.close()
      await closed(server)
    },
  }
}

const blocked = refusal({
  status: 503,
  error: 'the event loop of the process is blocked',
  headers: { 'retry-after': '1' },
})

const pathOf = ({ url = '/' }: IncomingMessage): string =>
  URL.canParse(url, 'http://admin') ? new URL(url, 'http://admin').pathname : url

const probe = async ({
  request,
  response,
  kind,
  health,
}: {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly kind: keyof Health
  readonly health: () => Promise<Health>
}): Promise<void> => {
  const { method = 'GET', url = '/' } = request
  if (method !== 'GET' && method !== 'HEAD') {
    const error = `${url.slice(0, 256)} does not take ${method}`
    const headers = { allow: 'GET' }
    return sendAnswer(response, refusal({ status: 405, error, allowed: ['GET'], headers }))
  }
  sendAnswer(response, verdict((await health())[kind]))
}

const verdict = (reasons: Health['live']): Answer =>
  json(
    { status: reasons.length === 0 ? 'ok' : 'unavailable', reasons },
    reasons.length === 0 ? 200 : 503,
  )
