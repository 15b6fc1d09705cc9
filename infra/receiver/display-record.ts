/**
 * Log records as a person reads them, from an ExportLogsServiceRequest. The receiver alone decodes
 * records; it is on nobody's hot path. Message and field numbers are in ../otlp/grammar.ts.
 */
import { type Cursor, cursorOver, readEnd, readTag, skipValue } from '../otlp/wire.ts'

export type DisplayRecord = {
  /** ISO 8601; `null` where the record has no time. */
  readonly time: string | null
  readonly severity: string | null
  readonly body: unknown
  readonly attributes: Attributes
  readonly event?: string
  readonly traceId?: string
  readonly spanId?: string
  readonly scope?: string
  readonly resource: Attributes
}
export type Attributes = Readonly<Record<string, unknown>>
/** Values nested deeper are shown as `…`. */
const depthMax = 20

/** Every record with its service, in order. @throws {MalformedError} */
export const displayRecords = (
  body: Uint8Array,
): readonly { readonly service: string; readonly record: DisplayRecord }[] => {
  const shown: { readonly service: string; readonly record: DisplayRecord }[] = []
  const cursor = cursorOver(body)
  const span = { bytes: cursor.bytes, from: 0, to: body.byteLength }
  walk(span, {
    [length(1)]: (resourceLogs) => {
      const { resource, scopes } = resourceLogsOf(resourceLogs)
      const { 'service.name': name = 'unknown_service', ...rest } = resource
      const service = typeof name === 'string' ? name : JSON.stringify(name)
      for (const scope of scopes)
        for (const record of recordsOf(scope, rest)) shown.push({ service, record })
    },
  })
  return shown
}

type Span = { readonly bytes: Buffer; readonly from: number; readonly to: number }
type Readers = Readonly<Record<number, (value: Span) => void>>

const varint = (field: number): number => field << 3
const fixed64 = (field: number): number => (field << 3) | 1
const length = (field: number): number => (field << 3) | 2

/** Calls the reader of each tag with the span of its value, a length taken off. */
const walk = ({ bytes, from, to }: Span, readers: Readers): void => {
  const cursor: Cursor = { bytes, at: from }
  while (cursor.at < to) {
    const tag = readTag(cursor, to)
    const isMessage = (tag & 7) === 2
    const end = isMessage ? readEnd(cursor, to) : to
    const start = cursor.at
    if (isMessage) cursor.at = end
    else skipValue(cursor, tag & 7, to)
    readers[tag]?.({ bytes, from: start, to: cursor.at })
  }
}

const resourceLogsOf = (span: Span): { resource: Attributes; scopes: readonly Span[] } => {
  let resource: Attributes = {}
  const scopes: Span[] = []
  walk(span, {
    [length(1)]: (value) => {
      resource = attributesOf(value, { field: 1, depth: 0 })
    },
    [length(2)]: (value) => scopes.push(value),
  })
  return { resource, scopes }
}

const recordsOf = (span: Span, resource: Attributes): readonly DisplayRecord[] => {
  let scope = ''
  const records: Span[] = []
  walk(span, {
    [length(1)]: (value) =>
      walk(value, {
        [length(1)]: (name) => {
          scope = textOf(name)
        },
      }),
    [length(2)]: (value) => records.push(value),
  })
  const around = { resource, ...(scope === '' ? {} : { scope }) }
  return records.map((record) => ({ ...recordOf(record), ...around }))
}

const recordOf = (span: Span): Omit<DisplayRecord, 'resource' | 'scope'> => {
  const found = { time: 0n, observed: 0n, number: 0n, severity: '', event: '', trace: '', span: '' }
  let body: unknown = null
  walk(span, {
    [fixed64(1)]: (value) => {
      found.time = value.bytes.readBigUInt64LE(value.from)
    },
    [varint(2)]: (value) => {
      found.number = integerOf(value)
    },
    [length(3)]: (value) => {
      found.severity = textOf(value)
    },
    [length(5)]: (value) => {
      body = anyValueOf(value, 0)
    },
    [length(9)]: (value) => {
      found.trace = hexOf(value)
    },
    [length(10)]: (value) => {
      found.span = hexOf(value)
    },
    [fixed64(11)]: (value) => {
      found.observed = value.bytes.readBigUInt64LE(value.from)
    },
    [length(12)]: (value) => {
      found.event = textOf(value)
    },
  })
  return {
    time: timeOf(found.time === 0n ? found.observed : found.time),
    severity: found.severity || severityOf(Number(found.number)),
    body,
    attributes: attributesOf(span, { field: 6, depth: 0 }),
    ...(found.event === '' ? {} : { event: found.event }),
    ...(found.trace === '' ? {} : { traceId: found.trace }),
    ...(found.span === '' ? {} : { spanId: found.span }),
  }
}

/** Every value of 64 bits of nanoseconds is a date that JavaScript has. */
const timeOf = (nanoseconds: bigint): string | null =>
  nanoseconds === 0n ? null : new Date(Number(nanoseconds / 1_000_000n)).toISOString()

/** Severity numbers come in fours: 9 is INFO, 10 is INFO2. */
const severityNames = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
const severityOf = (number: number): string | null => {
  const name = severityNames[Math.floor((number - 1) / 4)]
  const step = ((number - 1) % 4) + 1
  return name === undefined ? null : step === 1 ? name : `${name}${step}`
}

const attributesOf = (
  span: Span,
  { field, depth }: { readonly field: number; readonly depth: number },
): Attributes => {
  const entries: [string, unknown][] = []
  walk(span, {
    [length(field)]: (pair) => {
      let key = ''
      let value: unknown = null
      walk(pair, {
        [length(1)]: (text) => {
          key = textOf(text)
        },
        [length(2)]: (any) => {
          value = anyValueOf(any, depth + 1)
        },
      })
      entries.push([key, value])
    },
  })
  return Object.fromEntries(entries)
}

const anyValueOf = (span: Span, depth: number): unknown => {
  if (depth > depthMax) return '…'
  let shown: unknown = null
  const show = (read: (value: Span) => unknown) => (value: Span) => {
    shown = read(value)
  }
  walk(span, {
    [length(1)]: show(textOf),
    [varint(2)]: show((value) => integerOf(value) !== 0n),
    [varint(3)]: show((value) => {
      const integer = integerOf(value)
      return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer.toString()
    }),
    [fixed64(4)]: show(({ bytes, from }) => bytes.readDoubleLE(from)),
    [length(5)]: show((list) => listOf(list, depth + 1)),
    [length(6)]: show((list) => attributesOf(list, { field: 1, depth: depth + 1 })),
    [length(7)]: show(({ bytes, from, to }) => bytes.toString('base64', from, to)),
  })
  return shown
}

const listOf = (span: Span, depth: number): readonly unknown[] => {
  const values: unknown[] = []
  walk(span, { [length(1)]: (value) => values.push(anyValueOf(value, depth)) })
  return values
}

const textOf = ({ bytes, from, to }: Span): string => bytes.toString('utf8', from, to)
const hexOf = ({ bytes, from, to }: Span): string => bytes.toString('hex', from, to)

/** A varint as the int64 that it stands for, exactly. */
const integerOf = ({ bytes, from, to }: Span): bigint => {
  let value = 0n
  for (let at = to - 1; at >= from; at -= 1) value = (value << 7n) | BigInt((bytes[at] ?? 0) & 0x7f)
  return BigInt.asIntN(64, value)
}
