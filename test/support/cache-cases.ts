/** Every message to a cache, once for each way in which it may be answered, and what it finds there. */
import { type CacheContext, initialContext, type Leaving } from '../../actors/cache/context.ts'
import type { CacheState } from '../../actors/cache/machine.ts'
import type { CacheInbox, Segment } from '../../actors/cache/protocol.ts'
import { instant } from '../../schemas/brand.ts'
import type { AppendRequested } from '../../schemas/messages.ts'
import { batch, evictionOf, held, settlementOf } from './specimen.ts'

type Fixed =
  | 'append.requested'
  | 'segment.removed'
  | 'removal.failed'
  | 'eviction.recorded'
  | 'eviction.failed'
  | 'timer.fired'
export type Case =
  | Exclude<CacheInbox['type'], Fixed>
  | `append.requested, ${'it fits' | 'one is removable' | 'one is evictable' | 'no way'}`
  | `segment.removed, ${'then it fits' | 'then one is removable' | 'then one is evictable' | 'no way' | 'another' | 'roomy'}`
  | `removal.failed, ${'the victim' | 'another'}`
  | `eviction.recorded, ${'the victim' | 'another'}`
  | `eviction.failed, ${'the victim' | 'another'}`
  | `timer.fired, ${'due' | 'due, refuse' | 'not due'}`

const nowMs = instant(1_000)
const dueMs = instant(10_000)
const victim = 9
const another = 8
const [small, large] = [500, 50_000]
const leased = held({ segment: 2 })

const append = (bytes: number): AppendRequested => ({
  type: 'append.requested',
  appendId: 7,
  batches: [batch({ bytes })],
})
const requested = (bytes: number): CacheInbox => ({ ...append(bytes), nowMs })
const removed = (segment: number): CacheInbox => ({ type: 'segment.removed', segment, nowMs })
const detail = 'EIO'

export const messages: Readonly<Record<Case, CacheInbox>> = {
  'append.requested, it fits': requested(small),
  'append.requested, one is removable': requested(large),
  'append.requested, one is evictable': requested(large),
  'append.requested, no way': requested(large),
  'demand.raised': {
    type: 'demand.raised',
    dispatcher: 'd',
    round: 1,
    batchesMax: 8,
    bytesMax: 1e6,
    nowMs,
  },
  'batches.settled': { type: 'batches.settled', settlements: [settlementOf(leased)], nowMs },
  'batches.returned': { type: 'batches.returned', held: [leased], reason: 'throttled', nowMs },
  'drain.requested': { type: 'drain.requested', deadlineMs: instant(30_000), nowMs },
  'log.recovered': {
    type: 'log.recovered',
    segments: [{ id: 1, priority: 'normal', bytes: 500, batches: 1, sealed: false }],
    nowMs,
  },
  'log.appended': {
    type: 'log.appended',
    appendId: 7,
    held: [held({ segment: 2, offset: 1 })],
    segments: [{ id: 2, priority: 'normal', bytes: 33_000, sealed: false }],
    nowMs,
  },
  'log.failed': { type: 'log.failed', appendId: 7, reason: 'disk_full', nowMs },
  'batches.loaded': {
    type: 'batches.loaded',
    priority: 'normal',
    held: [held({ segment: 1, offset: 1 })],
    through: { segment: 1, offset: 1 },
    nowMs,
  },
  'segment.removed, then it fits': removed(victim),
  'segment.removed, then one is removable': removed(victim),
  'segment.removed, then one is evictable': removed(victim),
  'segment.removed, no way': removed(victim),
  'segment.removed, another': removed(another),
  'segment.removed, roomy': removed(another),
  'removal.failed, the victim': { type: 'removal.failed', segment: victim, detail, nowMs },
  'removal.failed, another': { type: 'removal.failed', segment: another, detail, nowMs },
  'eviction.recorded, the victim': {
    type: 'eviction.recorded',
    eviction: evictionOf(victim),
    nowMs,
  },
  'eviction.recorded, another': { type: 'eviction.recorded', eviction: evictionOf(another), nowMs },
  'eviction.failed, the victim': { type: 'eviction.failed', segment: victim, detail, nowMs },
  'eviction.failed, another': { type: 'eviction.failed', segment: another, detail, nowMs },
  'timer.fired, due': { type: 'timer.fired', nowMs: dueMs },
  'timer.fired, due, refuse': { type: 'timer.fired', nowMs: dueMs },
  'timer.fired, not due': { type: 'timer.fired', nowMs },
}

const sealed: Segment = { id: 1, priority: 'normal', bytes: 60_000, batches: 2, sealed: true }
const growing: Segment = { id: 2, priority: 'normal', bytes: 32_000, batches: 1, sealed: false }

/** What is on its way out, and what is held, so that a message finds what its case says. */
const filling = (it: Case, because: Leaving['because']) => {
  const first = { segment: victim, bytes: 5_000, because }
  const second = { segment: another, bytes: 1_000, because: 'settled' } as const
  const nothingElse = it.endsWith('evictable') || it.endsWith('no way')
  const leaving = nothingElse ? [first] : [first, second]
  return {
    leaving: it.startsWith('append.requested') && nothingElse ? [] : leaving,
    segments: it.endsWith('roomy') ? [growing] : [sealed, growing],
  }
}

/** A cache of 100,000 bytes, 98,000 of which are used, unless the case is another. */
export const contextOf = (state: CacheState, it: Case): CacheContext => {
  const input = { capacityBytes: 100_000, leaseMs: 60_000, retryAfterMs: 500, readyMax: 4 }
  const refuses = it.endsWith('no way') || it.endsWith('refuse')
  const context = initialContext({
    ...input,
    whenFull: refuses ? 'refuse' : 'overwrite_oldest',
    ordering: 'none',
    diskTimeoutMs: 10_000,
    startedAtMs: instant(0),
  })
  const hasVictim = state === 'evicting' || state === 'removing'
  const { leaving, segments } = filling(it, state === 'evicting' ? 'unrecorded' : 'evicted')
  const lane = {
    ...context.lanes.normal,
    segments,
    ready: [held({ segment: 1 })],
    behind: it === 'batches.loaded' ? ('loading' as const) : ('none' as const),
  }
  return {
    ...context,
    lanes: { ...context.lanes, normal: lane },
    leases: [{ lease: 1, dispatcher: 'd', held: leased, untilMs: instant(60_000) }],
    leaving,
    victim: hasVictim ? victim : null,
    append: hasVictim || state === 'appending' ? append(it.endsWith('fits') ? small : large) : null,
    refusal: state === 'full' ? 'cache_full' : null,
    dueMs,
    sweepAtMs: dueMs,
  }
}
