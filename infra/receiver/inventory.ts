import type { Coordinates } from '../../schemas/brand.ts'
import { differenceOf, type RangeSet } from '../../schemas/range-set.ts'
import { openRanges } from './ranges.ts'

/** For recognising duplicates. A producer is one life of a collector, so there come new ones. */
const streamsMax = 10_000
const rangesMax = 10_000

/** Which records a receiver has, and which of them came more than once. */
export type Inventory = {
  /** Adds the records of a batch and answers those of them that were new. */
  readonly add: (batch: Coordinates) => RangeSet
  /** The records of a batch that have not come yet. Adds nothing. */
  readonly missing: (batch: Coordinates) => RangeSet
  /** Records of a request that did not say which they are. */
  readonly addNameless: (records: number) => void
  readonly ranges: () => ReceivedRanges
}

/** What `GET /ranges` answers. */
export type ReceivedRanges = {
  readonly streams: readonly ReceivedStream[]
  /** Records whose ids were missing or did not add up: they are in no stream. */
  readonly nameless: number
  /** Whether more streams or ranges came than are remembered: then some that came are not listed. */
  readonly forgotten: boolean
}
export type ReceivedStream = Omit<Coordinates, 'firstSeq' | 'lastSeq'> & {
  readonly received: RangeSet
  /** Came once more at least. */
  readonly repeated: RangeSet
}

export const openInventory = (): Inventory => {
  const once = openRanges({ streamsMax, rangesMax })
  const again = openRanges({ streamsMax, rangesMax })
  let nameless = 0
  const addRepeated = (batch: Coordinates, fresh: RangeSet): void => {
    for (const range of differenceOf([batch], fresh)) again.add({ ...batch, ...range })
  }
  return {
    add: (batch) => {
      const fresh = once.add(batch)
      addRepeated(batch, fresh)
      return fresh
    },
    missing: once.missing,
    addNameless: (records) => {
      nameless += records
    },
    ranges: () => {
      const repeated = new Map(again.streams().map(({ ranges, ...of }) => [keyOf(of), ranges]))
      return {
        streams: once.streams().map(({ ranges, ...of }) => ({
          ...of,
          received: ranges,
          repeated: repeated.get(keyOf(of)) ?? [],
        })),
        nameless,
        forgotten: once.hasForgotten() || again.hasForgotten(),
      }
    },
  }
}

const keyOf = ({ producer, tenant, service }: Omit<Coordinates, 'firstSeq' | 'lastSeq'>): string =>
  JSON.stringify([producer, tenant, service])
