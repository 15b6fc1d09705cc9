/**
 * One frame: the unit of the record log (a batch) and of the journal (facts committed together).
 *
 * Constraints
 * - Any one corruption leaves the header readable, and with it the exact range of what was lost:
 *   it stands before the payload and again behind it, each copy with the lengths and a checksum.
 *   Where the payload is whole, either copy is enough to read it.
 * - No length is believed before it is bounded, and none before its checksum is right.
 * - A payload is bytes that strangers chose. So that none can hold what passes for a frame, all
 *   checksums of a file start from a number drawn at random for that file, its salt; it also tells
 *   the blocks of a deleted file apart, should the disk bring them back. The lower half of the salt
 *   stands in each head and tail, so that a payload full of magics costs no search any time.
 * - A header has at most 1 MiB, a payload at most 256 MiB.
 *
 * Format (integers are unsigned and little endian)
 *
 *     frame {
 *       head {                   24 bytes
 *         magic         u32      "HFrm"
 *         version       u16      1
 *         mark          u16      the lower half of the salt
 *         headerBytes   u32
 *         payloadBytes  u32
 *         payloadCrc    u32      CRC-32 of the payload, from the salt
 *         headCrc       u32      CRC-32 of the 20 bytes before and of the header, from the salt
 *       }
 *       header          headerBytes
 *       payload         payloadBytes
 *       header          headerBytes, the copy
 *       tail {                   24 bytes
 *         headerBytes   u32
 *         payloadBytes  u32
 *         payloadCrc    u32
 *         tailCrc       u32      CRC-32 of the copy and of the 12 bytes before, from ~salt
 *         version       u16      1
 *         mark          u16      the lower half of the salt
 *         magic         u32      "HEnd"
 *       }
 *     }
 *
 * A tail is found backwards from the next frame's magic, or from the end of the file.
 */
import { crc32 } from 'node:zlib'

export const headBytes = 24
export const tailBytes = 24
export const headerBytesMax = 1024 * 1024
export const payloadBytesMax = 256 * 1024 * 1024
const headMark = { magic: Buffer.from('HFrm', 'latin1').readUInt32LE(), magicOffset: 0 } as const
const tailMark = { magic: Buffer.from('HEnd', 'latin1').readUInt32LE(), magicOffset: 4 } as const
const version = 1
const signBytes = 8

/** What the heads of a file begin with: magic, version, mark. */
export const headSign = (salt: number): Buffer => signOf(headMark, salt)

/** What the tails of a file end with: version, mark, magic. */
export const tailSign = (salt: number): Buffer => signOf(tailMark, salt)

/** What a head and a tail both say of their frame. */
export type Shape = {
  readonly headerBytes: number
  readonly payloadBytes: number
  readonly payloadCrc: number
}

export const frameBytesOf = (shape: Pick<Shape, 'headerBytes' | 'payloadBytes'>): number =>
  headBytes + 2 * shape.headerBytes + shape.payloadBytes + tailBytes

/** Where the payload of a frame begins, from the frame's first byte. */
export const payloadOffsetOf = ({ headerBytes }: Pick<Shape, 'headerBytes'>): number =>
  headBytes + headerBytes

/**
 * The bytes of a frame, as pieces to be written one behind the other. The payload's are not copied.
 * @throws {RangeError} when header or payload are larger than a frame can hold: nobody could read
 * it.
 */
export const encodeFrame = (frame: {
  readonly header: Uint8Array
  readonly payload: readonly Uint8Array[]
  readonly salt: number
}): { readonly pieces: readonly Uint8Array[]; readonly bytes: number } => {
  const { header, payload, salt } = frame
  const shape = { ...lengthsOf(frame), payloadCrc: payloadCrcOf(payload, salt) }
  const { headerBytes } = shape

  // Each byte of head and tail is written here: they need not be blank before, nor have memory of their own.
  const head = Buffer.allocUnsafe(headBytes + headerBytes)
  writeSign(head, 0, { ...headMark, salt })
  writeShape(head, signBytes, shape)
  head.writeUInt32LE(headCrcOf(head.subarray(0, 20), header, salt), 20)
  head.set(header, headBytes)

  const tail = Buffer.allocUnsafe(headerBytes + tailBytes)
  tail.set(header)
  writeShape(tail, headerBytes, shape)
  tail.writeUInt32LE(tailCrcOf(tail, headerBytes, salt), headerBytes + 12)
  writeSign(tail, headerBytes + 16, { ...tailMark, salt })

  return { pieces: [head, ...payload, tail], bytes: frameBytesOf(shape) }
}

