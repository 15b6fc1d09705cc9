/**
 * What a record log holds, looked at from outside: one segment at a time, and nothing is changed.
 */

import type { Batch, Priority } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { Filesystem } from '../disk/filesystem.ts'
import { type Fate, type OfflineSegment, offlineRing, offlineSegments } from './offline-segments.ts'
import { streamKey } from './stream-counts.ts'

export type SegmentReport = {
  readonly path: string
  readonly id: number
  readonly priority: Priority
  readonly bytes: number
  /** Frames whose header is readable. */
  readonly batches: number
  readonly records: number
  readonly fates: Readonly<Record<Fate, number>>
  readonly streams: readonly StreamReport[]
  /** Times of the records in it, 0 where none has one. Milliseconds since the Unix epoch. */
  readonly fromMs: number
  readonly toMs: number
  /** When its batches were accepted, 0 where there are none. */
  readonly acceptedFromMs: number
  readonly acceptedToMs: number
  /** Bytes that are no frame; `verifyRing` says more. */
  readonly unreadableBytes: number
}

export type StreamReport = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
  readonly batches: number
  readonly records: number
  /** Records of batches that have not ended, as far as is known. */
  readonly pendingRecords: number
  /** What it has of the stream, joined where nothing is between; both ends inclusive. */
  readonly ranges: readonly { readonly firstSeq: number; readonly lastSeq: number }[]
}

/**
 * @param directory the data directory, with `ring` and, if fates are wanted, `journal` in it
 * @throws ENOENT when there is no ring; {FormatVersionError}; {JournalError} `corrupt`.
 */
export async function* inspectRing(
  directory: string,
  filesystem?: Filesystem,
): AsyncGenerator<SegmentReport, void, undefined> {
  for await (const segment of offlineSegments(offlineRing(directory, filesystem))) {
    yield await reportOf(segment)
  }
}

type Tally = {
  readonly stream: Pick<Batch, 'producer' | 'tenant' | 'service'>
  batches: number
  records: number
  pendingRecords: number
  readonly ranges: { firstSeq: number; lastSeq: number }[]
}

const reportOf = async (segment: OfflineSegment): Promise<SegmentReport> => {
  const streams = new Map<string, Tally>()
  const fates: Record<Fate, number> = { pending: 0, ended: 0, unknown: 0 }
  const times = { fromMs: 0, toMs: 0, acceptedFromMs: 0, acceptedToMs: 0 }
  let [batches, records] = [0, 0]
  let unreadableBytes = segment.header === undefined ? segment.bytes : 0
  for await (const found of segment.found('skip')) {
    if (found.kind !== 'batch') {
      unreadableBytes += found.bytes
      continue
    }
    const { batch } = found.held
    const fate = segment.fateOf(found.frame.offset)
    fates[fate] += 1
    batches += 1
    records += recordsIn(batch)
    count(streams, batch, fate)
    times.fromMs = earlier(times.fromMs, batch.fromMs)
    times.toMs = Math.max(times.toMs, batch.toMs)
    times.acceptedFromMs = earlier(times.acceptedFromMs, batch.acceptedAtMs)
    times.acceptedToMs = Math.max(times.acceptedToMs, batch.acceptedAtMs)
  }
  const { path, id, priority, bytes } = segment
  return {
    path,
    id,
    priority,
    bytes,
    batches,
    records,
    fates,
    streams: [...streams.values()].map(({ stream, ...tally }) => ({ ...stream, ...tally })),
    ...times,
    unreadableBytes,
  }
}

const count = (streams: Map<string, Tally>, batch: Batch, fate: Fate): void => {
  const { producer, tenant, service, firstSeq, lastSeq } = batch
  const tally = streams.get(streamKey(batch)) ?? {
    stream: { producer, tenant, service },
    batches: 0,
    records: 0,
    pendingRecords: 0,
    ranges: [],
  }
  streams.set(streamKey(batch), tally)
  tally.batches += 1
  tally.records += recordsIn(batch)
  if (fate !== 'ended') tally.pendingRecords += recordsIn(batch)
  const last = tally.ranges.at(-1)
  if (last !== undefined && last.lastSeq + 1 === firstSeq) last.lastSeq = lastSeq
  else tally.ranges.push({ firstSeq, lastSeq })
}

/** 0 stands for no time. */
const earlier = (a: number, b: number): number => (a === 0 || b === 0 ? a + b : Math.min(a, b))
