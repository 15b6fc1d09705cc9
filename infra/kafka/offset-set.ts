/** A set of offsets that fills up nearly in order, as stretches: small while there are few gaps. */
export type OffsetSet = {
  /** Answers whether it is new. */
  readonly add: (offset: number) => boolean
  readonly has: (offset: number) => boolean
  readonly stretches: () => number
}

export const openOffsetSet = (): OffsetSet => {
  /** Both ends inclusive; in order, apart, not touching. */
  const stretches: { first: number; last: number }[] = []

  /** The place of the last stretch that begins at the offset or before it; -1: none does. */
  const placeOf = (offset: number): number => {
    let [low, high] = [0, stretches.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((stretches[middle]?.first ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }
  return {
    has: (offset) => (stretches[placeOf(offset)]?.last ?? -1) >= offset,
    add: (offset) => {
      const place = placeOf(offset)
      const [before, after] = [stretches[place], stretches[place + 1]]
      if (before !== undefined && before.last >= offset) return false
      const joinsBefore = before !== undefined && before.last === offset - 1
      const joinsAfter = after !== undefined && after.first === offset + 1
      if (joinsBefore && joinsAfter) {
        before.last = after.last
        stretches.splice(place + 1, 1)
      } else if (joinsBefore) before.last = offset
      else if (joinsAfter) after.first = offset
      else stretches.splice(place + 1, 0, { first: offset, last: offset })
      return true
    },
    stretches: () => stretches.length,
  }
}
