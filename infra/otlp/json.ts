/**
 * OTLP JSON → protobuf, for clients that speak JSON. The mapping is protobuf's own, with OTLP's
 * exceptions: ids are hexadecimal, and enum values are numbers. Names are lowerCamelCase; the names
 * of the .proto are taken too, as its parsers must. Unknown names are ignored.
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */

import {
  eachOf,
  idOf,
  integerOf,
  JsonFaultError,
  type JsonObject,
  malformedJson,
  memberOf,
  objectOf,
  type Path,
  parseJson,
  readMember,
  textOf,
} from './json-reading.ts'
import { type At, writeAttributes, writeValue } from './json-value.ts'
import type { Malformed } from './malformed.ts'
import { asBuffer } from './wire.ts'
import {
  openWriter,
  writeBytes,
  writeFixed32,
  writeFixed64,
  writeMessage,
  writeText,
  writeVarint,
  written,
} from './writer.ts'

export type Encoded = { readonly kind: 'encoded'; readonly body: Buffer } | Malformed

/** An ExportLogsServiceRequest in JSON, as protobuf. */
export const encodeJson = (text: Uint8Array): Encoded => {
  const writer = openWriter()
  const path: Path = []
  try {
    const document = objectOf(parseJson(asBuffer(text).toString('utf8')), path)
    eachOf(document, 'resourceLogs', {
      path,
      visit: (item) => writeMessage(writer, 1, () => writeResourceLogs({ writer, path }, item)),
    })
    return { kind: 'encoded', body: written(writer) }
  } catch (cause) {
    if (cause instanceof JsonFaultError) return malformedJson(cause.message, cause.path)
    // A RangeError is the stack's: the reviver of JSON.parse recurses.
    if (cause instanceof SyntaxError || cause instanceof RangeError)
      return malformedJson(`this is no JSON: ${cause.message}`, '$')
    throw cause
  }
}

const writeResourceLogs = (at: At, item: JsonObject): void => {
  const { writer, path } = at
  readMember(item, 'resource', {
    path,
    read: (value) => {
      const resource = objectOf(value, path)
      writeMessage(writer, 1, () => {
        writeAttributes(at, resource, 1)
        writeCount(at, resource, { name: 'droppedAttributesCount', field: 2 })
      })
    },
  })
  eachOf(item, 'scopeLogs', {
    path,
    visit: (scopeLogs) => writeMessage(writer, 2, () => writeScopeLogs(at, scopeLogs)),
  })
  writeString(at, item, { name: 'schemaUrl', field: 3 })
}

const writeScopeLogs = (at: At, item: JsonObject): void => {
  const { writer, path } = at
  readMember(item, 'scope', {
    path,
    read: (value) => {
      const scope = objectOf(value, path)
      writeMessage(writer, 1, () => {
        writeString(at, scope, { name: 'name', field: 1 })
        writeString(at, scope, { name: 'version', field: 2 })
        writeAttributes(at, scope, 3)
        writeCount(at, scope, { name: 'droppedAttributesCount', field: 4 })
      })
    },
  })
  eachOf(item, 'logRecords', {
    path,
    visit: (record) => writeMessage(writer, 2, () => writeRecord(at, record)),
  })
  writeString(at, item, { name: 'schemaUrl', field: 3 })
}

const writeRecord = (at: At, record: JsonObject): void => {
  const { path, writer } = at
  writeTime(at, record, { name: 'timeUnixNano', field: 1 })
  const severity = readMember(record, 'severityNumber', { path, read: severityOf })
  if (severity !== undefined && severity !== 0n) writeVarint(writer, 2, severity)
  writeString(at, record, { name: 'severityText', field: 3 })
  const body = memberOf(record, 'body')
  if (body !== undefined) {
    path.push('body')
    writeMessage(writer, 5, () => writeValue(at, body, 1))
    path.pop()
  }
  writeAttributes(at, record, 6)
  writeCount(at, record, { name: 'droppedAttributesCount', field: 7 })
  const flags = readMember(record, 'flags', { path, read: integerOf('uint32') })
  if (flags !== undefined && flags !== 0n) writeFixed32(writer, 8, Number(flags))
  const traceId = readMember(record, 'traceId', { path, read: idOf(16) })
  if (traceId !== undefined && traceId.length > 0) writeBytes(writer, 9, traceId)
  const spanId = readMember(record, 'spanId', { path, read: idOf(8) })
  if (spanId !== undefined && spanId.length > 0) writeBytes(writer, 10, spanId)
  writeTime(at, record, { name: 'observedTimeUnixNano', field: 11 })
  writeString(at, record, { name: 'eventName', field: 12 })
}

type Member = { readonly name: string; readonly field: number }

const writeString = ({ writer, path }: At, object: JsonObject, { name, field }: Member): void => {
  const text = readMember(object, name, { path, read: textOf })
  if (text !== undefined && text !== '') writeText(writer, field, text)
}

const writeCount = ({ writer, path }: At, object: JsonObject, { name, field }: Member): void => {
  const count = readMember(object, name, { path, read: integerOf('uint32') })
  if (count !== undefined && count !== 0n) writeVarint(writer, field, count)
}

const writeTime = ({ writer, path }: At, object: JsonObject, { name, field }: Member): void => {
  const time = readMember(object, name, { path, read: integerOf('uint64') })
  if (time !== undefined && time !== 0n) writeFixed64(writer, field, time)
}

/** SEVERITY_NUMBER_TRACE, …_TRACE2 to …_FATAL4 are 1 to 24: some encoders write enums by name. */
const severityNames = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) =>
  ['', '2', '3', '4'].map((step) => `SEVERITY_NUMBER_${name}${step}`),
)
const severityOf = (value: unknown, path: Path): bigint => {
  if (value === 'SEVERITY_NUMBER_UNSPECIFIED') return 0n
  const index = typeof value === 'string' ? severityNames.indexOf(value) : -1
  return index >= 0 ? BigInt(index + 1) : integerOf('int32')(value, path)
}
