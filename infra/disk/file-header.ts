/**
 * What every file of frames begins with, twice, so that any one corruption leaves it readable. It
 * is on stable storage before the first frame is acknowledged.
 *
 * Format (integers are unsigned and little endian)
 *
 *     fileHeader { copy, copy }  96 bytes
 *     copy {                     48 bytes
 *       magic         8 bytes    "HoldRing" or "HoldJrnl"
 *       version       u32        1
 *       salt          u32        where the checksums of this file's frames start; drawn at random
 *       number        u64        the segment's id, the journal's number
 *       schema        u64        fingerprint of the Avro schema of the frames' headers, 0 for none
 *       durableBytes  u64        so many bytes of the file were synced before it got its name
 *       zero          u32
 *       crc           u32        CRC-32 of the 44 bytes before
 *     }
 */
import { crc32 } from 'node:zlib'

export const fileHeaderBytes = 96
const copyBytes = 48
const version = 1

export type FileKind = 'segment' | 'journal'
export type FileHeader = {
  readonly kind: FileKind
  readonly salt: number
  readonly number: number
  readonly schema: bigint
  readonly durableBytes: number
}

const magics: Readonly<Record<FileKind, string>> = { segment: 'HoldRing', journal: 'HoldJrnl' }

/** A file that another release wrote. Nothing in it was changed. */
export class FormatVersionError extends Error {
  override readonly name = 'FormatVersionError'
  readonly path: string

  constructor(file: { readonly path: string; readonly format: string; readonly known: string }) {
    super(
      `Reading ${file.path} was refused: it has ${file.format}, and this release reads ` +
        `${file.known}. Nothing was changed. Run the release that wrote it, or a newer one.`,
    )
    this.path = file.path
  }
}

export const encodeFileHeader = (header: FileHeader): Buffer => {
  const copy = Buffer.alloc(copyBytes)
  copy.write(magics[header.kind], 'latin1')
  copy.writeUInt32LE(version, 8)
  copy.writeUInt32LE(header.salt, 12)
  copy.writeBigUInt64LE(BigInt(header.number), 16)
  copy.writeBigUInt64LE(header.schema, 24)
  copy.writeBigUInt64LE(BigInt(header.durableBytes), 32)
  copy.writeUInt32LE(crc32(copy.subarray(0, 44)), 44)
  return Buffer.concat([copy, copy])
}

/**
 * The header in the first bytes of a file, from whichever copy is sound; `undefined` when neither
 * is.
 * @throws {FormatVersionError} when a sound copy has a version that is not known here.
 */
export const decodeFileHeader = (
  bytes: Buffer,
  file: { readonly path: string; readonly kind: FileKind },
): FileHeader | undefined => {
  for (const offset of [0, copyBytes]) {
    const copy = bytes.subarray(offset, offset + copyBytes)
    if (copy.length < copyBytes) return undefined
    if (copy.toString('latin1', 0, 8) !== magics[file.kind]) continue
    if (copy.readUInt32LE(44) !== crc32(copy.subarray(0, 44))) continue
    const written = copy.readUInt32LE(8)
    if (written !== version) {
      const known = `version ${version}`
      throw new FormatVersionError({ path: file.path, format: `format version ${written}`, known })
    }
    return {
      kind: file.kind,
      salt: copy.readUInt32LE(12),
      number: Number(copy.readBigUInt64LE(16)),
      schema: copy.readBigUInt64LE(24),
      durableBytes: Number(copy.readBigUInt64LE(32)),
    }
  }
  return undefined
}

/** @param bytes the first of a file. */
export const areHeaderCopiesAlike = (bytes: Buffer): boolean =>
  bytes.length >= fileHeaderBytes &&
  bytes.subarray(0, copyBytes).equals(bytes.subarray(copyBytes, fileHeaderBytes))
