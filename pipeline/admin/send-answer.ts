import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'

export const sendAnswer = (response: ServerResponse, { status, headers, body }: Answer): void => {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // What is left of a body that was not read would be taken for the next request.
    ...(status === 413 ? { connection: 'close' } : {}),
    ...headers,
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
