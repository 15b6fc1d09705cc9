/** Rings at a glance: by class, and not by segment, so that a service can tell others of its own. */
import type { Clock } from '../infra/clock/clock.ts'
import type { InstantMs } from '../schemas/brand.ts'
import type { RingSeen } from '../schemas/messages.ts'
import { type RingView, ringViewsOf, type Slot } from './ring-view.ts'
import type { ActorView, Stage } from './stage.ts'

export type RingSummary = RingSeen & {
  /** The process that holds it. */
  readonly service: string
  /** `here`: the process that is asked, which can show each of its segments. */
  readonly place: 'here' | 'elsewhere'
  /** When that was so. */
  readonly atMs: number
}

/** Every ring that is known of, and the caches that ought to be there and are not. */
export type Rings = {
  readonly rings: readonly RingSummary[]
  readonly missing: readonly string[]
}

/** The rings of these actors. */
export const ringsSeen = (actors: readonly ActorView[]): readonly RingSeen[] =>
  ringViewsOf(actors).map(summaryOf)

/** The rings of this process. */
export const ringsHere = (given: {
  readonly stage: Pick<Stage, 'actors'>
  readonly service: string
  readonly clock: Pick<Clock, 'now'>
}): readonly RingSummary[] =>
  ringsSeen(given.stage.actors()).map((ring) => ({
    ...ring,
    service: given.service,
    place: 'here',
    atMs: given.clock.now(),
  }))

const summaryOf = ({ cache, capacityBytes, whenFull, segmentCount, slots }: RingView): RingSeen => {
  const next = slots.find(({ isNext }) => isNext)
  const known = slots.flatMap(({ oldestMs }) => oldestMs ?? [])
  return {
    cache,
    bytes: sumOf(slots, 'bytes'),
    capacityBytes,
    segments: segmentCount,
    whenFull,
    oldestMs: known.length === 0 ? null : (Math.min(...known) as InstantMs),
    classes: (['high', 'normal', 'low'] as const).map((priority) => {
      const mine = slots.filter((slot) => slot.priority === priority)
      return {
        priority,
        bytes: sumOf(mine, 'bytes'),
        batches: sumOf(mine, 'batches'),
        leased: sumOf(mine, 'leased'),
      }
    }),
    next:
      next === undefined || next.priority === null
        ? null
        : { segment: next.id, priority: next.priority, batches: next.batches },
  }
}

const sumOf = (slots: readonly Slot[], of: 'bytes' | 'batches' | 'leased'): number =>
  slots.reduce((sum, slot) => sum + slot[of], 0)
