import type { ServerResponse } from 'node:http'
import {
  contentTypes,
  type Encoding,
  encodeResponse,
  encodeStatus,
  type RpcCode,
} from '../otlp/response.ts'

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

export const text = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
})

export const json = (value: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': contentTypes.json },
  body: JSON.stringify(value),
})

export const taken = (encoding: Encoding): Answer => ({
  status: 200,
  headers: { 'content-type': contentTypes[encoding] },
  body: encodeResponse(encoding),
})

/** What is wrong, as OTLP has it: a google.rpc.Status in the sender's encoding. */
export const problem = (
  encoding: Encoding,
  what: {
    readonly status: number
    readonly code: RpcCode
    readonly message: string
    readonly headers?: Readonly<Record<string, string>>
  },
): Answer => ({
  status: what.status,
  headers: { 'content-type': contentTypes[encoding], ...what.headers },
  body: encodeStatus(encoding, what),
})

export const send = (response: ServerResponse, answer: Answer): void => {
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': Buffer.byteLength(answer.body),
  })
  response.end(answer.body)
}
