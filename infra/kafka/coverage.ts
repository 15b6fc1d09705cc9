/**
 * Up to where a partition of `records` may be cut off. Batches are let go of in any order, and a
 * partition is cut off at its beginning only. Between what is let go of there may be records of which
 * nobody has heard: their collector may be about to announce them. They are waited for, for so long
 * that nobody announces them any more.
 */
export type Coverage = {
  /** This offset is not needed any more. */
  readonly cover: (offset: number) => void
  /** This offset is needed. */
  readonly need: (offset: number) => void
  /** Offsets below are needed by nobody; how many of them nobody has ever announced. */
  readonly advance: (nowMs: number) => { readonly before: number; readonly orphans: number }
  /** What lies below was cut off. */
  readonly first: () => number
}

/** @param given.orphanMs longer than a collector takes to announce what it has written, at most. */
export const openCoverage = (given: {
  readonly first: number
  readonly orphanMs: number
}): Coverage => {
  let { first } = given
  const covered = new Set<number>()
  const needed = new Set<number>()
  let gapSinceMs: number | undefined

  return {
    first: () => first,
    cover: (offset) => {
      needed.delete(offset)
      if (offset >= first) covered.add(offset)
    },
    need: (offset) => {
      needed.add(offset)
    },
    advance: (nowMs) => {
      let orphans = 0
      for (;;) {
        while (covered.delete(first)) {
          first += 1
          gapSinceMs = undefined
        }
        // Behind the last that is covered nothing is known to be there at all.
        if (covered.size === 0 || needed.has(first)) break
        gapSinceMs ??= nowMs
        if (nowMs - gapSinceMs < given.orphanMs) break
        // The whole gap is as old: it was passed over when what lies behind it was let go of.
        while (!covered.has(first) && !needed.has(first)) {
          first += 1
          orphans += 1
        }
        gapSinceMs = undefined
      }
      return { before: first, orphans }
    },
  }
}
