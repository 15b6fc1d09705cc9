/**
 * A lane: the chain of segments of one priority. It is a value, never changed in place, and knows each
 * segment as a whole, and by name only the batches at its head: so it is small, whatever is held.
 */
import type { BatchId } from '../../schemas/brand.ts'
import type { Held, Position } from '../../schemas/messages.ts'
import type { Segment, SegmentWritten } from './protocol.ts'

export type Lane = {
  /** Oldest first. */
  readonly segments: readonly Segment[]
  /** Known by name, not leased; oldest first, but what was returned comes last. */
  readonly ready: readonly Held[]
  /** All batches up to here have been in `ready`. */
  readonly loadedThrough: Position | null
  /** There may be unsettled batches behind `loadedThrough`. */
  readonly behind: 'none' | 'some' | 'loading'
  /** Something was appended, unseen, since the load under way began. */
  readonly grewWhileLoading: 'no' | 'yes'
}

export const emptyLane: Lane = {
  segments: [],
  ready: [],
  loadedThrough: null,
  behind: 'none',
  grewWhileLoading: 'no',
}

export const recoveredLane = (segments: readonly Segment[]): Lane => ({
  ...emptyLane,
  segments: [...segments].sort((a, b) => a.id - b.id),
  behind: segments.some(({ batches }) => batches > 0) ? 'some' : 'none',
})

export const compare = (a: Position, b: Position): number =>
  a.segment - b.segment || a.offset - b.offset

/** Takes in what was appended: by name while the lane is at its end, else only as a count. */
export const grown = (
  lane: Lane,
  appended: { readonly held: readonly Held[]; readonly segments: readonly SegmentWritten[] },
  { readyMax }: { readonly readyMax: number },
): Lane => {
  const segments = written(lane.segments, appended)
  const last = appended.held.at(-1)
  if (last === undefined) return { ...lane, segments }
  const known = lane.behind === 'none' && lane.ready.length + appended.held.length <= readyMax
  if (!known) {
    return lane.behind === 'loading'
      ? { ...lane, segments, grewWhileLoading: 'yes' }
      : { ...lane, segments, behind: 'some' }
  }
  return { ...lane, segments, ready: [...lane.ready, ...appended.held], loadedThrough: last.at }
}

const written = (
  segments: readonly Segment[],
  appended: { readonly held: readonly Held[]; readonly segments: readonly SegmentWritten[] },
): readonly Segment[] => {
  const byId = new Map(segments.map((segment) => [segment.id, segment]))
  for (const segment of appended.segments) {
    const batches = appended.held.filter(({ at }) => at.segment === segment.id).length
    byId.set(segment.id, { ...segment, batches: (byId.get(segment.id)?.batches ?? 0) + batches })
  }
  return [...byId.values()]
}

/**
 * Takes in what was loaded. A batch of a segment that has gone since is no batch of ours, and one of
 * the append under way is none yet: the log may show it before it says that the append is done.
 */
export const loaded = (
  lane: Lane,
  load: { readonly held: readonly Held[]; readonly through: Position | null },
  appending: ReadonlySet<BatchId>,
): Lane => {
  const before = load.held.filter(({ batch }) => !appending.has(batch.id))
  const held = before.filter(({ at }) => lane.segments.some(({ id }) => id === at.segment))
  // The append is the newest there is: who sees it has seen everything before it.
  const seesAppend = before.length < load.held.length
  const atEnd = seesAppend || (load.through === null && lane.grewWhileLoading === 'no')
  const through = seesAppend ? null : load.through
  return {
    ...lane,
    ready: [...lane.ready, ...held],
    loadedThrough: through ?? before.at(-1)?.at ?? lane.loadedThrough,
    behind: atEnd ? 'none' : 'some',
    grewWhileLoading: 'no',
  }
}

export const loading = (lane: Lane): Lane => ({
  ...lane,
  behind: 'loading',
  grewWhileLoading: 'no',
})

/** Without what was settled; counted once for all of it, since a lane may have many segments. */
export const settledIn = (lane: Lane, settled: readonly Held[]): Lane => {
  const ids = new Set(settled.map(({ batch }) => batch.id))
  const counts = new Map<number, number>()
  for (const { at } of settled) counts.set(at.segment, (counts.get(at.segment) ?? 0) + 1)
  return {
    ...lane,
    ready: lane.ready.filter(({ batch }) => !ids.has(batch.id)),
    segments: lane.segments.map((it) => {
      const count = counts.get(it.id)
      return count === undefined ? it : { ...it, batches: Math.max(0, it.batches - count) }
    }),
  }
}

/** Without a segment, and without what was ready of it. */
export const without = (lane: Lane, segment: number): Lane => ({
  ...lane,
  segments: lane.segments.filter(({ id }) => id !== segment),
  ready: lane.ready.filter(({ at }) => at.segment !== segment),
})
