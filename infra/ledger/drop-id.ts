/**
 * Ids of drop events: `<milliseconds>-<count>`, both in base 36 and padded, so that they sort as they
 * were made. They never go back, though clocks do, nor after a restart, since the last one that was
 * recorded is where the next life goes on.
 */
import type { InstantMs } from '../../schemas/brand.ts'

export type DropIds = {
  readonly next: (nowMs: InstantMs) => string
  /** Takes note of an id that was given in a former life. */
  readonly seen: (id: string) => void
}

/** Base 36 digits: enough for the year 5188, and for 1.6 million drop events a millisecond. */
const msDigits = 9
const countDigits = 4
const countMax = 36 ** countDigits - 1

export const openDropIds = (): DropIds => {
  let lastMs = 0
  let count = -1
  return {
    next: (nowMs) => {
      if (nowMs > lastMs) {
        lastMs = nowMs
        count = 0
      } else if (count < countMax) {
        count += 1
      } else {
        lastMs += 1
        count = 0
      }
      return `${leastDropId(lastMs)}-${count.toString(36).padStart(countDigits, '0')}`
    },
    seen: (id) => {
      const [ms, seenCount] = id.split('-').map((part) => Number.parseInt(part, 36))
      if (ms === undefined || seenCount === undefined) return
      if (ms < lastMs || (ms === lastMs && seenCount <= count)) return
      lastMs = ms
      count = seenCount
    },
  }
}

/** Sorts before all ids of that millisecond and after all of earlier ones. */
export const leastDropId = (ms: number): string =>
  Math.max(0, Math.floor(ms)).toString(36).padStart(msDigits, '0')

/** How every id begins, and so every cursor: what looks otherwise is behind all or before all. */
export const looksLikeDropId = (text: string): boolean => dropIdStart.test(text)
const dropIdStart = new RegExp(`^[0-9a-z]{${msDigits}}-`)

/** When it was given: at its event, or after it where the clock was set back. */
export const dropIdMs = (id: string): number => Number.parseInt(id.slice(0, msDigits), 36)
