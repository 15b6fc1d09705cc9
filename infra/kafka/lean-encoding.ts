import { createRequire } from 'node:module'
import { crc32c } from '@node-rs/crc32'

/** What the library writes a request into. `buf` holds `offset` bytes; the rest of it is room. */
type Encoder = {
  buf: Buffer
  offset: number
  /** What comes before the bytes of `buf` from `from` on; not there as long as all is in `buf`. */
  kept?: { pieces: Buffer[]; bytes: number; from: number }
  readonly buffer: Buffer
}
type EncoderMethods = Encoder & {
  writeBufferInternal: (this: Encoder, bytes: Buffer) => void
  writeEncoder: (this: Encoder, value: Encoder) => Encoder
  writeEncoderArray: (this: Encoder, values: readonly Encoder[]) => Encoder
  size: (this: Encoder) => number
}

/** What the library makes a batch of, as far as it matters here. */
type BatchGiven = { readonly compression?: number; readonly records: readonly Encoder[] }
type WriteBatch = (given: BatchGiven) => Promise<Encoder>

/** Smaller pieces are cheaper to copy than to keep. */
const keptBytesMin = 4096
const mended = new WeakSet<object>()

/**
 * The library (2.2.4) nests a request in eight encoders, and each copies all bytes of the one within into a
 * buffer that it has filled with zeros, twice as large as the last; then it takes the CRC-32C byte by byte.
 * A request of 2 MiB took 29 ms of CPU so. Here an encoder keeps what is large by reference, until the
 * request is sent: then it is copied, once. What is written is the same, byte for byte. To be removed with
 * a release, or a client, that does so by itself.
 *
 * Batches and their checksum are the library's own where it has encoded a request before this was called.
 */
export const mendEncoding = (): void => {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/protocol/encoder.js') as {
    readonly prototype: EncoderMethods
  }
  if (mended.has(prototype)) return
  mended.add(prototype)
  keepLarge(prototype)

  const checksum = require.resolve('kafkajs/src/protocol/recordBatch/crc32C/index.js')
  require(checksum)
  const loaded = require.cache[checksum]
  if (loaded !== undefined) loaded.exports = crc32c

  const batches = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
    RecordBatch: WriteBatch
  }
  batches.RecordBatch = batchWriter(batches.RecordBatch)
}

const keepLarge = (prototype: EncoderMethods): void => {
  const copy = prototype.writeBufferInternal
  const write = function (this: Encoder, bytes: Buffer): void {
    if (bytes.length < keptBytesMin) {
      copy.call(this, bytes)
      return
    }
    this.kept ??= { pieces: [], bytes: 0, from: 0 }
    keep(this.kept, this.buf.subarray(this.kept.from, this.offset))
    keep(this.kept, bytes)
    this.kept.from = this.offset
  }
  prototype.writeBufferInternal = write
  prototype.writeEncoder = function (value) {
    for (const piece of piecesOf(value)) write.call(this, piece)
    return this
  }
  prototype.writeEncoderArray = function (values) {
    for (const value of values) for (const piece of piecesOf(value)) write.call(this, piece)
    return this
  }
  prototype.size = function () {
    return this.kept === undefined ? this.offset : this.kept.bytes + this.offset - this.kept.from
  }
  Object.defineProperty(prototype, 'buffer', {
    get(this: Encoder): Buffer {
      const pieces = piecesOf(this)
      const [first] = pieces
      if (first !== undefined && pieces.length === 1) return first
      const joined = Buffer.concat(pieces)
      // Who asks again need not copy again.
      this.kept = { pieces: [joined], bytes: joined.length, from: this.offset }
      return joined
    },
  })
}

const keep = (kept: NonNullable<Encoder['kept']>, bytes: Buffer): void => {
  if (bytes.length === 0) return
  kept.pieces.push(bytes)
  kept.bytes += bytes.length
}

/** All that was written, in order. */
const piecesOf = ({ buf, offset, kept }: Encoder): readonly Buffer[] => {
  const last = buf.subarray(kept?.from ?? 0, offset)
  if (kept === undefined) return [last]
  return last.length === 0 ? kept.pieces : [...kept.pieces, last]
}

const uncompressed = 0
/**
 * Where a batch says how many bytes follow, what their checksum is from the attributes on, and how many
 * records it has; the records begin after that.
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
const places = { length: 8, lengthEnd: 12, checksum: 17, attributes: 21, count: 57 } as const

/** The library writes what stands before the records; those are added as the pieces that they are. */
const batchWriter =
  (write: WriteBatch): WriteBatch =>
  async (given) => {
    // What is packed is another buffer anyway, and a small one.
    if (given.compression !== uncompressed) return write(given)
    const batch = (await write({ ...given, records: [] })) as EncoderMethods
    batch.writeEncoderArray(given.records)
    const [head, ...rest] = piecesOf(batch)
    if (head === undefined) throw new RangeError('kafkajs wrote a batch of no bytes.')
    head.writeInt32BE(batch.size() - places.lengthEnd, places.length)
    head.writeInt32BE(given.records.length, places.count)
    let checksum = crc32c(head.subarray(places.attributes))
    for (const piece of rest) checksum = crc32c(piece, checksum)
    head.writeUInt32BE(checksum, places.checksum)
    return batch
  }
