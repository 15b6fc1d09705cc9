/** What an eviction loses, in as few drop events as say it exactly. */

import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { Batch, Drop, Held } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { DropIds } from './drop-id.ts'

/** Batches of one stream of one producer that follow one another without a gap, as one. */
export type LostRange = Pick<
  Batch,
  | 'producer'
  | 'tenant'
  | 'service'
  | 'firstSeq'
  | 'lastSeq'
  | 'bytes'
  | 'priority'
  | 'fromMs'
  | 'toMs'
> & { readonly batches: number; readonly records: number }

/** The maximal contiguous ranges; by producer, tenant and service, then by number. */
export const lostRanges = (held: readonly Held[]): readonly LostRange[] => {
  const ranges: LostRange[] = []
  for (const batch of held.map((it) => it.batch).sort(byCoordinates)) {
    const last = ranges.at(-1)
    if (last !== undefined && follows(last, batch)) ranges[ranges.length - 1] = joined(last, batch)
    else ranges.push({ ...batch, batches: 1, records: recordsIn(batch) })
  }
  return ranges
}

/** The drop events of a segment that is overwritten. */
export const evictionDrops = (
  ranges: readonly LostRange[],
  given: { readonly segment: number; readonly nowMs: InstantMs; readonly ids: DropIds },
): readonly Drop[] =>
  ranges.map((range) => {
    const batches = range.batches === 1 ? 'one batch' : `${range.batches} batches`
    const detail =
      `The cache was full, so its segment ${given.segment} of ${range.priority} priority was overwritten; ` +
      `${batches} of this range had not ended.`
    return overwrittenDrop(range, { ...given, detail })
  })

/** The drop event of a range that made way for others. */
export const overwrittenDrop = (
  { producer, tenant, service, firstSeq, lastSeq, records, bytes, fromMs, toMs }: LostRange,
  {
    nowMs,
    ids,
    detail,
  }: { readonly nowMs: InstantMs; readonly ids: DropIds; readonly detail: string },
): Drop => ({
  id: ids.next(nowMs),
  atMs: nowMs,
  tenant,
  service,
  producer,
  firstSeq,
  lastSeq,
  records,
  bytes,
  reason: 'cache_overwritten',
  detail,
  fromMs,
  toMs,
})

const byCoordinates = (a: Batch, b: Batch): number =>
  order(a.producer, b.producer) ||
  order(a.tenant, b.tenant) ||
  order(a.service, b.service) ||
  a.firstSeq - b.firstSeq

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const follows = (range: LostRange, batch: Batch): boolean =>
  range.producer === batch.producer &&
  range.tenant === batch.tenant &&
  range.service === batch.service &&
  range.lastSeq + 1 === batch.firstSeq

const joined = (range: LostRange, batch: Batch): LostRange => ({
  ...range,
  lastSeq: batch.lastSeq,
  batches: range.batches + 1,
  records: range.records + recordsIn(batch),
  bytes: range.bytes + batch.bytes,
  fromMs: earliest(range.fromMs, batch.fromMs),
  toMs: instant(Math.max(range.toMs, batch.toMs)),
})

/** 0 stands for unknown. */
const earliest = (a: InstantMs, b: InstantMs): InstantMs =>
  a === 0 ? b : b === 0 ? a : instant(Math.min(a, b))
