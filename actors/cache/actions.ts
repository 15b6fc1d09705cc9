/** What the cache decides by and does: its guards, its effects, its steps. `machine.ts` says when. */
import { assign, setup } from 'xstate'
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { AppendRequested, Held, RefusalReason, Settlement } from '../../schemas/messages.ts'
import { effect, timer } from '../kit/port.ts'
import { type StateMeta, waiting } from '../kit/state.ts'
import type { Tell } from '../kit/tell.ts'
import type { CacheContext, Leaving } from './context.ts'
import { leasesEnded, loadsDue, offered, returned, settled } from './leasing.ts'
import type { CacheEffects, CacheInbox, CacheInput } from './protocol.ts'
import { evictable, fits, isRoomy, mayMakeRoom, removable } from './room.ts'
import {
  departed,
  evictionRecorded,
  indexed,
  looked,
  recovered,
  removed,
  retirable,
  swept,
  windowSet,
} from './steps.ts'

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
    canRemove: ({ context }, append: AppendRequested | null) =>
      mayMakeRoom(context, append) && removable(context) !== undefined,
    canEvict: ({ context }, append: AppendRequested | null) =>
      mayMakeRoom(context, append) && evictable(context, append) !== undefined,
    isVictim: ({ context }, { segment }: { segment: number }) => context.victim === segment,
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
    countRemoved: assign(({ context }, { segment }: { segment: number }) =>
      removed(context, segment),
    ),
    noteRecorded: assign(({ context }, { eviction }: Event<'eviction.recorded'>) =>
      evictionRecorded(context, eviction.segment),
    ),
    take: assign({
      append: (_, { type, appendId, batches }: AppendRequested) => ({ type, appendId, batches }),
    }),
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

/** Removes a segment in which nothing is pending, or sees to one that is on its way out already. */
export const removeOne = machine.enqueueActions(({ context, event, enqueue }) => {
  const segment = removable(context)
  if (segment === undefined) return
  const next = departed(context, segment, 'settled')
  enqueue.assign({ ...next, victim: segment })
  for (const it of next.leaving) {
    if (it.segment === segment) enqueue(nextStep(it, event.nowMs))
  }
})

/** Starts to evict a segment: first its drop events, and only then its bytes. */
export const evictOne = machine.enqueueActions(({ context, event, enqueue }) => {
  const segment = context.append === null ? undefined : evictable(context, context.append)
  if (segment === undefined) return
  enqueue.assign({ ...departed(context, segment, 'unrecorded'), victim: segment })
  enqueue({ type: 'recordEviction', params: { segment, nowMs: event.nowMs } })
})

/**
 * When it is time to: takes back what was leased for too long, and tries again to remove what could
 * not be removed before.
 */
export const sweep = machine.enqueueActions(({ context, event, enqueue }) => {
  const { nowMs } = event
  if (nowMs < context.sweepAtMs) return
  enqueue.assign(swept(leasesEnded(context, nowMs), nowMs))
  for (const it of context.leaving) enqueue(nextStep(it, nowMs))
})

/**
 * What brings a segment further on its way out. To ask the ledger and the record log twice for the
 * same changes nothing; what was recorded as evicted is recorded, and its removal comes after that.
 */
const nextStep = ({ segment, because }: Leaving, nowMs: InstantMs) =>
  because === 'settled'
    ? ({ type: 'retire', params: { segment } } as const)
    : ({ type: 'recordEviction', params: { segment, nowMs } } as const)

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
  // While refusing, the reason stays what it was: a disk that failed is not full for being asked.
  const reason = context.refusal ?? reasonOf(event)
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

const reasonOf = (event: CacheInbox): RefusalReason => {
  switch (event.type) {
    case 'log.failed':
      return event.reason
    case 'eviction.failed':
    case 'removal.failed':
    case 'timer.fired':
      return 'storage_failed'
    default:
      return 'cache_full'
  }
}

export const tellOpened = {
  type: 'tell',
  params: { to: 'collector', message: { type: 'cache.opened' } },
} as const
