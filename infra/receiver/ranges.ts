import type { Coordinates } from '../../schemas/brand.ts'
import { differenceOf, type RangeSet, unionOf } from '../../schemas/range-set.ts'

/** What was seen of each stream, as merged ranges: its size is the number of gaps, not of records. */
export type Ranges = {
  /** Adds a range and answers the parts of it that were new, in order. */
  readonly add: (coordinates: Coordinates) => RangeSet
  /** The parts of a range that were not seen, in order. Adds nothing. */
  readonly missing: (coordinates: Coordinates) => RangeSet
  readonly streams: () => readonly (Omit<Coordinates, 'firstSeq' | 'lastSeq'> & {
    readonly ranges: RangeSet
  })[]
  /** Whether a bound was reached, so that something added is not remembered any more. */
  readonly hasForgotten: () => boolean
}

/**
 * @param options.streamsMax streams remembered; beyond it the one not added to for longest is forgotten.
 * @param options.rangesMax ranges of one stream remembered; beyond it the lowest is forgotten.
 */
export const openRanges = (options: {
  readonly streamsMax: number
  readonly rangesMax: number
}): Ranges => {
  const streams = new Map<string, { readonly of: Coordinates; ranges: RangeSet }>()
  let forgotten = false
  return {
    add: (added) => {
      const key = keyOf(added)
      const known = streams.get(key)?.ranges ?? []
      const { firstSeq, lastSeq } = added
      const all = unionOf(known, [{ firstSeq, lastSeq }])
      const ranges = all.slice(-options.rangesMax)
      forgotten ||= ranges.length < all.length
      streams.delete(key)
      streams.set(key, { of: added, ranges })
      if (streams.size > options.streamsMax) {
        forgotten = true
        for (const oldest of streams.keys()) {
          streams.delete(oldest)
          break
        }
      }
      return differenceOf([added], known)
    },
    missing: (asked) => differenceOf([asked], streams.get(keyOf(asked))?.ranges ?? []),
    streams: () =>
      [...streams.values()].map(({ of: { producer, tenant, service }, ranges }) => ({
        producer,
        tenant,
        service,
        ranges,
      })),
    hasForgotten: () => forgotten,
  }
}

const keyOf = ({ producer, tenant, service }: Coordinates): string =>
  JSON.stringify([producer, tenant, service])
