/**
 * Space that a journal has set aside: zeros behind its last frame, so that appends need no new
 * blocks.
 */
import type { OpenFile } from '../disk/filesystem.ts'

const zeros = Buffer.alloc(64 * 1024)

/** Writes zeros over a range. @throws what the filesystem throws. */
export const writeZeros = (
  file: OpenFile,
  range: { readonly from: number; readonly to: number },
): Promise<void> => {
  const pieces: Uint8Array[] = []
  for (let left = range.to - range.from; left > 0; left -= zeros.length) {
    pieces.push(zeros.subarray(0, Math.min(left, zeros.length)))
  }
  return file.write(pieces, range.from)
}

/** Whether there are only zeros in a range of a file. */
export const isBlank = async (
  file: OpenFile,
  range: { readonly from: number; readonly to: number },
): Promise<boolean> => {
  const target = Buffer.allocUnsafe(zeros.length)
  for (let at = range.from; at < range.to; at += zeros.length) {
    const bytes = target.subarray(0, Math.min(zeros.length, range.to - at))
    const bytesRead = await file.read(bytes, at)
    if (!bytes.subarray(0, bytesRead).equals(zeros.subarray(0, bytesRead))) return false
  }
  return true
}
