/** How room is made: what an append needs, and which segment goes first. */
import type { AppendRequested, Priority } from '../../schemas/messages.ts'
import { type CacheContext, priorities } from './context.ts'
import type { Segment } from './protocol.ts'

/** A frame's own bytes at most: two headers of a batch, and what is around them. */
const frameBytesMax = 1_024
/** A refusing cache opens again once so much of it is free: not for every single settlement. */
const freeShareToOpen = 0.1

/** Bytes of all segments on disk, those on their way out included. */
export const usedBytes = ({ lanes, leaving }: CacheContext): number =>
  priorities.reduce(
    (sum, priority) => sum + lanes[priority].segments.reduce((s, { bytes }) => s + bytes, 0),
    leaving.reduce((sum, { bytes }) => sum + bytes, 0),
  )

const neededBytes = ({ batches }: AppendRequested): number =>
  batches.reduce((sum, { bytes }) => sum + bytes + frameBytesMax, 0)

export const fits = (context: CacheContext, append: AppendRequested | null): boolean =>
  append !== null && usedBytes(context) + neededBytes(append) <= context.capacityBytes

export const isRoomy = (context: CacheContext): boolean =>
  usedBytes(context) <= context.capacityBytes * (1 - freeShareToOpen)

/** One segment is removed at a time, and none for an append that could never fit. */
export const mayMakeRoom = (
  context: CacheContext,
  append: AppendRequested | null,
): append is AppendRequested =>
  append !== null && context.victim === null && neededBytes(append) <= context.capacityBytes

/**
 * What can be removed without loss: first what is on its way out already, so that nothing more is
 * given up than has to be, then a segment in which nothing is pending.
 */
export const removable = ({ lanes, leaving }: CacheContext): number | undefined =>
  leaving.find(({ because }) => because !== 'unrecorded')?.segment ??
  priorities.flatMap((priority) => lanes[priority].segments).find(({ batches }) => batches === 0)
    ?.id

/** What to evict for an append: what could not be recorded as evicted before comes first. */
export const evictable = (context: CacheContext, append: AppendRequested): number | undefined => {
  if (context.whenFull === 'refuse') return undefined
  const unrecorded = context.leaving.find(({ because }) => because === 'unrecorded')
  return unrecorded?.segment ?? victimFor(context, append)?.id
}

/**
 * The oldest segment of the lowest priority, never of a higher one than the append's own. One with a
 * batch in flight is passed over: it may be delivered at this moment.
 */
const victimFor = (context: CacheContext, append: AppendRequested): Segment | undefined => {
  const highest = Math.max(...append.batches.map(({ priority }) => priorities.indexOf(priority)))
  const inFlight = new Set(context.leases.map(({ held }) => held.at.segment))
  return priorities
    .slice(0, highest + 1)
    .flatMap((priority) => context.lanes[priority].segments)
    .find(({ id }) => !inFlight.has(id))
}

export const priorityOf = (context: CacheContext, segment: number): Priority | undefined =>
  priorities.find((priority) => context.lanes[priority].segments.some(({ id }) => id === segment))
