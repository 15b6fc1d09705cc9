/** Writes protobuf fields: for what the product itself says, and for records that came as JSON. */
import { wireTypes } from './wire.ts'

export type Writer = { bytes: Buffer; at: number }

const firstBytes = 1024
const headBytesMax = 5 + 10

export const openWriter = (): Writer => ({ bytes: Buffer.allocUnsafe(firstBytes), at: 0 })

/** What was written, as a view of the writer's memory. */
export const written = (writer: Writer): Buffer => writer.bytes.subarray(0, writer.at)

const reserve = (writer: Writer, count: number): void => {
  const needed = writer.at + count
  if (needed <= writer.bytes.length) return
  const grown = Buffer.allocUnsafe(Math.max(needed, writer.bytes.length * 2))
  writer.bytes.copy(grown, 0, 0, writer.at)
  writer.bytes = grown
}

const putVarint = (writer: Writer, value: bigint | number): void => {
  let rest = typeof value === 'bigint' ? BigInt.asUintN(64, value) : BigInt(value)
  while (rest > 0x7fn) {
    writer.bytes[writer.at] = Number(rest & 0x7fn) | 0x80
    writer.at += 1
    rest >>= 7n
  }
  writer.bytes[writer.at] = Number(rest)
  writer.at += 1
}

/** Writes a small unsigned number; lengths and tags fit. */
export const putUint32 = (bytes: Buffer, at: number, value: number): number => {
  let rest = value
  let end = at
  while (rest > 0x7f) {
    bytes[end] = (rest & 0x7f) | 0x80
    end += 1
    rest >>>= 7
  }
  bytes[end] = rest
  return end + 1
}

/** Bytes of a varint below 2^32. */
export const varintBytes = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5

const putTag = (writer: Writer, field: number, wire: number): void => {
  writer.at = putUint32(writer.bytes, writer.at, (field << 3) | wire)
}

/** int64, uint64, int32, uint32, bool and enum fields. Negative numbers take ten bytes. */
export const writeVarint = (writer: Writer, field: number, value: bigint | number): void => {
  reserve(writer, headBytesMax)
  putTag(writer, field, wireTypes.varint)
  putVarint(writer, typeof value === 'number' ? BigInt(value) : value)
}

export const writeFixed64 = (writer: Writer, field: number, value: bigint): void => {
  reserve(writer, headBytesMax)
  putTag(writer, field, wireTypes.fixed64)
  writer.at = writer.bytes.writeBigUInt64LE(value, writer.at)
}

export const writeDouble = (writer: Writer, field: number, value: number): void => {
  reserve(writer, headBytesMax)
  putTag(writer, field, wireTypes.fixed64)
  writer.at = writer.bytes.writeDoubleLE(value, writer.at)
}

export const writeFixed32 = (writer: Writer, field: number, value: number): void => {
  reserve(writer, headBytesMax)
  putTag(writer, field, wireTypes.fixed32)
  writer.at = writer.bytes.writeUInt32LE(value, writer.at)
}

export const writeText = (writer: Writer, field: number, text: string): void => {
  const count = Buffer.byteLength(text)
  reserve(writer, headBytesMax + count)
  putTag(writer, field, wireTypes.length)
  writer.at = putUint32(writer.bytes, writer.at, count)
  writer.at += writer.bytes.write(text, writer.at, 'utf8')
}

export const writeBytes = (writer: Writer, field: number, bytes: Uint8Array): void => {
  reserve(writer, headBytesMax + bytes.length)
  putTag(writer, field, wireTypes.length)
  writer.at = putUint32(writer.bytes, writer.at, bytes.length)
  writer.bytes.set(bytes, writer.at)
  writer.at += bytes.length
}

/** Writes a field whose content `write` writes; its length is put in front of it afterwards. */
export const writeMessage = (writer: Writer, field: number, write: () => void): void => {
  reserve(writer, headBytesMax)
  putTag(writer, field, wireTypes.length)
  const start = writer.at
  write()
  const count = writer.at - start
  reserve(writer, headBytesMax)
  writer.bytes.copyWithin(start + varintBytes(count), start, writer.at)
  writer.at = putUint32(writer.bytes, start, count) + count
}
