import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { coordinatesOf } from '../../schemas/brand.ts'
import { encodeJson } from '../otlp/json.ts'
import type { Encoding } from '../otlp/response.ts'
import { type Answer, problem } from './answer.ts'
import type { Received } from './reception.ts'

export const bodyBytesMax = 20 * 1024 * 1024
export const decompressedBytesMax = 100 * 1024 * 1024
const defaultTenant = 'default'

export type LogsRequest =
  | { readonly kind: 'received'; readonly encoding: Encoding; readonly received: Received }
  | { readonly kind: 'refused'; readonly answer: Answer }

/**
 * Reads a request for /v1/logs: protobuf or JSON, gzip or not.
 * @throws when the sender breaks off.
 */
export const readLogsRequest = async (request: IncomingMessage): Promise<LogsRequest> => {
  const encoding = encodingOf(request.headers['content-type'] ?? '')
  if (encoding === undefined)
    return refused('protobuf', 415, 'content-type is application/x-protobuf or application/json')
  const compression = request.headers['content-encoding'] ?? 'identity'
  if (compression !== 'identity' && compression !== 'gzip')
    return refused(encoding, 415, 'content-encoding is gzip or identity')
  const sent = await bodyOf(request)
  if (sent === undefined) return refused(encoding, 413, `a body has ${bodyBytesMax} bytes at most`)
  const plain = compression === 'gzip' ? await decompressed(sent) : { kind: 'plain', bytes: sent }
  if (plain.kind !== 'plain')
    return plain.kind === 'tooLarge'
      ? refused(encoding, 413, `a body has ${decompressedBytesMax} bytes at most, decompressed`)
      : refused(encoding, 400, 'the body is no gzip')
  const encoded = encoding === 'json' ? encodeJson(plain.bytes) : undefined
  if (encoded?.kind === 'malformed') return refused(encoding, 400, encoded.message)
  const body = encoded?.body ?? plain.bytes
  return { kind: 'received', encoding, received: { ...namesIn(request), body, bytes: sent.length } }
}

const refused = (encoding: Encoding, status: 400 | 413 | 415, message: string): LogsRequest => ({
  kind: 'refused',
  answer: problem(encoding, {
    status,
    code: 'invalidArgument',
    message,
    // What was not read of the body would be taken for the next request.
    headers: status === 400 ? {} : { connection: 'close' },
  }),
})

const encodingOf = (contentType: string): Encoding | undefined => {
  const type = contentType.split(';')[0]?.trim().toLowerCase()
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf'
  return type === 'application/json' ? 'json' : undefined
}

const namesIn = ({ headers }: IncomingMessage): Pick<Received, 'tenant' | 'ids' | 'epoch'> => {
  const ids = String(headers['holdfast-batch'] ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
  const epoch = Number(headers['holdfast-epoch'] ?? Number.NaN)
  // The tenancy header may have another name; the ids have the tenant too.
  const named = String(headers['x-scope-orgid'] ?? '') || coordinatesOf(ids[0] ?? '')?.tenant
  return { tenant: named ?? defaultTenant, ids, epoch: Number.isSafeInteger(epoch) ? epoch : null }
}

/** `undefined` when there is more than `bodyBytesMax`. */
const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  // Leaving the loop would close the connection before the answer is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)

type Decompressed =
  | { readonly kind: 'plain'; readonly bytes: Buffer }
  | { readonly kind: 'tooLarge' | 'broken' }

const decompressed = async (sent: Buffer): Promise<Decompressed> => {
  try {
    const bytes = await inflate(sent, { maxOutputLength: decompressedBytesMax })
    return { kind: 'plain', bytes }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'tooLarge' }
    if (typeof code === 'string' && code.startsWith('Z_')) return { kind: 'broken' }
    throw cause
  }
}
