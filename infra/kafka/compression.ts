import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs, { CompressionTypes } from 'kafkajs'
import snappy from 'kafkajs-snappy'
import { compressFrame, decompressFrame } from 'lz4-napi'

/** How a batch of messages is packed on the wire and on the broker's disk. */
export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof compressions)[number]

export const compressionTypes: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

const [packZstd, unpackZstd] = [promisify(zstdCompress), promisify(zstdDecompress)]

/** Whatever a topic is written with, by us or by others, can be read. */
export const addCodecs = (): void => {
  kafkajs.CompressionCodecs[CompressionTypes.Snappy] = snappy
  kafkajs.CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: (encoder: { readonly buffer: Buffer }) => compressFrame(encoder.buffer),
    decompress: (packed: Buffer) => decompressFrame(packed),
  })
  kafkajs.CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { readonly buffer: Buffer }) => packZstd(encoder.buffer),
    decompress: (packed: Buffer) => unpackZstd(packed),
  })
}
