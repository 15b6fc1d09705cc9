/**
 * Which batch goes to which segment: decided for a whole group of appends before a byte is written.
 */
import type { Batch, Held, Priority } from '../../schemas/messages.ts'
import { encodeFrame, frameBytesOf, lengthsOf } from '../disk/frame.ts'
import type { SegmentState } from './segment.ts'

/** A batch that waits to be written. */
export type Entry = {
  readonly batch: Batch
  readonly header: Buffer
  readonly payload: readonly Uint8Array[]
}
/** The batches of one `append`. */
export type Submitted = { readonly entries: readonly Entry[]; readonly bytes: number }

/** What one group adds to one segment. */
export type Extent = {
  readonly segment: SegmentState
  readonly origin: 'existing' | 'created'
  readonly start: number
  end: number
  readonly pieces: Uint8Array[]
  readonly written: { readonly held: Held; readonly payload: readonly Uint8Array[] }[]
}
export type Plan = {
  /** In the order in which they are written, those of one priority one after the other. */
  readonly extents: readonly Extent[]
  /** Segments to which nothing more will be written, since what comes next did not fit. */
  readonly filled: readonly SegmentState[]
  /** One an append: where its batches are, and the segments that it wrote to or filled. */
  readonly answers: readonly {
    readonly held: readonly Held[]
    readonly segments: ReadonlySet<SegmentState>
  }[]
}

export type Limits = { readonly segmentBytes: number; readonly segmentFramesMax: number }

export const planGroup = (
  group: readonly Submitted[],
  ring: {
    readonly active: (priority: Priority) => SegmentState | undefined
    /** A segment that is not on disk yet. */
    readonly create: (priority: Priority) => SegmentState
    readonly limits: Limits
  },
): Plan => {
  const extents: Extent[] = []
  const filled: SegmentState[] = []
  const open = new Map<Priority, Extent>()

  const begin = (segment: SegmentState, origin: Extent['origin']): Extent => {
    const start = segment.end
    const extent = { segment, origin, start, end: start, pieces: [], written: [] }
    open.set(segment.priority, extent)
    return extent
  }
  const extentFor = (entry: Entry, touched: Set<SegmentState>): Extent => {
    const { priority } = entry.batch
    const active = open.get(priority) ?? beginActive(priority)
    if (active !== undefined && fits(active, entryBytes(entry), ring.limits)) return active
    if (active !== undefined) {
      filled.push(active.segment)
      touched.add(active.segment)
    }
    return begin(ring.create(priority), 'created')
  }
  const beginActive = (priority: Priority): Extent | undefined => {
    const segment = ring.active(priority)
    return segment === undefined ? undefined : begin(segment, 'existing')
  }

  const answers = group.map(({ entries }) => {
    const held: Held[] = []
    const segments = new Set<SegmentState>()
    for (const entry of entries) {
      const { batch, header, payload } = entry
      const extent = extentFor(entry, segments)
      const frame = encodeFrame({ header, payload, salt: extent.segment.salt })
      const here = { batch, at: { segment: extent.segment.id, offset: extent.end } }
      extent.end += frame.bytes
      extent.pieces.push(...frame.pieces)
      extent.written.push({ held: here, payload })
      if (!extents.includes(extent)) extents.push(extent)
      held.push(here)
      segments.add(extent.segment)
    }
    return { held, segments }
  })
  return { extents, filled, answers }
}

/** An empty segment takes a frame of any size: a batch larger than a segment has one of its own. */
const fits = (extent: Extent, frameBytes: number, limits: Limits): boolean => {
  const frames = extent.segment.frames + extent.written.length
  if (frames === 0) return true
  return extent.end + frameBytes <= limits.segmentBytes && frames < limits.segmentFramesMax
}

/** @throws {RangeError} when it is larger than a frame can be. */
export const entryBytes = (entry: Pick<Entry, 'header' | 'payload'>): number =>
  frameBytesOf(lengthsOf(entry))
