import { type Coordinates, type Seq, seq } from '../../schemas/brand.ts'

/** An inclusive range of record numbers. */
export type Range = { readonly firstSeq: Seq; readonly lastSeq: Seq }

/** What was seen of each stream, as merged ranges: its size is the number of gaps, not of records. */
export type Ranges = {
  /** Adds a range and answers the parts of it that were new, in order. */
  readonly add: (coordinates: Coordinates) => readonly Range[]
  /** The parts of a range that were not seen, in order. Adds nothing. */
  readonly missing: (coordinates: Coordinates) => readonly Range[]
  readonly streams: () => readonly (Omit<Coordinates, 'firstSeq' | 'lastSeq'> & {
    readonly ranges: readonly Range[]
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
  const streams = new Map<string, { readonly of: Coordinates; ranges: readonly Range[] }>()
  let forgotten = false
  return {
    add: (added) => {
      const key = keyOf(added)
      const known = streams.get(key)?.ranges ?? []
      const all = merged(known, added)
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
      return gapsIn(known, added)
    },
    missing: (asked) => gapsIn(streams.get(keyOf(asked))?.ranges ?? [], asked),
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

/** `ranges` are in order, apart, and do not touch; so is the result. */
const merged = (ranges: readonly Range[], added: Range): readonly Range[] => {
  const last = ranges.at(-1)
  // What is new follows what was there, nearly always.
  if (last === undefined || last.lastSeq + 1 < added.firstSeq) return [...ranges, rangeOf(added)]
  const from = firstTouching(ranges, added.firstSeq)
  let to = from
  let { firstSeq, lastSeq } = added
  for (let range = ranges[to]; range !== undefined; to += 1, range = ranges[to]) {
    if (range.firstSeq > lastSeq + 1) break
    firstSeq = seq(Math.min(firstSeq, range.firstSeq))
    lastSeq = seq(Math.max(lastSeq, range.lastSeq))
  }
  return [...ranges.slice(0, from), { firstSeq, lastSeq }, ...ranges.slice(to)]
}

const gapsIn = (ranges: readonly Range[], asked: Range): readonly Range[] => {
  const gaps: Range[] = []
  let next: number = asked.firstSeq
  for (let at = firstTouching(ranges, asked.firstSeq); at < ranges.length; at += 1) {
    const range = ranges[at]
    if (range === undefined || range.firstSeq > asked.lastSeq) break
    if (range.firstSeq > next) gaps.push({ firstSeq: seq(next), lastSeq: seq(range.firstSeq - 1) })
    next = Math.max(next, range.lastSeq + 1)
  }
  if (next <= asked.lastSeq) gaps.push({ firstSeq: seq(next), lastSeq: asked.lastSeq })
  return gaps
}

const rangeOf = ({ firstSeq, lastSeq }: Range): Range => ({ firstSeq, lastSeq })

/** Index of the first range that ends at or behind the number before `at`, by halving. */
const firstTouching = (ranges: readonly Range[], at: number): number => {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const range = ranges[middle]
    if (range !== undefined && range.lastSeq + 1 < at) low = middle + 1
    else high = middle
  }
  return low
}

export const recordsIn = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0)
