/**
 * What a receiver of logs answers:
 *
 *     ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1 }
 *     ExportLogsPartialSuccess  { int64 rejected_log_records = 1; string error_message = 2 }
 *     google.rpc.Status         { int32 code = 1; string message = 2; repeated Any details = 3 }
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import { cursorOver, MalformedError, readEnd, readTag, readVarint, skipValue } from './wire.ts'
import { openWriter, writeMessage, writeText, writeVarint, written } from './writer.ts'

export type Encoding = 'protobuf' | 'json'
export const contentTypes: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

export type PartialSuccess = { readonly rejected: number; readonly message: string }

/** An ExportLogsServiceResponse. Without a partial success it says: everything was taken. */
export const encodeResponse = (encoding: Encoding, partial?: PartialSuccess): Buffer => {
  if (encoding === 'json') {
    const partialSuccess = partial && {
      rejectedLogRecords: String(partial.rejected),
      errorMessage: partial.message,
    }
    return Buffer.from(JSON.stringify(partialSuccess === undefined ? {} : { partialSuccess }))
  }
  const writer = openWriter()
  if (partial !== undefined)
    writeMessage(writer, 1, () => {
      writeVarint(writer, 1, partial.rejected)
      writeText(writer, 2, partial.message)
    })
  return written(writer)
}

/** @see https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
export const rpcCodes = {
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const
export type RpcCode = keyof typeof rpcCodes

/** A google.rpc.Status, the body of every OTLP/HTTP error. */
export const encodeStatus = (
  encoding: Encoding,
  status: { readonly code: RpcCode; readonly message: string },
): Buffer => {
  const code = rpcCodes[status.code]
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message: status.message }))
  const writer = openWriter()
  writeVarint(writer, 1, code)
  writeText(writer, 2, status.message)
  return written(writer)
}

/**
 * The partial success in an endpoint's 2xx answer; undefined where there is none, and where the
 * body is unreadable: the status has already said that the request was taken. `rejected` is 0 when
 * the endpoint took everything and only has something to say.
 */
export const partialSuccess = (
  body: Uint8Array,
  contentType: string,
): PartialSuccess | undefined => {
  if (body.length === 0) return undefined
  const json = contentType.trimStart().toLowerCase().startsWith('application/json')
  try {
    return json ? fromJson(body) : fromProtobuf(body)
  } catch (cause) {
    if (cause instanceof MalformedError || cause instanceof SyntaxError) return undefined
    throw cause
  }
}

const fromProtobuf = (body: Uint8Array): PartialSuccess | undefined => {
  const cursor = cursorOver(body)
  let rejected = 0
  let message = ''
  let found = false
  const readPartialSuccess = (end: number): void => {
    while (cursor.at < end) {
      const tag = readTag(cursor, end)
      if (tag === 0x08) rejected = asCount(readVarint(cursor, end))
      else if (tag === 0x12) {
        const textEnd = readEnd(cursor, end)
        message = cursor.bytes.toString('utf8', cursor.at, textEnd)
        cursor.at = textEnd
      } else skipValue(cursor, tag & 7, end)
    }
  }
  while (cursor.at < body.length) {
    const tag = readTag(cursor, body.length)
    if (tag === 0x0a) {
      found = true
      readPartialSuccess(readEnd(cursor, body.length))
    } else skipValue(cursor, tag & 7, body.length)
  }
  return found ? { rejected, message } : undefined
}

const fromJson = (body: Uint8Array): PartialSuccess | undefined => {
  const answer: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
  const partial = member(answer, 'partialSuccess', 'partial_success')
  if (typeof partial !== 'object' || partial === null) return undefined
  const rejected = Number(member(partial, 'rejectedLogRecords', 'rejected_log_records') ?? 0)
  const message = member(partial, 'errorMessage', 'error_message')
  return { rejected: asCount(rejected), message: typeof message === 'string' ? message : '' }
}

const member = (value: unknown, ...names: readonly [string, string]): unknown => {
  if (typeof value !== 'object' || value === null) return undefined
  const members = value as Readonly<Record<string, unknown>>
  return members[names[0]] ?? members[names[1]]
}

/**
 * A count that is negative (an int64 above 2^63 on the wire), broken or no number rejects nothing.
 */
const asCount = (value: number): number => (Number.isSafeInteger(value) && value > 0 ? value : 0)
