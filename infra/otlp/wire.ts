/**
 * The protobuf wire format, as much of it as OTLP needs.
 *
 *     message := (tag value)*
 *     tag     := varint of (field number << 3 | wire type), a uint32
 *     value   := varint                 wire type 0, at most 10 bytes
 *              | 8 bytes                wire type 1, little-endian
 *              | length:varint bytes    wire type 2
 *              | 4 bytes                wire type 5, little-endian
 *
 * Groups (wire types 3 and 4) are in no OTLP message and are refused.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export const wireTypes = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const

export const varintBytesMax = 10
const tagBytesMax = 5
const uint32Max = 0xffff_ffff

/** A place in some bytes. Reading moves it: walking allocates nothing. */
export type Cursor = { readonly bytes: Buffer; at: number }

/** The bytes break the wire format or the grammar at `offset`. Thrown inside, a value outside. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
  readonly offset: number

  constructor(what: string, offset: number) {
    super(what)
    this.offset = offset
  }
}

export const cursorOver = (bytes: Uint8Array): Cursor => ({ bytes: asBuffer(bytes), at: 0 })

/** The same memory seen as a Buffer. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Reads a tag; its field number is never 0. */
export const readTag = (cursor: Cursor, end: number): number => {
  const first = cursor.bytes[cursor.at] as number
  if (first >= 8 && first < 0x80) {
    cursor.at += 1
    return first
  }
  return readLongTag(cursor, end)
}

const readLongTag = (cursor: Cursor, end: number): number => {
  const start = cursor.at
  const tag = readVarint(cursor, end)
  if (cursor.at - start > tagBytesMax || tag > uint32Max)
    throw new MalformedError('a tag longer than 32 bits', start)
  if (tag < 8) throw new MalformedError('field number 0', start)
  return tag
}

/** Reads the length of a field and returns where the field ends; the cursor is at its content. */
export const readEnd = (cursor: Cursor, end: number): number => {
  const start = cursor.at
  const first = cursor.bytes[start] as number
  let length = first
  if (start < end && first < 0x80) cursor.at = start + 1
  else length = readVarint(cursor, end)
  if (length > end - cursor.at)
    throw new MalformedError(
      `truncated: a length of ${length} bytes where ${end - cursor.at} are left`,
      start,
    )
  return cursor.at + length
}

/** Reads an unsigned varint. Above 2^53 the value is rounded; the place after it is exact. */
export const readVarint = (cursor: Cursor, end: number): number => {
  let value = 0
  let scale = 1
  for (let count = 0; count < varintBytesMax; count += 1) {
    const at = cursor.at + count
    if (at >= end)
      throw new MalformedError('truncated: the bytes end inside a varint', within(cursor.at, end))
    const byte = cursor.bytes[at] as number
    value += (byte & 0x7f) * scale
    if (byte < 0x80) {
      cursor.at = at + 1
      return value
    }
    scale *= 0x80
  }
  throw new MalformedError(`a varint longer than ${varintBytesMax} bytes`, cursor.at)
}

/** Moves over a value of a wire type. */
export const skipValue = (cursor: Cursor, wire: number, end: number): void => {
  switch (wire) {
    case wireTypes.length:
      cursor.at = readEnd(cursor, end)
      return
    case wireTypes.varint:
      readVarint(cursor, end)
      return
    case wireTypes.fixed64:
      skipBytes(cursor, 8, end)
      return
    case wireTypes.fixed32:
      skipBytes(cursor, 4, end)
      return
    default:
      throw new MalformedError(`wire type ${wire}, which OTLP does not use`, cursor.at)
  }
}

const skipBytes = (cursor: Cursor, count: number, end: number): void => {
  if (count > end - cursor.at)
    throw new MalformedError(
      `truncated: ${end - cursor.at} bytes left of a value of ${count}`,
      within(cursor.at, end),
    )
  cursor.at += count
}

/**
 * Where nothing is left, the fault is told at the last byte there is, which is in the same field.
 */
const within = (at: number, end: number): number => Math.min(at, end - 1)
