/** What somebody who watches asks again and again: it is cheap, and small, whatever is held. */

import type { ActorView, CacheView, DispatchView, Observed } from '../observed.ts'
import type { Stall } from '../sentinel/stall-history.ts'
import type { Transition } from '../stage-watch.ts'
import { version } from '../version.ts'
import { json } from './answer.ts'
import { name, queryOf, wholeNumber } from './query.ts'
import { openRemembered } from './remembered.ts'
import type { Route } from './route.ts'
import { shownActor } from './state-routes.ts'

/** Two who look within this time see the same. */
const liveMs = 200

/** `GET /api/v1/live[?after=]`: the pipeline at a glance, and what its actors did since. */
export const openLiveRoute = (): Route => {
  const remembered = openRemembered({ forMs: liveMs, now: () => performance.now() })
  return async ({ observed, search, nowMs }) => {
    const query = queryOf<{ after: number }>(search, {
      after: wholeNumber({ min: 0, max: 9_999_999_999 }),
    })
    if (query.kind === 'refused') return query.answer
    const { after } = query.values
    const glance = await remembered('', async () => glanceAt(observed, nowMs))
    const isAsked = ({ number }: Transition): boolean => after === undefined || number > after
    return json({ ...glance, transitions: observed.transitions().filter(isAsked).map(timed) })
  }
}

const glanceAt = (observed: Observed, nowMs: number) => {
  const actors = observed.actors()
  const { history: _, ...endpoint } = observed.endpoint()
  const { live, ready } = observed.health()
  return {
    at: new Date(nowMs).toISOString(),
    version,
    producer: observed.producer,
    health: { live, ready },
    keepsAccount: observed.keepsAccount,
    totals: observed.ledger.totals(),
    cache: cacheShown(observed, nowMs),
    endpoint,
    dispatch: dispatchShown(observed.dispatching()),
    actors: actors.filter(({ machine }) => machine !== 'delivery').map(shownActor),
    deliveries: countsOf(actors.filter(({ machine }) => machine === 'delivery')),
    stalls: observed.stalls().length,
  }
}

/** Of all caches that are known of: beside other services' there is more than this process holds. */
const cacheShown = (observed: Observed, nowMs: number): CacheView => {
  const { rings } = observed.rings()
  if (rings.every(({ place }) => place === 'here')) return observed.cache()
  const oldest = Math.min(...rings.map(({ oldestMs }) => oldestMs ?? nowMs))
  return {
    bytes: rings.reduce((sum, { bytes }) => sum + bytes, 0),
    capacityBytes: rings.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0),
    oldestAgeSeconds: Math.max(0, (nowMs - oldest) / 1_000),
  }
}

const dispatchShown = (view: DispatchView | undefined) => {
  if (view === undefined) return null
  const { retryAtMs, ...rest } = view
  return { ...rest, retryAt: retryAtMs === null ? null : new Date(retryAtMs).toISOString() }
}

/** How many sends are in each state. */
const countsOf = (sends: readonly ActorView[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { value } of sends) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

const timed = ({ atMs, ...rest }: Transition) => ({ ...rest, at: new Date(atMs).toISOString() })

/** `GET /api/v1/rings` */
export const showRings: Route = ({ observed, search }) => {
  const query = queryOf(search, {})
  if (query.kind === 'refused') return query.answer
  const { rings, missing } = observed.rings()
  return json({
    rings: rings.map(({ oldestMs, atMs, ...ring }) => ({
      ...ring,
      oldest: oldestMs === null ? null : new Date(oldestMs).toISOString(),
      at: new Date(atMs).toISOString(),
    })),
    missing,
  })
}

/** `GET /api/v1/ring[?cache=]` */
export const showRing: Route = ({ observed, search }) => {
  const query = queryOf<{ cache: string }>(search, { cache: name })
  if (query.kind === 'refused') return query.answer
  const ring = observed.ring(query.values.cache)
  if (ring === undefined) return json({ ring: null })
  const slots = ring.slots.map(({ oldestMs, ...slot }) => ({
    ...slot,
    oldest: oldestMs === null ? null : new Date(oldestMs).toISOString(),
  }))
  return json({ ring: { ...ring, slots } })
}

/** `GET /api/v1/stalls` */
export const showStalls: Route = ({ observed, search }) => {
  const query = queryOf(search, {})
  return query.kind === 'refused'
    ? query.answer
    : json({ stalls: observed.stalls().map(stallShown) })
}
const stallShown = ({ atMs, ...stall }: Stall) => ({ at: new Date(atMs).toISOString(), ...stall })
