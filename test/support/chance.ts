/** Chance that the same seed repeats: mulberry32. */
export type Chance = {
  /** From 0 to less than 1. */
  readonly next: () => number
  /** A whole number from 0 to less than `limit`. */
  readonly below: (limit: number) => number
  /** True once in so many times. */
  readonly oneIn: (times: number) => boolean
}

export const chanceOf = (seed: number): Chance => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return { next, below, oneIn: (times) => below(times) === 0 }
}
