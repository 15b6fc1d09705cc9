/** Hands calls on to the admin API of the main thread: streamed both ways, nothing kept. */
import {
  Agent,
  request as ask,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { connect, type Socket } from 'node:net'
import { refusal } from '../admin/answer.ts'
import { sendAnswer } from '../admin/send-answer.ts'

export type Relay = {
  readonly call: (request: IncomingMessage, response: ServerResponse) => void
  /** A connection that goes on as something else than HTTP. */
  readonly upgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void
  readonly close: () => void
}

const callsMax = 64
const upgradesMax = 32
/** Without a byte either way. Longer than the admin API may take for any answer. */
const silenceMsMax = 35_000
/** Of one connection only, and not to be handed on. RFC 9110, 7.6.1; the rest is the caller's own. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'expect',
  'upgrade',
]

export const openRelay = (upstream: { readonly host: string; readonly port: number }): Relay => {
  const agent = new Agent({ maxSockets: callsMax })
  const upgraded = new Set<Socket>()
  return {
    call: (request, response) => {
      const { method, url, headers } = request
      const asked = ask(
        {
          ...upstream,
          agent,
          method,
          path: url,
          headers: handedOn(headers),
          timeout: silenceMsMax,
        },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, handedOn(answer.headers))
          answer.pipe(response)
          answer.on('error', (cause) => response.destroy(cause))
        },
      )
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${silenceMsMax} ms`)))
      asked.on('error', (cause) => {
        const error = `the main thread does not answer: ${cause.message}`
        const headers = { 'retry-after': '1' }
        if (response.headersSent) response.destroy(cause)
        else sendAnswer(response, refusal({ status: 503, error, headers }))
      })
      // Whoever hangs up is asked for by nobody any more.
      response.on('close', () => asked.destroy())
      request.pipe(asked)
    },
    upgrade: (request, socket, head) => {
      if (upgraded.size >= upgradesMax) {
        socket.end(
          'HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
        )
        return
      }
      const other = connect(upstream)
      upgraded.add(socket)
      // One end gone, the other one goes; why is of no interest to anybody who is left.
      const end = (): void => {
        upgraded.delete(socket)
        socket.destroy()
        other.destroy()
      }
      for (const it of [socket, other]) it.on('error', end).on('close', end)
      other.write(headOf(request))
      other.write(head)
      socket.pipe(other)
      other.pipe(socket)
    },
    close: () => {
      agent.destroy()
      for (const socket of upgraded) socket.destroy()
    },
  }
}

const handedOn = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.includes(name)))

const headOf = ({ method, url, rawHeaders }: IncomingMessage): string => {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let at = 0; at < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
