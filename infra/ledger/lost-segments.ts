/**
 * What the journal knows to have been accepted and the record log has not any more: somebody removed or
 * cut a segment file while nothing ran, or a disk without `fsync` lost its end. What of it had ended is
 * over; the rest is lost, and its numbers are known.
 */
import { type InstantMs, instant, seq } from '../../schemas/brand.ts'
import type { Drop, Extent, Mark, SegmentLost } from '../../schemas/messages.ts'
import {
  differenceOf,
  type RangeSet,
  rangeSet,
  recordsIn,
  sizeOf,
} from '../../schemas/range-set.ts'
import type { RecordLog, StreamExtent } from '../ring/record-log.ts'
import { streamKey } from '../ring/stream-counts.ts'
import type { DropIds } from './drop-id.ts'
import { extentOfMark } from './grown.ts'
import type { Replayed } from './replay.ts'

type Missed = { readonly extent: Extent; readonly keptTo: number; readonly lost: RangeSet }

export const lostSegments = ({
  replayed: { grown, marks },
  log,
  ids,
  nowMs,
}: {
  readonly replayed: Pick<Replayed, 'grown' | 'marks'>
  readonly log: Pick<RecordLog, 'accepted'>
  readonly ids: DropIds
  readonly nowMs: InstantMs
}): readonly SegmentLost[] =>
  [...grown].flatMap(([segment, streams]): readonly SegmentLost[] => {
    const found = new Map(log.accepted(segment).map((it) => [streamKey(it), it]))
    const ends = Map.groupBy(marks.get(segment)?.values() ?? [], streamKey)
    const missed = [...streams].flatMap(([key, extent]) =>
      missedOf(extent, { found: found.get(key), ends: ends.get(key) ?? [] }),
    )
    if (missed.length === 0) return []
    const fate = found.size === 0 ? 'gone' : 'cut short'
    const drops = missed.flatMap((it) => dropsOf(it, { ids, nowMs, fate }))
    return [{ type: 'segment.lost', segment, streams: missed.map(remnantOf), drops }]
  })

const missedOf = (
  extent: Extent,
  { found, ends }: { readonly found: StreamExtent | undefined; readonly ends: readonly Mark[] },
): readonly Missed[] => {
  const keptTo = found?.lastSeq ?? -1
  if (keptTo >= extent.lastSeq) return []
  // Of a gap in the middle, or of ends without their numbers, only the count is known: see `live`.
  if (found !== undefined && found.records !== recordsIn(asRange(found))) return []
  if (ends.some(({ firstSeq }) => firstSeq < 0)) return []
  const missing = { ...extent, firstSeq: Math.max(extent.firstSeq, keptTo + 1) }
  const over = ends.map(extentOfMark).filter((it) => it !== undefined)
  const lost = differenceOf([asRange(missing)], rangeSet(over.map(asRange)))
  return [{ extent: missing, keptTo, lost }]
}

const asRange = (range: { readonly firstSeq: number; readonly lastSeq: number }) => ({
  firstSeq: seq(range.firstSeq),
  lastSeq: seq(range.lastSeq),
})

const remnantOf = ({ extent, keptTo, lost }: Missed): SegmentLost['streams'][number] => {
  const { producer, tenant, service } = extent
  const accepted = recordsIn(asRange(extent))
  return { producer, tenant, service, keptTo, accepted, dropped: sizeOf(lost) }
}

/** Bytes and times were in the file alone: 0 says that they are not known. */
const dropsOf = (
  { extent, lost }: Missed,
  given: { readonly ids: DropIds; readonly nowMs: InstantMs; readonly fate: string },
): readonly Drop[] => {
  const { segment, producer, tenant, service } = extent
  const detail =
    `The file of segment ${segment} was found ${given.fate} at a start: the journal knows that these ` +
    'records were accepted, and they had not ended.'
  const unknown = { bytes: 0, fromMs: instant(0), toMs: instant(0) }
  return lost.map((range) => ({
    ...{ id: given.ids.next(given.nowMs), atMs: given.nowMs, tenant, service, producer },
    ...{ ...range, records: recordsIn(range), reason: 'cache_corrupt' as const, detail },
    ...unknown,
  }))
}
