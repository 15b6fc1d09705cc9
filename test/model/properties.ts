/** What holds in every state that can be reached, whatever happens. Each throws where it does not. */
import type { CacheContext } from '../../actors/cache/context.ts'
import type { DeliveryContext } from '../../actors/delivery/judgement.ts'
import type { DispatcherContext } from '../../actors/dispatcher/books.ts'
import type { EndpointManagerContext } from '../../actors/endpoint-manager/context.ts'
import type { Position } from '../../schemas/messages.ts'
import { handsOf } from './hands.ts'
import { recordsOf } from './outside.ts'
import type { Player } from './player.ts'
import { holds } from './violation.ts'
import type { Single, Theatre, World } from './world.ts'

/** What an actor knows; `null` once it has stopped. */
const contextOf = <Context>(theatre: Theatre, world: World, who: Single): Context | null =>
  (theatre.contextOf(world, who) as unknown as Context | undefined) ?? null
const deliveriesOf = (
  theatre: Theatre,
  world: World,
): readonly (readonly [string, Player, DeliveryContext])[] =>
  Object.entries(world.sends).map(([sendId, id]) => {
    const player = theatre.players.delivery.at(id)
    return [sendId, player, player.context as unknown as DeliveryContext] as const
  })

export const properties: Readonly<Record<string, (theatre: Theatre, world: World) => void>> = {
  'accepted = delivered + dropped + pending': (theatre, { outside }) => {
    const sum = (ids: readonly number[], of: (id: number) => number): number =>
      ids.reduce((total, id) => total + of(id), 0)
    const records = (id: number): number => recordsOf(theatre.helds.at(id))
    const held = outside.files.flatMap((file) => file.held)
    const pending = sum(
      held.filter((id) => !(id in outside.ends)),
      records,
    )
    const delivered = sum(outside.accepted, (id) => outside.ends[id]?.[0] ?? 0)
    const dropped = sum(outside.accepted, (id) => outside.ends[id]?.[1] ?? 0)
    const accepted = sum(outside.accepted, records)
    holds(
      accepted === delivered + dropped + pending,
      () =>
        `${accepted} records accepted are not ${delivered} delivered, ${dropped} dropped and ${pending} pending`,
    )
  },

  'no number of a stream is left out or used twice': (theatre, { outside }) => {
    const next = new Map<string, number>()
    for (const id of outside.accepted) {
      const { producer, service, firstSeq, lastSeq } = theatre.helds.at(id).batch
      const stream = `${producer} ${service}`
      const expected = next.get(stream) ?? 0
      holds(firstSeq === expected, () => `${stream} goes on at ${firstSeq} and not at ${expected}`)
      next.set(stream, lastSeq + 1)
    }
  },

  'redirectInFlight, exactly while an older attempt is out': (theatre, world) => {
    const context = contextOf<DispatcherContext>(theatre, world, 'dispatcher')
    const state = theatre.playerOf(world, 'dispatcher')?.value
    if (context === null || state === 'draining') return
    const epoch = context.assignment?.epoch ?? -1
    const isOlder = Object.values(context.sends).some((send) => send.epoch < epoch)
    holds(
      (state === 'redirectInFlight') === isOlder,
      () => `the dispatcher is ${state}, and an older attempt is ${isOlder ? '' : 'not '}out`,
    )
    for (const [sendId, , { under }] of deliveriesOf(theatre, world))
      holds(
        under.epoch >= epoch || state === 'redirectInFlight',
        () => `${sendId} is out under epoch ${under.epoch}, and the dispatcher is ${state}`,
      )
  },

  'a send knows nothing that its dispatcher does not, and each is in its books': (
    theatre,
    world,
  ) => {
    const context = contextOf<DispatcherContext>(theatre, world, 'dispatcher')
    if (context === null) return
    for (const [sendId, , { newest }] of deliveriesOf(theatre, world)) {
      holds(sendId in context.sends, () => `${sendId} is out, and its dispatcher does not know it`)
      holds(
        newest.epoch <= (context.assignment?.epoch ?? -1),
        () => `${sendId} knows epoch ${newest.epoch}, and its dispatcher does not`,
      )
    }
  },

  'with ordering: stream, one batch of a stream in flight': (theatre, world) => {
    if (theatre.inputs.dispatcher.ordering !== 'stream') return
    const out = deliveriesOf(theatre, world).filter(([, { value }]) => value === 'attempting')
    const streams = out.flatMap(([, , { held }]) => held.map(({ batch }) => batch.service))
    holds(new Set(streams).size === streams.length, () => `two batches of ${streams} are in flight`)
  },

  'what is leased is in somebody’s hands': (theatre, world) => {
    const { left } = world.outside
    const isCalm =
      left.slips === 0 &&
      theatre.scene.left.slips === undefined &&
      theatre.scene.restless.length === 0
    const context = contextOf<CacheContext>(theatre, world, 'cache')
    if (context === null || !isCalm || world.outside.draining !== 'no') return
    const hands = handsOf(theatre, world)
    for (const { held } of context.leases) {
      const count = hands.filter((id) => id === held.batch.id).length
      holds(count === 1, () => `${held.batch.id} is leased, and in ${count} hands`)
    }
  },

  'what is pending is known to the cache': (theatre, world) => {
    const context = contextOf<CacheContext>(theatre, world, 'cache')
    if (context === null || theatre.playerOf(world, 'cache')?.value === 'recovering') return
    const { lanes, leases, leaving } = context
    const leased = new Set(leases.map(({ held }) => held.batch.id))
    for (const { id: segment, priority, held } of world.outside.files) {
      if (leaving.some((it) => it.segment === segment)) continue
      const { ready, behind, loadedThrough } = lanes[priority]
      for (const id of held) {
        const { batch, at } = theatre.helds.at(id)
        if (id in world.outside.ends || leased.has(batch.id)) continue
        const isReady = ready.some((it) => it.batch.id === batch.id)
        const isBehind = behind !== 'none' && isAfter(at, loadedThrough)
        holds(isReady || isBehind, () => `${batch.id} is held, and the cache does not know it`)
      }
    }
  },

  'a restart knows every assignment that anybody was told of': (theatre, world) => {
    const context = contextOf<EndpointManagerContext>(theatre, world, 'endpoint-manager')
    const epoch = context?.current?.epoch ?? 0
    holds(
      epoch >= world.outside.told,
      () => `epoch ${world.outside.told} was told, and ${epoch} is what the endpoint manager knows`,
    )
  },

  'an endpoint is rolled back from once for each time that one was gone to': (_, { outside }) => {
    // What was written twice, since the journal took long, follows itself there.
    const moves = outside.journal.filter(({ by, url }, index) => {
      const before = outside.journal[index - 1]
      return before === undefined || before.by !== by || before.url !== url
    })
    const count = (...by: readonly string[]): number =>
      moves.filter((it) => by.includes(it.by)).length
    const [back, gone] = [count('rollback'), count('operator', 'redirect')]
    holds(back <= gone, () => `${back} rollbacks after ${gone} moves`)
  },
}

