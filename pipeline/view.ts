/** What the outside sees of the actors: read from their snapshots when asked, kept nowhere. */
import { type CacheContext, priorities } from '../actors/cache/context.ts'
import type { DeliveryContext } from '../actors/delivery/judgement.ts'
import { blockedUntilMs, type DispatcherContext } from '../actors/dispatcher/books.ts'
import type { EndpointManagerContext } from '../actors/endpoint-manager/context.ts'
import type { InstantMs } from '../schemas/brand.ts'
import type { ActorView, Complaint, DispatchView, EndpointView, Health } from './observed.ts'
import type { ActorView as StageView } from './stage.ts'

/** The contexts of the machines, by their names. */
type Contexts = {
  readonly cache: CacheContext
  readonly dispatcher: DispatcherContext
  readonly delivery: DeliveryContext
  readonly 'endpoint-manager': EndpointManagerContext
}

const contextOf = <Name extends keyof Contexts>(
  actors: readonly StageView[],
  name: Name,
): Contexts[Name] | undefined => contextsOf(actors, name)[0]

/** A process may have the caches and the dispatchers of several shards. */
const contextsOf = <Name extends keyof Contexts>(
  actors: readonly StageView[],
  name: Name,
): readonly Contexts[Name][] =>
  actors.filter(({ machine }) => machine === name).map(({ context }) => context as Contexts[Name])

/** States in which an actor cannot do its work. An outage of the endpoint is not one of them. */
const unhealthy: Readonly<Record<string, string>> = {
  'collector starting': 'the cache is not open yet',
  'collector refusing': 'the cache takes no records',
  'collector overdue': 'the disk has not kept an append in time',
  'collector draining': 'it is shutting down',
  'collector stopped': 'it has shut down',
  'cache recovering': 'the record log is being recovered',
  'cache full': 'the cache is full, or its disk fails',
}

export const actorViews = (actors: readonly StageView[]): readonly ActorView[] =>
  actors.map(({ id, machine, value, sinceMs, context, waiting }) => ({
    id,
    machine,
    value,
    sinceMs,
    detail: detailOf(machine, context, waiting),
    healthy: !(`${machine} ${value}` in unhealthy),
  }))

const detailOf = (machine: string, context: unknown, waiting: number): string => {
  const queue = waiting > 0 ? `; ${counted(waiting, 'message')} waiting` : ''
  switch (machine) {
    case 'cache': {
      const { lanes, leases } = context as CacheContext
      const segments = priorities.reduce((sum, it) => sum + lanes[it].segments.length, 0)
      return `${counted(segments, 'segment')}, ${counted(leases.length, 'batch')} leased${queue}`
    }
    case 'dispatcher': {
      const { sends, pending, failures } = context as DispatcherContext
      const failed = failures > 0 ? `, ${counted(failures, 'failure')} in a row` : ''
      const out = counted(Object.keys(sends).length, 'send')
      return `${out} out, ${counted(pending.length, 'batch')} waiting${failed}${queue}`
    }
    case 'delivery': {
      const { held, attempt, under } = context as DeliveryContext
      return `${counted(held.length, 'batch')}, attempt ${attempt} under epoch ${under.epoch}${queue}`
    }
    case 'endpoint-manager': {
      const { current } = context as EndpointManagerContext
      return current === null
        ? `no endpoint${queue}`
        : `epoch ${current.epoch}: ${current.url}${queue}`
    }
    default:
      return queue.slice(2)
  }
}

const counted = (count: number, noun: keyof typeof plurals): string =>
  `${count} ${count === 1 ? noun : plurals[noun]}`
const plurals = {
  segment: 'segments',
  batch: 'batches',
  failure: 'failures',
  send: 'sends',
  message: 'messages',
} as const

export const endpointView = (actors: readonly StageView[]): EndpointView => {
  const manager = contextOf(actors, 'endpoint-manager')
  const current = manager?.current ?? null
  return {
    url: current?.url ?? null,
    epoch: current?.epoch ?? null,
    state: actors.find(({ machine }) => machine === 'endpoint-manager')?.value ?? 'stopped',
    pinned: manager?.mode === 'pinned',
    pending: supersededSends(actors, current?.epoch ?? null),
    history: manager?.history ?? [],
  }
}

/** Sends that are out under an earlier epoch than this one. */
export const supersededSends = (actors: readonly StageView[], current: number | null): number =>
  contextsOf(actors, 'dispatcher')
    .flatMap(({ sends }) => Object.values(sends))
    .filter(({ epoch }) => current !== null && epoch < current).length

export const dispatchView = (
  actors: readonly StageView[],
  nowMs: InstantMs,
): DispatchView | undefined => {
  const contexts = contextsOf(actors, 'dispatcher')
  if (contexts.length === 0) return undefined
  const intents = contexts.map(({ intent }) => intent)
  const retryAtMs = Math.min(...contexts.map(blockedUntilMs))
  return {
    intent: (['suspend', 'drain'] as const).find((it) => intents.includes(it)) ?? 'run',
    sends: contexts.reduce((sum, { sends }) => sum + Object.keys(sends).length, 0),
    waiting: contexts.reduce((sum, { pending }) => sum + pending.length, 0),
    failures: Math.max(...contexts.map(({ failures }) => failures)),
    retryAtMs: retryAtMs > nowMs ? retryAtMs : null,
  }
}

/** Age of the oldest batch that is known by name; what is on disk alone came after it. */
export const oldestAgeSeconds = (actors: readonly StageView[], nowMs: InstantMs): number => {
  let oldestMs = Number.POSITIVE_INFINITY
  for (const { lanes, leases } of contextsOf(actors, 'cache')) {
    for (const priority of priorities)
      for (const { batch } of lanes[priority].ready)
        oldestMs = Math.min(oldestMs, batch.acceptedAtMs)
    for (const { held } of leases) oldestMs = Math.min(oldestMs, held.batch.acceptedAtMs)
  }
  return oldestMs === Number.POSITIVE_INFINITY ? 0 : Math.max(0, (nowMs - oldestMs) / 1_000)
}

export const healthOf = (actors: readonly StageView[], complaints: Health): Health => {
  const unready = complaintsOf(actors)
  const missing = ['collector', 'cache', 'dispatcher', 'endpoint-manager']
    .filter((id) => !actors.some((actor) => actor.id === id))
    .map((actor) => ({ actor, reason: 'it has stopped' }))
  return {
    live: complaints.live,
    ready: [...complaints.live, ...complaints.ready, ...missing, ...unready],
  }
}

/** Why actors cannot do their work, by the states that they are in. */
export const complaintsOf = (actors: readonly StageView[]): readonly Complaint[] =>
  actors.flatMap(({ id, machine, value }) => {
    const reason = unhealthy[`${machine} ${value}`]
    return reason === undefined ? [] : [{ actor: id, reason: `${value}: ${reason}` }]
  })
