import type { Position } from '../../schemas/messages.ts'

/** Payloads that were appended not long ago, so that what is sent at once is not read from disk. */
export type PayloadCache = {
  readonly put: (at: Position, payload: readonly Uint8Array[]) => void
  /** In one piece; joined when it is first asked for. */
  readonly get: (at: Position) => Buffer | undefined
  readonly drop: (at: Position) => void
  readonly dropSegment: (segment: number) => void
  readonly bytes: () => number
}

type Entry = { readonly payload: readonly Uint8Array[]; readonly bytes: number }

/** @param bytesMax what is held at most; the oldest goes first. */
export const openPayloadCache = (bytesMax: number): PayloadCache => {
  /** By position, the oldest first. */
  const entries = new Map<string, Entry>()
  let held = 0

  const drop = (key: string): void => {
    held -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }
  return {
    put: (at, payload) => {
      const bytes = payload.reduce((sum, { length }) => sum + length, 0)
      if (bytes > bytesMax) return
      const key = keyOf(at)
      drop(key)
      entries.set(key, { payload, bytes })
      held += bytes
      for (const oldest of entries.keys()) {
        if (held <= bytesMax) return
        drop(oldest)
      }
    },
    get: (at) => {
      const key = keyOf(at)
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      const joined = inOnePiece(entry.payload)
      if (entry.payload[0] !== joined) entries.set(key, { ...entry, payload: [joined] })
      return joined
    },
    drop: (at) => drop(keyOf(at)),
    dropSegment: (segment) => {
      for (const key of entries.keys()) if (key.startsWith(`${segment}/`)) drop(key)
    },
    bytes: () => held,
  }
}

const keyOf = ({ segment, offset }: Position): string => `${segment}/${offset}`

/** One piece is not copied. */
const inOnePiece = (pieces: readonly Uint8Array[]): Buffer => {
  const [first] = pieces
  if (pieces.length !== 1 || first === undefined) return Buffer.concat(pieces)
  return Buffer.isBuffer(first)
    ? first
    : Buffer.from(first.buffer, first.byteOffset, first.byteLength)
}
