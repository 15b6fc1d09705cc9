import { encodeJson } from '../otlp/json.ts'
import type { Entry } from './overwriting-cache.ts'

/** Of what is sent in the replay: one stream of sign-ins, each record with its number. */
export const service = 'sign-ins'
export const recordsPerPayload = 16
const noteChars = 96

/** Sixteen records from `first` on, as OTLP protobuf. @throws never, unless the encoder is broken. */
export const payloadOf = (first: number, atMs: number): Entry => {
  const logRecords = Array.from({ length: recordsPerPayload }, (_, index) => ({
    timeUnixNano: `${atMs}000000`,
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: `sign-in ${first + index} ${'.'.repeat(noteChars)}` },
  }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] }
  const document = { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }
  const encoded = encodeJson(Buffer.from(JSON.stringify(document)))
  if (encoded.kind === 'malformed')
    throw new Error(`Encoding the records from ${first} on failed: ${encoded.message}`)
  return { payload: Buffer.from(encoded.body), records: recordsPerPayload }
}

/** The number of a record that `payloadOf` made; `undefined` for any other. */
export const numberIn = (body: unknown): number | undefined => {
  const [, digits] = typeof body === 'string' ? (/^sign-in (\d+) /.exec(body) ?? []) : []
  return digits === undefined ? undefined : Number(digits)
}
