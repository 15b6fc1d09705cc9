/** The ring as a picture needs it: its segments by age, and which of them would be given up next. */
import { type CacheContext, priorities } from '../actors/cache/context.ts'
import type { CacheInput, Segment } from '../actors/cache/protocol.ts'
import type { Priority } from '../schemas/messages.ts'
import type { ActorView } from './stage.ts'

export type RingView = {
  /** The actor that owns it. */
  readonly cache: string
  readonly capacityBytes: number
  readonly whenFull: CacheInput['whenFull']
  readonly segmentCount: number
  /** Oldest first. Beyond `slotsMax` neighbours of one class are shown as one. */
  readonly slots: readonly Slot[]
}

export type Slot = {
  /** Of its oldest segment. */
  readonly id: number
  readonly segments: number
  /** null: it is leaving, and its class is known no more. */
  readonly priority: Priority | null
  readonly bytes: number
  /** Batches that have not ended. */
  readonly batches: number
  /** Of them, batches that a dispatcher has. */
  readonly leased: number
  /** `leaving`: settled or given up, and on its way out. `open`: appended to. */
  readonly state: 'open' | 'sealed' | 'leaving'
  /** When the oldest batch was accepted that is known by name; null: none is. */
  readonly oldestMs: number | null
  /** What an append without room would cost next, of each class: the first of these, if it may. */
  readonly isNext: boolean
}

/** More cannot be told apart in a picture. */
const slotsMax = 240

/** In the order of their caches; none once there is no cache any more. */
export const ringViewsOf = (actors: readonly ActorView[]): readonly RingView[] =>
  cachesIn(actors).map(shown)

/** The one that is named, or else the first. */
export const ringViewOf = (actors: readonly ActorView[], cache?: string): RingView | undefined => {
  const found = cachesIn(actors).find(({ id }) => cache === undefined || id === cache)
  return found === undefined ? undefined : shown(found)
}

/** By number: of ten shards the last comes last. */
const cachesIn = (actors: readonly ActorView[]): readonly ActorView[] =>
  actors
    .filter(({ machine }) => machine === 'cache')
    .sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))

const shown = ({ id, context: known }: ActorView): RingView => {
  const context = known as CacheContext
  const held = heldBySegment(context)
  const next = nextOf(context, held)
  const lanes = priorities.flatMap((priority) =>
    context.lanes[priority].segments.map((segment) => slotOf(segment, { held, next })),
  )
  const leaving = context.leaving.map(
    ({ segment, bytes }): Slot => ({
      id: segment,
      segments: 1,
      priority: null,
      bytes,
      batches: 0,
      leased: 0,
      state: 'leaving',
      oldestMs: null,
      isNext: false,
    }),
  )
  const slots = [...lanes, ...leaving].sort((a, b) => a.id - b.id)
  return {
    cache: id,
    capacityBytes: context.capacityBytes,
    whenFull: context.whenFull,
    segmentCount: slots.length,
    slots: joined(slots),
  }
}

type HeldCounts = { readonly leased: number; readonly oldestMs: number }

/** What is known by name of each segment: the head of its lane, and what is leased. */
const heldBySegment = (context: CacheContext): ReadonlyMap<number, HeldCounts> => {
  const counts = new Map<number, HeldCounts>()
  const note = (segment: number, acceptedAtMs: number, leased: 0 | 1): void => {
    const before = counts.get(segment) ?? { leased: 0, oldestMs: Number.POSITIVE_INFINITY }
    counts.set(segment, {
      leased: before.leased + leased,
      oldestMs: Math.min(before.oldestMs, acceptedAtMs),
    })
  }
  for (const priority of priorities)
    for (const { at, batch } of context.lanes[priority].ready)
      note(at.segment, batch.acceptedAtMs, 0)
  for (const { held } of context.leases) note(held.at.segment, held.batch.acceptedAtMs, 1)
  return counts
}

/** As the cache chooses: the lowest class first, then the oldest; nothing of which a batch is out. */
const nextOf = (
  { lanes, whenFull }: CacheContext,
  held: ReadonlyMap<number, HeldCounts>,
): number | undefined =>
  whenFull === 'refuse'
    ? undefined
    : priorities
        .flatMap((priority) => lanes[priority].segments)
        .find(({ id }) => (held.get(id)?.leased ?? 0) === 0)?.id

const slotOf = (
  { id, priority, bytes, batches, sealed }: Segment,
  known: { readonly held: ReadonlyMap<number, HeldCounts>; readonly next: number | undefined },
): Slot => {
  const counts = known.held.get(id)
  return {
    id,
    segments: 1,
    priority,
    bytes,
    batches,
    leased: counts?.leased ?? 0,
    state: sealed ? 'sealed' : 'open',
    oldestMs: counts?.oldestMs ?? null,
    isNext: id === known.next,
  }
}

/** Neighbours of a class as one, until few enough are left. */
const joined = (slots: readonly Slot[]): readonly Slot[] => {
  const perSlot = Math.ceil(slots.length / slotsMax)
  if (perSlot <= 1) return slots
  const result: Slot[] = []
  for (const slot of slots) {
    const last = result.at(-1)
    const fitsIn =
      last !== undefined &&
      last.segments < perSlot &&
      last.priority === slot.priority &&
      last.state === slot.state &&
      !last.isNext &&
      !slot.isNext
    if (!fitsIn) result.push(slot)
    else
      result[result.length - 1] = {
        ...last,
        segments: last.segments + 1,
        bytes: last.bytes + slot.bytes,
        batches: last.batches + slot.batches,
        leased: last.leased + slot.leased,
        oldestMs: last.oldestMs ?? slot.oldestMs,
      }
  }
  return result
}
