/**
 * What counts on for ever and decides nothing is the same in all states that are equal otherwise: so a
 * circle is seen as one. Each entry says why nothing is lost by it.
 */
import type { CacheContext } from '../../actors/cache/context.ts'
import type { DispatcherContext } from '../../actors/dispatcher/books.ts'
import type { EndpointManagerContext } from '../../actors/endpoint-manager/context.ts'
import type { Actor } from '../../actors/kit/rank.ts'
import type { DemandRaised } from '../../schemas/messages.ts'
import type { Message, Part } from './player.ts'
import type { Theatre, World } from './world.ts'

type NormalForm = Pick<Part, 'normal' | 'normalEffect'>

export const normalForms: Readonly<Record<Actor, NormalForm>> = {
  collector: {},
  /** Leases are told apart by their batches; nobody reads their number. */
  cache: {
    normal: (context) => {
      const { leases } = context as unknown as CacheContext
      return { ...context, nextLease: 1, leases: leases.map((it) => ({ ...it, lease: 1 })) }
    },
    normalEffect: (effect) => {
      const { params } = effect as { params: { message?: Message } | undefined }
      if (params?.message?.type !== 'batches.leased') return effect
      return { ...effect, params: { ...params, message: { ...params.message, lease: 1 } } }
    },
  },
  /** The first backoff is the longest here: a second failure in a row changes nothing more. */
  dispatcher: {
    normal: (context) => {
      const { failures } = context as unknown as DispatcherContext
      return { ...context, failures: Math.min(failures, 1) }
    },
  },
  delivery: {},
  /** Only whether there were enough of them. */
  'endpoint-manager': {
    normal: (context) => {
      const { failures, probationFailuresMax } = context as unknown as EndpointManagerContext
      return { ...context, failures: Math.min(failures, probationFailuresMax) }
    },
  },
}

/** Sends are numbered from 1 again once no earlier one is spoken of; rounds, from what the cache knows. */
export const normalWorld = (theatre: Theatre, world: World): World =>
  renumbered(theatre, roundsFromOne(theatre, world))

const renumbered = (theatre: Theatre, world: World): World => {
  const id = world.actors.dispatcher
  if (id < 0 || Object.keys(world.sends).length > 0) return world
  const context = theatre.players.dispatcher.at(id).context as unknown as DispatcherContext
  if (context.nextSend === 1 || Object.keys(context.sends).length > 0) return world
  for (const name of Object.keys(world.channels)) {
    for (const message of world.channels[name] ?? []) {
      if ('sendId' in theatre.messages.at(message)) return world
    }
  }
  const isAsked = world.outside.asked.some((it) => theatre.asked.at(it).port === 'fates')
  if (isAsked) return world
  const next = theatre.players.dispatcher.changed(id, 'sends', (it) => ({ ...it, nextSend: 1 }))
  return { ...world, actors: { ...world.actors, dispatcher: next } }
}

const demands = 'dispatcher>cache'
const roundsFromOne = (theatre: Theatre, world: World): World => {
  const { cache, dispatcher } = world.actors
  if (cache < 0 || dispatcher < 0) return world
  const { players, messages } = theatre
  const known = (players.cache.at(cache).context as unknown as CacheContext).windows[0]?.round ?? 1
  if (known <= 1) return world
  const by = known - 1
  const lower = (round: number): number => Math.max(0, round - by)
  const channel = world.channels[demands]?.map((id) => {
    const message = messages.at(id)
    if (message.type !== 'demand.raised') return id
    return messages.idOf({ ...message, round: lower((message as DemandRaised).round) } as Message)
  })
  return {
    ...world,
    actors: {
      ...world.actors,
      cache: players.cache.changed(cache, 'rounds', (context) => {
        const { windows } = context as unknown as CacheContext
        return { ...context, windows: windows.map((it) => ({ ...it, round: 1 })) }
      }),
      dispatcher: players.dispatcher.changed(dispatcher, `rounds ${by}`, (context) => {
        const { round } = context as unknown as DispatcherContext
        return { ...context, round: lower(round) }
      }),
    },
    ...(channel === undefined ? {} : { channels: { ...world.channels, [demands]: channel } }),
  }
}
