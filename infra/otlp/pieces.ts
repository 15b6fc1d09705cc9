/**
 * Bytes that came in pieces, seen as one while they are walked over. They are copied for it, into memory
 * that is used again and again: what is kept are slices of the pieces. Memory for each body instead
 * would be as much again as all that arrives, and what it costs is not the copy but the garbage.
 */

/** A larger body gets memory of its own. */
const scratchBytesMax = 4 * 1024 * 1024

let scratch = Buffer.alloc(0)

/** @param look must keep nothing of the bytes, nor a slice of them: they are overwritten after it. */
export const seenAsOne = <Seen>(pieces: readonly Buffer[], look: (bytes: Buffer) => Seen): Seen => {
  const [first = scratch.subarray(0, 0)] = pieces
  if (pieces.length <= 1) return look(first)
  const count = pieces.reduce((sum, { length }) => sum + length, 0)
  if (count > scratchBytesMax) return look(Buffer.concat(pieces, count))
  if (count > scratch.length) scratch = Buffer.allocUnsafeSlow(count)
  let at = 0
  for (const piece of pieces) at += piece.copy(scratch, at)
  return look(scratch.subarray(0, count))
}

/** Slices of the pieces. @param ranges flat [start, end, …], in their order */
export const slicesOf = (
  pieces: readonly Buffer[],
  ranges: readonly number[],
): readonly Uint8Array[] => {
  const slices: Uint8Array[] = []
  let index = 0
  let pieceStart = 0
  for (let range = 0; range < ranges.length; range += 2) {
    let at = ranges[range] ?? 0
    const end = ranges[range + 1] ?? 0
    while (at < end) {
      const piece = pieces[index]
      if (piece === undefined)
        throw new RangeError(`bytes ${at} to ${end} are in none of the pieces`)
      const pieceEnd = pieceStart + piece.length
      const sliceEnd = Math.min(end, pieceEnd)
      if (at < pieceEnd) slices.push(piece.subarray(at - pieceStart, sliceEnd - pieceStart))
      at = Math.max(at, sliceEnd)
      if (at < pieceEnd) continue
      pieceStart = pieceEnd
      index += 1
    }
  }
  return slices
}
