/**
 * Ranges of a journal file, above all the space that it has set aside: zeros behind its last frame, so
 * that appends need no new blocks.
 */
import type { OpenFile } from '../disk/filesystem.ts'

/** Offsets: `to` is behind the last byte. */
export type Span = { readonly from: number; readonly to: number }

const zeros = Buffer.alloc(64 * 1024)

/** Writes zeros over a range. @throws what the filesystem throws. */
export const writeZeros = (file: OpenFile, range: Span): Promise<void> => {
  const pieces: Uint8Array[] = []
  for (let left = range.to - range.from; left > 0; left -= zeros.length) {
    pieces.push(zeros.subarray(0, Math.min(left, zeros.length)))
  }
  return file.write(pieces, range.from)
}

/** Whether there are only zeros in a range of a file. */
export const isBlank = async (file: OpenFile, range: Span): Promise<boolean> => {
  const target = Buffer.allocUnsafe(zeros.length)
  for (let at = range.from; at < range.to; at += zeros.length) {
    const bytes = target.subarray(0, Math.min(zeros.length, range.to - at))
    const bytesRead = await file.read(bytes, at)
    if (!bytes.subarray(0, bytesRead).equals(zeros.subarray(0, bytesRead))) return false
  }
  return true
}

/** Writes a range as it is, so that the next sync has to write it. @throws what the filesystem throws. */
export const writeAgain = async (file: OpenFile, range: Span): Promise<void> => {
  const bytes = Buffer.allocUnsafe(range.to - range.from)
  const bytesRead = await file.read(bytes, range.from)
  await file.write([bytes.subarray(0, bytesRead)], range.from)
}