const isAfter = (at: Position, mark: Position | null): boolean =>
  mark === null ||
  at.segment > mark.segment ||
  (at.segment === mark.segment && at.offset > mark.offset)

export const check = (theatre: Theatre, world: World): void => {
  for (const name in properties) properties[name]?.(theatre, world)
}

/**
 * Everything has come to rest as it should: each batch has ended, the newest assignment is adopted,
 * commands and clients are answered, and more is taken in and would be sent. Or the process has been
 * stopped in order, and keeps what is pending on disk.
 */
export const isGoal = (theatre: Theatre, world: World): boolean => {
  const { outside, actors, channels } = world
  if (outside.draining !== 'no') {
    return actors.collector < 0 && actors.dispatcher < 0 && actors.cache < 0
  }
  for (const _ in channels) return false
  for (const _ in world.sends) return false
  if (outside.asked.length > 0 || outside.writes.length > 0) return false
  if (outside.open.length > 0 || outside.unanswered.length > 0 || outside.intake !== 'open')
    return false
  const value = (who: Single): string => theatre.playerOf(world, who)?.value ?? ''
  if (value('collector') !== 'accepting' || value('cache') !== 'open') return false
  if (value('dispatcher') !== 'idle') return false
  const dispatcher = contextOf<DispatcherContext>(theatre, world, 'dispatcher')
  const manager = contextOf<EndpointManagerContext>(theatre, world, 'endpoint-manager')
  if (dispatcher?.window === 'closed') return false
  if (dispatcher?.assignment?.epoch !== manager?.current?.epoch) return false
  if (manager?.current?.url !== outside.journal.at(-1)?.url) return false
  return outside.accepted.every((id) => id in outside.ends)
}
