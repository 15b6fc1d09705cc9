/** What an eviction loses, in as few drop events as say it exactly. */

import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { Batch, Drop, Held } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { StreamName } from '../ring/stream-counts.ts'
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
export const lostRanges = (
  held: readonly Held[],
  /** Answers the name in other strings, which others hold as well. */
  shared: (name: StreamName) => StreamName = (name) => name,
): readonly LostRange[] => {
  const ranges: LostRange[] = []
  for (const batch of held.map((it) => it.batch).sort(byCoordinates)) {
    const last = ranges.at(-1)
    if (last !== undefined && follows(last, batch)) ranges[ranges.length - 1] = joined(last, batch)
    else ranges.push(rangeOf(batch, shared(batch)))
  }
  return ranges
}

const rangeOf = (batch: Batch, { producer, tenant, service }: StreamName): LostRange => ({
  producer,
  tenant,
  service,
  firstSeq: batch.firstSeq,
  lastSeq: batch.lastSeq,
  bytes: batch.bytes,
  priority: batch.priority,
  fromMs: batch.fromMs,
  toMs: batch.toMs,
  batches: 1,
  records: recordsIn(batch),
})

/** The drop events of a segment that is overwritten. Those that read the same share their text. */
export const evictionDrops = (
  ranges: readonly LostRange[],
  given: { readonly segment: number; readonly nowMs: InstantMs; readonly ids: DropIds },
): readonly Drop[] => {
  const details = new Map<string, string>()
  const detailOf = ({ batches, priority }: LostRange): string => {
    const key = `${batches} ${priority}`
    const known = details.get(key)
    if (known !== undefined) return known
    const lost = batches === 1 ? 'one batch' : `${batches} batches`
    const detail =
      `The cache was full, so its segment ${given.segment} of ${priority} priority was overwritten; ` +
      `${lost} of this range had not ended.`
    details.set(key, detail)
    return detail
  }
  return ranges.map((range) => overwrittenDrop(range, { ...given, detail: detailOf(range) }))
}

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
