/** What each message does to the cache's books: pure steps from context to context. */
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { DemandRaised } from '../../schemas/messages.ts'
import { type CacheContext, type Leaving, priorities, type Window } from './context.ts'
import { grown, loaded, recoveredLane, without } from './lane.ts'
import type { LogAnswer, Segment } from './protocol.ts'
import { priorityOf } from './room.ts'

type Answer<Type extends LogAnswer['type']> = Extract<LogAnswer, { type: Type }>

export const recovered = (
  context: CacheContext,
  { segments }: Answer<'log.recovered'>,
): CacheContext => {
  const lane = (priority: Segment['priority']) =>
    recoveredLane(segments.filter((segment) => segment.priority === priority))
  return { ...context, lanes: { high: lane('high'), normal: lane('normal'), low: lane('low') } }
}

export const indexed = (
  context: CacheContext,
  { held, segments }: Pick<Answer<'log.appended'>, 'held' | 'segments'>,
): CacheContext => {
  const lanes = { ...context.lanes }
  // An append may be what seals a segment that is on its way out.
  const gone = new Set(context.leaving.map(({ segment }) => segment))
  for (const priority of priorities) {
    const appended = {
      held: held.filter(({ batch }) => batch.priority === priority),
      segments: segments.filter((it) => it.priority === priority && !gone.has(it.id)),
    }
    if (appended.segments.length > 0) lanes[priority] = grown(lanes[priority], appended, context)
  }
  return { ...context, lanes }
}

export const looked = (context: CacheContext, answer: Answer<'batches.loaded'>): CacheContext => {
  const { append, lanes } = context
  const appending = new Set(append?.batches.map(({ id }) => id))
  const lane = loaded(lanes[answer.priority], answer, appending)
  return { ...context, lanes: { ...lanes, [answer.priority]: lane } }
}

/** Dispatchers that are gone, of which it is known that they are; their words come late by seconds at most. */
const windowsMax = 32

/** A dispatcher's word on its window replaces the one before; one that was overtaken says nothing. */
export const windowSet = (context: CacheContext, demand: DemandRaised): CacheContext => {
  const { dispatcher, round, batchesMax, bytesMax } = demand
  const known = context.windows.find((window) => window.dispatcher === dispatcher)
  if (known !== undefined && known.round >= round) return context
  const window: Window = { dispatcher, round, batchesMax, bytesMax }
  const others = context.windows.filter((it) => it.dispatcher !== dispatcher)
  return { ...context, windows: [...others.slice(1 - windowsMax), window] }
}

/** Takes a segment out of its lane; its bytes count until the record log has removed it. */
export const departed = (
  context: CacheContext,
  segment: number,
  because: Leaving['because'],
): CacheContext => {
  const priority = priorityOf(context, segment)
  if (priority === undefined) return context
  const lane = context.lanes[priority]
  const bytes = lane.segments.find(({ id }) => id === segment)?.bytes ?? 0
  return {
    ...context,
    lanes: { ...context.lanes, [priority]: without(lane, segment) },
    leaving: [...context.leaving, { segment, bytes, because }],
  }
}

export const evictionRecorded = (context: CacheContext, segment: number): CacheContext => ({
  ...context,
  leaving: context.leaving.map((it) =>
    it.segment === segment ? { ...it, because: 'evicted' as const } : it,
  ),
})

export const removed = (context: CacheContext, segment: number): CacheContext => ({
  ...context,
  leaving: context.leaving.filter((it) => it.segment !== segment),
  victim: context.victim === segment ? null : context.victim,
})

/**
 * Segments to which nothing will be appended and in which nothing is pending. While the cache refuses,
 * that is so of every segment: what is left of one could keep the cache, or its disk, full.
 */
export const retirable = ({ lanes, refusal }: CacheContext): readonly number[] =>
  priorities
    .flatMap((priority) => lanes[priority].segments)
    .filter(({ sealed, batches }) => batches === 0 && (sealed || refusal !== null))
    .map(({ id }) => id)

export const swept = (context: CacheContext, nowMs: InstantMs): CacheContext => ({
  ...context,
  sweepAtMs: instant(nowMs + context.leaseMs / 2),
})
