/** How often a value fell into each of a few fixed buckets. */
export type Histogram = {
  readonly observe: (value: number) => void
  readonly read: () => HistogramReading
}
export type HistogramReading = {
  /** Upper bounds, inclusive, rising. */
  readonly bounds: readonly number[]
  /** How many fell into each bucket alone, and last how many lay above all of them. */
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

export const histogram = (bounds: readonly number[]): Histogram => {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  let sum = 0
  let count = 0
  return {
    observe: (value) => {
      // A clock that was set back gives a negative duration: it is shown as none.
      const atLeastZero = Math.max(value, 0)
      let index = 0
      while (index < bounds.length && atLeastZero > (bounds[index] ?? 0)) index += 1
      counts[index] = (counts[index] ?? 0) + 1
      sum += atLeastZero
      count += 1
    },
    read: () => ({ bounds, counts: [...counts], sum, count }),
  }
}
