/** Lines of the archive of drop events. */
import type { Drop } from '../../schemas/messages.ts'
import type { OpenFile } from '../disk/filesystem.ts'

export type Line = {
  readonly offset: number
  /** Behind its line feed. */
  readonly end: number
  readonly bytes: Buffer
}

const readBytes = 256 * 1024
/** A longer line is no drop event. */
const lineBytesMax = 4 * 1024 * 1024
const lineFeed = 0x0a

/** The whole lines between two offsets; what follows the last line feed is left out. */
export const linesOf = async function* (
  file: Pick<OpenFile, 'read'>,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0)
  let restOffset = from
  for (let position = from; position < to; ) {
    const target = Buffer.allocUnsafe(Math.min(readBytes, to - position))
    const bytes = target.subarray(0, await file.read(target, position))
    if (bytes.length === 0) return
    position += bytes.length
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    let start = 0
    for (let feed = rest.indexOf(lineFeed); feed !== -1; feed = rest.indexOf(lineFeed, start)) {
      yield {
        offset: restOffset + start,
        end: restOffset + feed + 1,
        bytes: rest.subarray(start, feed),
      }
      start = feed + 1
    }
    rest = rest.subarray(start)
    restOffset += start
    if (rest.length <= lineBytesMax) continue
    // Damage without a line feed: only that it is there is kept of it.
    restOffset += rest.length - 1
    rest = rest.subarray(-1)
  }
}

export const lineOf = (drop: Drop): Buffer => Buffer.from(`${JSON.stringify(drop)}\n`)

/** `undefined` for what is no drop event. */
export const dropOfLine = (bytes: Buffer): Drop | undefined => {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isDrop(value) ? value : undefined
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

const texts = ['id', 'tenant', 'service', 'producer', 'reason', 'detail'] as const
const counts = ['atMs', 'firstSeq', 'lastSeq', 'records', 'bytes', 'fromMs', 'toMs'] as const

const isDrop = (value: unknown): value is Drop => {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map(Object.entries(value))
  return (
    texts.every((name) => typeof fields.get(name) === 'string') &&
    counts.every((name) => Number.isSafeInteger(fields.get(name)))
  )
}
