import type { Position } from '../../schemas/messages.ts'

/** Payloads that were appended not long ago, so that what is sent at once is not read from disk. */
export type PayloadCache = {
  readonly put: (at: Position, payload: readonly Uint8Array[]) => void
  /** As it was put. */
  readonly get: (at: Position) => readonly Uint8Array[] | undefined
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
    get: (at) => entries.get(keyOf(at))?.payload,
    drop: (at) => drop(keyOf(at)),
    dropSegment: (segment) => {
      for (const key of entries.keys()) if (key.startsWith(`${segment}/`)) drop(key)
    },
    bytes: () => held,
  }
}

const keyOf = ({ segment, offset }: Position): string => `${segment}/${offset}`
