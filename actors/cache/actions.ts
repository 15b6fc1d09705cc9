/** What the cache decides by and does: its guards, its effects, its steps. `machine.ts` says when. */
import { assign, setup } from 'xstate'
import { instant } from '../../schemas/brand.ts'
import type { AppendRequested, Held, RefusalReason, Settlement } from '../../schemas/messages.ts'
import { effect, timer } from '../kit/port.ts'
import { type StateMeta, waiting } from '../kit/state.ts'
import type { Tell } from '../kit/tell.ts'
import type { CacheContext } from './context.ts'
import { leasesEnded, loadsDue, offered, returned, settled } from './leasing.ts'
import type { CacheEffects, CacheInbox, CacheInput } from './protocol.ts'
import { fits, idleSegment, isRoomy, mayMakeRoom, victimFor } from './room.ts'
import { departed, evictionRecorded, indexed, looked, recovered, removed, retirable, swept, windowSet } from './steps.ts' // biome-ignore format: one line

type Event<Type extends CacheInbox['type']> = Extract<CacheInbox, { type: Type }>

export const machine = setup({
  types: {
    input: {} as CacheInput,
    context: {} as CacheContext,
    events: {} as CacheInbox,
    meta: {} as StateMeta,
  },
  actors: { timer },
  guards: {
    fits: ({ context }, append: AppendRequested | null) =>
      context.victim === null && fits(context, append),
    canRetire: ({ context }, append: AppendRequested | null) =>
      mayMakeRoom(context, append) && idleSegment(context) !== undefined,
    canEvict: ({ context }, append: AppendRequested | null) =>
      context.whenFull === 'overwrite_oldest' &&
      mayMakeRoom(context, append) &&
      victimFor(context, append) !== undefined,
    isRoomyAgain: ({ context }) => context.refusal === 'cache_full' && isRoomy(context),
    mayBeTriedAgain: ({ context }) =>
      context.refusal !== 'cache_full' || context.whenFull === 'overwrite_oldest',
    victimIsGone: ({ context }) => context.victim === null,
  },
  actions: {
    tell: effect<Tell<'collector' | 'dispatcher'>>('tell'),
    recover: effect('recover'),
    appendToLog: effect<CacheEffects['appendToLog']>('appendToLog'),
    load: effect<CacheEffects['load']>('load'),
    recordEviction: effect<CacheEffects['recordEviction']>('recordEviction'),
    release: effect<CacheEffects['release']>('release'),
    removeEvicted: effect<CacheEffects['removeEvicted']>('removeEvicted'),
    retire: effect<CacheEffects['retire']>('retire'),
    defer: effect('defer'),
    fault: effect<{ why: string }>('fault'),
    recovered: assign(({ context }, event: Event<'log.recovered'>) => recovered(context, event)),
    index: assign(({ context }, event: Event<'log.appended'>) => indexed(context, event)),
    look: assign(({ context }, event: Event<'batches.loaded'>) => looked(context, event)),
    setWindow: assign(({ context }, event: Event<'demand.raised'>) => windowSet(context, event)),
    settle: assign(({ context }, { settlements }: { settlements: readonly Settlement[] }) =>
      settled(context, settlements),
    ),
    takeBack: assign(({ context }, { held }: { held: readonly Held[] }) => returned(context, held)),
    sweep: assign(({ context, event }) => swept(leasesEnded(context, event.nowMs), event.nowMs)),
    countRemoved: assign(({ context }, { segment }: { segment: number }) =>
      removed(context, segment),
    ),
    noteRecorded: assign(({ context }, { eviction }: Event<'eviction.recorded'>) =>
      evictionRecorded(context, eviction.segment),
    ),
    take: assign({ append: (_, append: AppendRequested) => append }),
    letGo: assign({ append: null }),
    forgetRefusal: assign({ refusal: null }),
    setDiskDeadline: assign({
      dueMs: ({ context, event }) => instant(event.nowMs + context.diskTimeoutMs),
    }),
    setRetry: assign({
      dueMs: ({ context, event }) => instant(event.nowMs + context.retryAfterMs),
    }),
  },
})

export const state = machine.createStateConfig
export const waits = waiting<'cache', CacheContext>()

/** Leases what can be leased, looks up what comes next, retires what has ended. */
export const proceed = machine.enqueueActions(({ context, event, enqueue }) => {
  const { context: leasing, leased } = offered(context, event.nowMs)
  const { context: next, due } = loadsDue(leasing)
  const gone = retirable(next)
  enqueue.assign(gone.reduce((it, segment) => departed(it, segment, 'settled'), next))
  for (const message of leased) {
    enqueue({ type: 'tell', params: { to: 'dispatcher', message } })
  }
  for (const priority of due) {
    const after = next.lanes[priority].loadedThrough
    enqueue({ type: 'load', params: { priority, after, batchesMax: context.readyMax } })
  }
  for (const segment of gone) enqueue({ type: 'retire', params: { segment } })
})

/** Starts to remove a segment in which nothing is pending. */
export const retireOne = machine.enqueueActions(({ context, enqueue }) => {
  const segment = idleSegment(context)
  if (segment === undefined) return
  enqueue.assign({ ...departed(context, segment.id, 'settled'), victim: segment.id })
  enqueue({ type: 'retire', params: { segment: segment.id } })
})

/** Starts to evict a segment: first its drop events, and only then its bytes. */
export const evictOne = machine.enqueueActions(({ context, event, enqueue }) => {
  const segment = context.append === null ? undefined : victimFor(context, context.append)
  if (segment === undefined) return
  enqueue.assign({ ...departed(context, segment.id, 'unrecorded'), victim: segment.id })
  enqueue({ type: 'recordEviction', params: { segment: segment.id, nowMs: event.nowMs } })
})

/** Tries again to remove what could not be removed before, each by the step that it had reached. */
export const removeAgain = machine.enqueueActions(({ context, event, enqueue }) => {
  for (const { segment, because } of context.leaving) {
    if (because === 'unrecorded') {
      enqueue({ type: 'recordEviction', params: { segment, nowMs: event.nowMs } })
    } else {
      enqueue({ type: 'retire', params: { segment } })
    }
  }
})

export const writeToLog = {
  type: 'appendToLog',
  params: ({ context }: { context: CacheContext }) => ({
    appendId: context.append?.appendId ?? -1,
    batches: context.append?.batches ?? [],
  }),
} as const

/** Tells the collector that its append was not kept, and that others would not be. */
export const refuseAppend = machine.enqueueActions(({ context, event, enqueue }) => {
  const append = context.append
  if (append === null) return
  const reason = event.type === 'log.failed' ? event.reason : reasonOf(event)
  const { retryAfterMs } = context
  enqueue.assign({ append: null, victim: null, refusal: reason })
  enqueue({
    type: 'tell',
    params: {
      to: 'collector',
      message: { type: 'append.refused', appendId: append.appendId, reason, retryAfterMs },
    },
  })
  const message = { type: 'cache.filled', reason, retryAfterMs } as const
  enqueue({ type: 'tell', params: { to: 'collector', message } })
})

const reasonOf = (event: CacheInbox): RefusalReason =>
  event.type === 'eviction.failed' ||
  event.type === 'removal.failed' ||
  event.type === 'timer.fired'
    ? 'storage_failed'
    : 'cache_full'

export const tellOpened = {
  type: 'tell',
  params: { to: 'collector', message: { type: 'cache.opened' } },
} as const
