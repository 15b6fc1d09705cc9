import type { Position } from '../../schemas/messages.ts'
import { hold, type LetGo } from '../memory/holds.ts'
import type { Loan } from './record-log.ts'

/** Payloads that were appended not long ago, so that what is sent at once is not read from disk. */
export type PayloadCache = {
  /** All that one commit has written: some of it may lie in the same memory. */
  readonly put: (written: readonly Written[]) => void
  /** As it was put. */
  readonly borrow: (at: Position) => Loan | undefined
  readonly drop: (at: Position) => void
  readonly dropSegment: (segment: number) => void
  readonly bytes: () => number
}

export type Written = { readonly at: Position; readonly payload: readonly Uint8Array[] }

type Entry = {
  readonly payload: readonly Uint8Array[]
  readonly bytes: number
  readonly letGo: LetGo
}

/** What an entry takes beside its payload, about: with payloads of a few bytes that is most of it. */
export const entryOverheadBytes = 400

/** @param bytesMax what is held at most, with what entries take besides; the oldest goes first. */
export const openPayloadCache = (bytesMax: number): PayloadCache => {
  /** By position, the oldest first. */
  const entries = new Map<string, Entry>()
  let held = 0

  const drop = (key: string): void => {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    held -= entry.bytes + entryOverheadBytes
    entry.letGo()
  }
  return {
    put: (written) => {
      const tooLarge: LetGo[] = []
      for (const { at, payload } of written) {
        const key = keyOf(at)
        drop(key)
        const bytes = bytesOf(payload)
        const letGo = hold(payload)
        if (bytes + entryOverheadBytes > bytesMax) {
          tooLarge.push(letGo)
          continue
        }
        entries.set(key, { payload, bytes, letGo })
        held += bytes + entryOverheadBytes
      }
      // Not before all are held: what goes here may share its memory with what came behind it.
      for (const letGo of tooLarge) letGo()
      for (const oldest of entries.keys()) {
        if (held <= bytesMax) return
        drop(oldest)
      }
    },
    borrow: (at) => {
      const entry = entries.get(keyOf(at))
      // Were memory ever given back under an entry, the disk would still have the payload.
      if (entry === undefined || bytesOf(entry.payload) !== entry.bytes) return undefined
      return { payload: entry.payload, giveBack: hold(entry.payload) }
    },
    drop: (at) => drop(keyOf(at)),
    dropSegment: (segment) => {
      for (const key of entries.keys()) if (key.startsWith(`${segment}/`)) drop(key)
    },
    bytes: () => held,
  }
}

const bytesOf = (payload: readonly Uint8Array[]): number =>
  payload.reduce((sum, { length }) => sum + length, 0)

const keyOf = ({ segment, offset }: Position): string => `${segment}/${offset}`