/**
 * The lengths of a frame to be written.
 * @throws {RangeError} see `encodeFrame`.
 */
export const lengthsOf = (frame: {
  readonly header: Uint8Array
  readonly payload: readonly Uint8Array[]
}): Omit<Shape, 'payloadCrc'> => {
  const headerBytes = frame.header.length
  const payloadBytes = frame.payload.reduce((sum, { length }) => sum + length, 0)
  if (headerBytes > headerBytesMax || payloadBytes > payloadBytesMax) {
    throw new RangeError(
      `A frame with a header of ${headerBytes} and a payload of ${payloadBytes} bytes was not ` +
        `written: the most is ${headerBytesMax} and ${payloadBytesMax}.`,
    )
  }
  return { headerBytes, payloadBytes }
}

export const payloadCrcOf = (pieces: readonly Uint8Array[], salt: number): number =>
  pieces.reduce((crc, piece) => crc32(piece, crc), salt)

/** The lengths that a head claims; `undefined` when it is none. Its checksum is not yet checked. */
export const readHead = (head: Buffer, salt: number): Shape | undefined =>
  head.length >= headBytes && headSign(salt).equals(head.subarray(0, signBytes))
    ? readShape(head, signBytes)
    : undefined

/** @param bytes the head and its header, and nothing behind them. */
export const headIsSound = (bytes: Buffer, salt: number): boolean =>
  bytes.readUInt32LE(20) === headCrcOf(bytes.subarray(0, 20), bytes.subarray(headBytes), salt)

/** The lengths that a tail claims; `undefined` when it is none. Its checksum is not yet checked. */
export const readTail = (tail: Buffer, salt: number): Shape | undefined =>
  tail.length === tailBytes && tailSign(salt).equals(tail.subarray(16))
    ? readShape(tail, 0)
    : undefined

/** @param bytes the copy of the header and its tail, and nothing around them. */
export const tailIsSound = (bytes: Buffer, salt: number): boolean => {
  const headerBytes = bytes.length - tailBytes
  return bytes.readUInt32LE(headerBytes + 12) === tailCrcOf(bytes, headerBytes, salt)
}

/** @param offset of the lengths, as in `readShape`. */
const writeShape = (target: Buffer, offset: number, shape: Shape): void => {
  target.writeUInt32LE(shape.headerBytes, offset)
  target.writeUInt32LE(shape.payloadBytes, offset + 4)
  target.writeUInt32LE(shape.payloadCrc, offset + 8)
}

const readShape = (bytes: Buffer, offset: number): Shape | undefined => {
  const headerBytes = bytes.readUInt32LE(offset)
  const payloadBytes = bytes.readUInt32LE(offset + 4)
  if (headerBytes > headerBytesMax || payloadBytes > payloadBytesMax) return undefined
  return { headerBytes, payloadBytes, payloadCrc: bytes.readUInt32LE(offset + 8) }
}

type Mark = { readonly magic: number; readonly magicOffset: 0 | 4 }

const signOf = (mark: Mark, salt: number): Buffer => {
  const sign = Buffer.alloc(signBytes)
  writeSign(sign, 0, { ...mark, salt })
  return sign
}

const writeSign = (
  target: Buffer,
  offset: number,
  { magic, magicOffset, salt }: Mark & { readonly salt: number },
): void => {
  target.writeUInt32LE(magic, offset + magicOffset)
  target.writeUInt16LE(version, offset + 4 - magicOffset)
  target.writeUInt16LE(salt & 0xffff, offset + 6 - magicOffset)
}

const headCrcOf = (prefix: Uint8Array, header: Uint8Array, salt: number): number =>
  crc32(header, crc32(prefix, salt))
const tailCrcOf = (bytes: Uint8Array, headerBytes: number, salt: number): number =>
  crc32(bytes.subarray(0, headerBytes + 12), ~salt >>> 0)
