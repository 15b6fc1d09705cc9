import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Encoding } from '../otlp/response.ts'
import { contentTypes, encodeStatus, type RpcCode } from '../otlp/response.ts'

/** What one HTTP request is told. */
export type Answer = {
  readonly status: number
  readonly encoding: Encoding
  readonly body: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export const failure = (
  status: number,
  code: RpcCode,
  {
    message,
    encoding,
    headers,
  }: Pick<Answer, 'encoding'> & {
    readonly message: string
    readonly headers?: Readonly<Record<string, string>>
  },
): Answer => ({
  status,
  encoding,
  body: encodeStatus(encoding, { code, message }),
  ...(headers === undefined ? {} : { headers }),
})

/** How long a client that was refused early may go on sending, unread, before it is cut off. */
const lingerMsMax = 5_000

/**
 * Sends an answer. A client that is still sending its body is let finish, within bounds: closing a
 * socket with unread bytes resets it, and the reset would overtake the answer.
 */
export const sendAnswer = (
  request: IncomingMessage,
  response: ServerResponse,
  { status, encoding, body, headers }: Answer,
): void => {
  // A client that has gone in the meantime makes this fail, and there is nobody left to tell.
  if (response.destroyed) return
  response.statusCode = status
  response.setHeader('content-type', contentTypes[encoding])
  response.setHeader('content-length', body.length)
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value)
  if (request.complete || !hasBody(request)) {
    response.end(body)
    return
  }
  response.setHeader('connection', 'close')
  response.write(body)
  const timer = setTimeout(() => request.socket.destroy(), lingerMsMax)
  request.once('close', () => {
    clearTimeout(timer)
    response.end()
  })
  request.resume()
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
