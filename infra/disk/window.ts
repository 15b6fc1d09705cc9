import { codeOf, type OpenFile } from './filesystem.ts'

/** Reads a file from front to back in few, larger reads. */
export type Window = {
  /**
   * The bytes at an offset; fewer only where the file ends before. They lie in memory of this window
   * alone, and with them what else was read at once.
   */
  readonly bytes: (offset: number, length: number) => Promise<Buffer>
}

/** A disk that cannot read a sector any more fails for a block of this size. */
const blockBytes = 4096

/**
 * @param options.to where the file is taken to end: an offset
 * @param options.readBytes how much is read at once, at least
 */
export const openWindow = (options: {
  readonly file: OpenFile
  readonly to: number
  readonly readBytes: number
}): Window => {
  const { file, to, readBytes } = options
  let held: Buffer = Buffer.alloc(0)
  let start = 0
  return {
    bytes: async (offset, length) => {
      const end = Math.max(offset, Math.min(offset + length, to))
      if (offset < start || end > start + held.length) {
        const wanted = Math.min(Math.max(readBytes, end - offset), to - offset)
        held = await readLeniently(file, { offset, bytes: Math.max(0, wanted) })
        start = offset
      }
      return held.subarray(offset - start, end - start)
    },
  }
}

/**
 * Where the disk answers EIO, blocks that cannot be read are taken as zeros: their checksums will
 * be wrong, and what else is in the file is not lost with them.
 */
const readLeniently = async (
  file: OpenFile,
  range: { readonly offset: number; readonly bytes: number },
): Promise<Buffer> => {
  // Not of Node's pool.
  const target = Buffer.allocUnsafeSlow(range.bytes)
  try {
    return target.subarray(0, await file.read(target, range.offset))
  } catch (cause) {
    if (codeOf(cause) !== 'EIO') throw cause
  }
  for (let at = 0; at < range.bytes; ) {
    const next = Math.min(range.bytes, at + blockBytes - ((range.offset + at) % blockBytes))
    const block = target.subarray(at, next)
    try {
      const bytesRead = await file.read(block, range.offset + at)
      if (bytesRead < block.length) return target.subarray(0, at + bytesRead)
    } catch (cause) {
      if (codeOf(cause) !== 'EIO') throw cause
      block.fill(0)
    }
    at = next
  }
  return target
}
