/**
 * Records of which each is known by a number that stands in its body, so that whoever finds one knows
 * what it has to be, byte for byte. Encoded by a few lines of its own: what checks the product must not
 * share its code.
 */

/** Digits of a record's number in its body: all records of a size are alike but for these. */
const digitsMax = 10
const mark = 'record='

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}

/** A field of wire type 2. */
const field = (number: number, ...content: readonly (Buffer | string)[]): Buffer => {
  const value = Buffer.concat(content.map((it) => (typeof it === 'string' ? Buffer.from(it) : it)))
  return Buffer.concat([varint(number * 8 + 2), varint(value.length), value])
}

/** `KeyValue { string key = 1; AnyValue value = 2 { string string_value = 1 } }` */
const attribute = (key: string, value: string): Buffer =>
  Buffer.concat([field(1, key), field(2, field(1, value))])

/**
 * `LogRecord { fixed64 time_unix_nano = 1; AnyValue body = 5 }` of about so many bytes.
 * The time is that of 2023-11-14T22:13:20Z.
 */
const templateOf = (recordBytes: number): Buffer => {
  const time = Buffer.alloc(9)
  time[0] = (1 << 3) | 1
  time.writeBigUInt64LE(1_700_000_000_000_000_000n, 1)
  const text = `${mark}${'0'.repeat(digitsMax)} `.padEnd(Math.max(18, recordBytes - 18), 'x')
  return Buffer.concat([time, field(5, field(1, text))])
}

export type Pattern = {
  /** An ExportLogsServiceRequest with the records `firstId`, `firstId + 1`, …. */
  readonly request: (firstId: number) => Buffer
  /** The record of a number, as it is on the wire. */
  readonly record: (id: number) => Buffer
}

/** Requests of one service, all of one size: only the numbers in them differ. */
export const patternOf = ({
  service,
  records,
  recordBytes,
}: {
  readonly service: string
  readonly records: number
  readonly recordBytes: number
}): Pattern => {
  const template = templateOf(recordBytes)
  const resource = field(1, field(1, attribute('service.name', service)))
  const scope = field(2, ...Array.from({ length: records }, () => field(2, template)))
  const body = field(1, resource, scope)
  const places: number[] = []
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + 1)) {
    places.push(at + mark.length)
  }
  return {
    request: (firstId) => {
      const request = Buffer.from(body)
      for (const [index, at] of places.entries()) request.write(digits(firstId + index), at)
      return request
    },
    record: (id) => {
      const record = Buffer.from(template)
      record.write(digits(id), record.indexOf(mark) + mark.length)
      return record
    },
  }
}

const digits = (id: number): string => String(id).padStart(digitsMax, '0')

/** The number in a record, or NaN where it has none. */
export const idOf = (record: Buffer): number => {
  const at = record.indexOf(mark)
  const from = at + mark.length
  return at < 0 ? Number.NaN : Number(record.toString('latin1', from, from + digitsMax))
}
