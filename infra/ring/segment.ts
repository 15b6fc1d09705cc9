/**
 * What is kept in memory of a segment: counts, and where some but not all of it has ended, the
 * offsets of what has. Nothing per batch, so that memory does not grow with what is held on disk.
 */

import type { Segment } from '../../actors/cache/protocol.ts'
import type { Held, Priority } from '../../schemas/messages.ts'
import { fileHeaderBytes } from '../disk/file-header.ts'
import { openStreamCounts, type StreamCounts, type StreamNames } from './stream-counts.ts'

/** Owned and changed by the ring alone. */
export type SegmentState = {
  readonly id: number
  readonly priority: Priority
  readonly path: string
  readonly salt: number
  /** Fingerprint of the schema of the frames' headers. */
  readonly schema: bigint
  /** Offset behind the last committed frame: nothing behind it is read. */
  end: number
  frames: number
  /** Offset of the last frame, 0 where there is none. */
  lastOffset: number
  readonly accepted: StreamCounts
  /** Offsets of batches that have ended. */
  ended: Set<number> | 'all'
  /** Offsets of batches that recovery reported as corrupt: not offered again. */
  readonly corrupt: Set<number>
  phase: 'active' | 'sealed' | 'removing'
}

export const newSegment = (
  segment: Pick<SegmentState, 'id' | 'priority' | 'path' | 'salt' | 'schema'>,
  streams: StreamNames,
): SegmentState => ({
  ...segment,
  end: fileHeaderBytes,
  frames: 0,
  lastOffset: 0,
  accepted: openStreamCounts(streams),
  ended: new Set(),
  corrupt: new Set(),
  phase: 'active',
})

/** Counts a frame in. `end` is the caller's to move. */
export const addFrame = (segment: SegmentState, { batch, at }: Held): void => {
  segment.frames += 1
  segment.lastOffset = Math.max(segment.lastOffset, at.offset)
  segment.accepted.add(batch)
}

/** Answers false when the batch had ended before. */
export const endBatch = (segment: SegmentState, offset: number): boolean => {
  if (segment.ended === 'all' || segment.ended.has(offset)) return false
  segment.ended.add(offset)
  forgetEnded(segment)
  return true
}

export const seal = (segment: SegmentState): void => {
  segment.phase = 'sealed'
  segment.accepted.pack()
  forgetEnded(segment)
}

/** Once all of a sealed segment has ended, one word says so. */
const forgetEnded = (segment: SegmentState): void => {
  if (segment.phase === 'active' || segment.ended === 'all') return
  if (segment.ended.size === segment.frames) segment.ended = 'all'
}

export const hasEnded = ({ ended }: SegmentState, offset: number): boolean =>
  ended === 'all' || ended.has(offset)

/** Batches that have neither ended nor been reported as corrupt. */
const pendingBatches = ({ ended, frames, corrupt }: SegmentState): number => {
  if (ended === 'all') return 0
  const lost = [...corrupt].filter((offset) => !ended.has(offset)).length
  return frames - ended.size - lost
}

export const isPending = (segment: SegmentState): boolean => pendingBatches(segment) > 0

export const segmentOf = (segment: SegmentState): Segment => ({
  id: segment.id,
  priority: segment.priority,
  bytes: segment.end,
  batches: pendingBatches(segment),
  sealed: segment.phase !== 'active',
})

const namePattern = /^segment-(\d{12,16})-(high|normal|low)\.log$/

/** Ids are padded, so that the order of names is the order of ids. */
export const segmentName = ({ id, priority }: Pick<Segment, 'id' | 'priority'>): string =>
  `segment-${String(id).padStart(12, '0')}-${priority}.log`

export const segmentNamed = (name: string): Pick<Segment, 'id' | 'priority'> | undefined => {
  const [, id, priority] = namePattern.exec(name) ?? []
  return id === undefined ? undefined : { id: Number(id), priority: priority as Priority }
}
