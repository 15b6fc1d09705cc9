/**
 * What must not compile. Only `tsc` reads this file: an `@ts-expect-error` below which nothing is
 * wrong is an error itself, so each line shows that its rule bites.
 */
import type { StateValueFrom } from 'xstate'
import { machine as cacheSetup } from '../../actors/cache/actions.ts'
import { type CacheState, cache } from '../../actors/cache/machine.ts'
import type { CacheEffects, CacheInbox } from '../../actors/cache/protocol.ts'
import type { CollectorState, collector } from '../../actors/collector/machine.ts'
import type { DeliveryState, delivery } from '../../actors/delivery/machine.ts'
import type { DispatcherState, dispatcher } from '../../actors/dispatcher/machine.ts'
import type {
  EndpointManagerState,
  endpointManager,
} from '../../actors/endpoint-manager/machine.ts'
import { ignore, impossible, total, waiting } from '../../actors/kit/state.ts'
import { targets } from '../../actors/kit/targets.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import {
  type BatchId,
  batchId,
  type Epoch,
  epoch,
  type InstantMs,
  instant,
  type Seq,
  seq,
} from '../../schemas/brand.ts'
import type { EndpointAssigned, Eviction, Settlement } from '../../schemas/messages.ts'

type Context = { readonly dueMs: InstantMs; readonly attempts: number; readonly seenUntil: Seq }
type Inbox = { readonly type: 'batch.sealed' } | { readonly type: 'timer.fired' }

const to = targets<'open' | 'closed'>()
const state = { on: { 'batch.sealed': ignore('it is sealed already') } }
const late = { target: to('closed') }
const until = 'dueMs'

// A wait on an actor below, with a deadline, is how it should be.
waiting<'collector', Context>()({ on: 'cache', until, late, state })
waiting<'dispatcher', Context>()({ on: 'endpoint-manager', until, late, state })
waiting<'endpoint-manager', Context>()({ on: 'outside', until, late, state })

// @ts-expect-error: upwards, the dispatcher on the cache.
waiting<'dispatcher', Context>()({ on: 'cache', until, late, state })
// @ts-expect-error: upwards, the endpoint manager on the dispatcher: the incident's own wait.
waiting<'endpoint-manager', Context>()({ on: 'dispatcher', until, late, state })
// @ts-expect-error: sideways, on its own kind.
waiting<'dispatcher', Context>()({ on: 'dispatcher', until, late, state })
// @ts-expect-error: on nobody that is known.
waiting<'cache', Context>()({ on: 'sentinel', until, late, state })
// @ts-expect-error: without a deadline.
waiting<'collector', Context>()({ on: 'cache', late, state })
// @ts-expect-error: with a deadline that leads nowhere.
waiting<'collector', Context>()({ on: 'cache', until, state })
// @ts-expect-error: with a plain number for a deadline.
waiting<'collector', Context>()({ on: 'cache', until: 'attempts', late, state })
// @ts-expect-error: with a position for a deadline.
waiting<'collector', Context>()({ on: 'cache', until: 'seenUntil', late, state })

// All messages answered, and a final state.
total<Inbox>()({
  open: { on: { 'batch.sealed': late, 'timer.fired': impossible('no timer is set here') } },
  closed: { type: 'final' },
})
// @ts-expect-error: a message without an answer.
total<Inbox>()({ open: { on: { 'batch.sealed': late } } })
// @ts-expect-error: no answers at all.
total<Inbox>()({ open: {} })

// @ts-expect-error: a target that is not declared.
to('ajar')

declare const settlement: Settlement
declare const eviction: Eviction
declare const assigned: EndpointAssigned
const at = { segment: 1, offset: 0 }
const coordinates = { producer: 'p', tenant: 't', service: 's', firstSeq: seq(0), lastSeq: seq(9) }
const id = batchId(coordinates)

export const released: CacheEffects['release'] = { settlements: [settlement] }
export const removed: CacheEffects['removeEvicted'] = { eviction }
export const unsettled: CacheEffects['release'] = {
  // @ts-expect-error: a release of what nobody settled, though it looks like it.
  settlements: [{ batchId: id, at, delivered: 10, dropped: 0 }],
}
export const unwritten: CacheEffects['removeEvicted'] = {
  // @ts-expect-error: a removal of what is not written down as dropped.
  eviction: { segment: 1, batches: 1, dropped: 10 },
}
// @ts-expect-error: an eviction is no settlement.
export const mistaken: CacheEffects['release'] = { settlements: [eviction] }

export const branded: readonly [Seq, Epoch, InstantMs, BatchId] = [seq(1), epoch(1), instant(1), id]
// @ts-expect-error: a number is no position.
export const position: Seq = 1
// @ts-expect-error: a number is no epoch.
export const number: Epoch = 1
// @ts-expect-error: a number is no instant.
export const time: InstantMs = 1
// @ts-expect-error: an epoch is no position.
export const confused: Seq = epoch(1)
// @ts-expect-error: text is no batch id, even if it looks like one.
export const text: BatchId = 'p/t/s/0-9'
// @ts-expect-error: coordinates are positions, not numbers.
batchId({ ...coordinates, lastSeq: 9 })

export const told: Tell<'cache'> = {
  to: 'cache',
  message: { type: 'batches.settled', settlements: [] },
}
// @ts-expect-error: a message that is not in the inbox of whom it is told to.
export const mistold: Tell<'cache'> = { to: 'cache', message: { type: 'append.done', appendId: 1 } }
export const addressed: Tell<'delivery'> = { to: 'delivery', sendId: 's-1', message: assigned }
// @ts-expect-error: a delivery is one of many, and has to be named.
export const unaddressed: Tell<'delivery'> = { to: 'delivery', message: assigned }

// The states of each machine are those that it declares, no fewer and no more.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <_ extends true>(): void => undefined
holds<Same<StateValueFrom<typeof collector>, CollectorState>>()
holds<Same<StateValueFrom<typeof cache>, CacheState>>()
holds<Same<StateValueFrom<typeof dispatcher>, DispatcherState>>()
holds<Same<StateValueFrom<typeof delivery>, DeliveryState>>()
holds<Same<StateValueFrom<typeof endpointManager>, EndpointManagerState>>()
// @ts-expect-error: one state is missing in the union.
holds<Same<StateValueFrom<typeof cache>, Exclude<CacheState, 'evicting'>>>()
// @ts-expect-error: one state of the union is in no machine.
holds<Same<StateValueFrom<typeof cache>, CacheState | 'melting'>>()

// The machines, with their holes filled; a hole takes what its effect was declared with.
cache.provide({
  actions: { release: (_, { settlements }) => settlements satisfies readonly Settlement[] },
})
const release = <const Params>(params: Params) => ({ type: 'release', params }) as const
cacheSetup.createStateConfig({ entry: release({ settlements: [settlement] }) })
const lookAlike = { batchId: id, at, delivered: 10, dropped: 0 } as const
// @ts-expect-error: a release of what looks like a settlement, in a machine.
cacheSetup.createStateConfig({ entry: release({ settlements: [lookAlike] }) })

// @ts-expect-error: a cache is told nothing without the time.
export const timeless: CacheInbox = { type: 'batches.settled', settlements: [settlement] }
