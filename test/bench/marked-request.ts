/**
 * Requests that say in themselves which they are and when they were sent. Each is one ResourceLogs, and
 * the mark stands in its first attribute, so whoever receives some of them joined finds all marks by
 * walking the outermost fields alone.
 *
 *     ResourceLogs { Resource { KeyValue { "bench.mark", number:9 records:6 sentAtUs:16 } … } … }
 */
export const markKey = 'bench.mark'
const digits = { number: 9, records: 6, sentAtUs: 16 } as const
export const markChars = digits.number + digits.records + digits.sentAtUs

export type Mark = { readonly number: number; readonly records: number; readonly sentAtUs: number }

export const digitsOf = (mark: Mark): string =>
  (['number', 'records', 'sentAtUs'] as const)
    .map((name) => String(mark[name]).padStart(digits[name], '0'))
    .join('')

/** @throws {RangeError} when it is no mark: then not even records could be counted. */
export const markOf = (text: string): Mark => {
  const number = Number(text.slice(0, digits.number))
  const records = Number(text.slice(digits.number, digits.number + digits.records))
  const sentAtUs = Number(text.slice(digits.number + digits.records, markChars))
  if (text.length < markChars || Number.isNaN(number + records + sentAtUs))
    throw new RangeError(`no mark: "${text}"`)
  return { number, records, sentAtUs }
}

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** A field of wire type 2. */
const field = (number: number, ...content: readonly (Buffer | string)[]): Buffer => {
  const value = Buffer.concat(content.map((it) => (typeof it === 'string' ? Buffer.from(it) : it)))
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value])
}

const attribute = (name: string, value: string): Buffer =>
  field(1, field(1, name), field(2, field(1, value)))

/** `LogRecord { time_unix_nano = 1; severity_number = 2; body = 5 }`, of exactly so many bytes. */
const recordOf = (recordBytes: number): Buffer => {
  const head = Buffer.alloc(11)
  head[0] = (1 << 3) | 1
  head.writeBigUInt64LE(1_700_000_000_000_000_000n, 1)
  head[9] = 2 << 3
  head[10] = 9
  const withBody = (chars: number): Buffer =>
    Buffer.concat([head, field(5, field(1, 'x'.repeat(chars)))])
  const around = withBody(recordBytes).length - recordBytes
  return withBody(Math.max(0, recordBytes - around))
}

export type MarkedRequest = {
  /** Of an ExportLogsServiceRequest. Written anew by `mark`, for the next sending. */
  readonly bytes: Buffer
  readonly mark: (number: number, sentAtUs: number) => void
}

export const markedRequest = (options: {
  readonly service: string
  readonly records: number
  readonly recordBytes: number
}): MarkedRequest => {
  const { service, records, recordBytes } = options
  const marked = attribute(markKey, '0'.repeat(markChars))
  const resource = field(1, marked, attribute('service.name', service))
  const record = field(2, recordOf(recordBytes))
  const scope = field(2, ...Array.from({ length: records }, () => record))
  const bytes = field(1, resource, scope)
  const at = bytes.indexOf(markKey) + markKey.length + 4
  return {
    bytes,
    mark: (number, sentAtUs) => {
      bytes.write(digitsOf({ number, records, sentAtUs }), at, 'latin1')
    },
  }
}

/** Of a ResourceLogs: its resource stands at its start, or at its end where fields were turned round. */
const resourceBytesMax = 160

/**
 * Calls back for each ResourceLogs of a body, with the mark of the request that it is of and how many
 * records it holds: a peer may send those of one request apart.
 * @throws {RangeError} when there is something else in it: then not even records could be counted.
 */
export const readMarks = (body: Buffer, found: (mark: Mark, records: number) => void): void => {
  for (let at = 0; at < body.length; ) {
    if (body[at] !== resourceLogs) throw new RangeError(`no ResourceLogs at byte ${at}`)
    const { start, end } = contentAt(body, at + 1)
    const mark =
      markIn(body, start, Math.min(start + resourceBytesMax, end)) ??
      markIn(body, Math.max(start, end - resourceBytesMax), end)
    if (mark === undefined) throw new RangeError(`no mark at byte ${start}`)
    found(mark, recordsIn(body, start, end))
    at = end
  }
}
const resourceLogs = 1 * 8 + 2
const scopeLogs = 2 * 8 + 2
const logRecord = 2 * 8 + 2

/** `ResourceLogs { repeated ScopeLogs { repeated LogRecord = 2 } = 2 }` */
const recordsIn = (body: Buffer, from: number, to: number): number => {
  let records = 0
  for (let at = from; at < to; ) {
    const { start, end } = contentAt(body, at + 1)
    if (body[at] === scopeLogs)
      for (let inner = start; inner < end; inner = contentAt(body, inner + 1).end)
        if (body[inner] === logRecord) records += 1
    at = end
  }
  return records
}

/** Where a field's content lies, its length being at `at`: all fields that are met here have one. */
const contentAt = (body: Buffer, at: number): { readonly start: number; readonly end: number } => {
  let length = 0
  let scale = 1
  for (let next = at; ; next += 1) {
    const byte = body[next] ?? 0
    length += (byte & 0x7f) * scale
    scale *= 128
    if (byte < 0x80) return { start: next + 1, end: next + 1 + length }
  }
}

/** By its digits alone: peers that encode anew turn key and value round as well. */
const markIn = (body: Buffer, from: number, to: number): Mark | undefined => {
  const [text] = digitRun.exec(body.toString('latin1', from, to)) ?? []
  return text === undefined ? undefined : markOf(text)
}
const digitRun = new RegExp(`\\d{${markChars}}`)

/** Of a clock that all processes of a machine share. */
export const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n)
