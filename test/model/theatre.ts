/** All machines at once, with the messages between them and what is around them. */

import type { DispatcherContext } from '../../actors/dispatcher/books.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import type { Batch, Held } from '../../schemas/messages.ts'
import type { Effect } from '../support/drive.ts'
import { normalForms } from './normal-form.ts'
import { type Asked, firstOutside, nothingLeft, type Outside } from './outside.ts'
import { type Message, openPlayers, type Player, type Players, type Turn } from './player.ts'
import { ports } from './ports.ts'
import { hopTtlMs, inputsOf, type Scene, type System } from './scene.ts'
import { openShelf } from './shelf.ts'
import { holds } from './violation.ts'
import { type Acting, type Cell, type Single, singles, type Theatre, type World } from './world.ts'

const isSingle = (who: string): who is Single => (singles as readonly string[]).includes(who)

/** The name of an actor in `prompt` and `restless`: sends are all called `delivery`. */
const roleOf = (who: string): string =>
  isSingle(who) || who === 'intake' || who === 'operator' ? who : 'delivery'

export const openTheatre = (scene: Scene, system: System, met: (cell: Cell) => void): Theatre => {
  const messages = openShelf<Message>()
  const inputs = inputsOf(scene)
  const playersOf = (actor: keyof System['machines']): Players =>
    openPlayers({
      machine: system.machines[actor],
      hopTtlMs,
      messages,
      met: (state, message) => met(`${actor} ${state} ${message}`),
      ...normalForms[actor],
    })
  const players: Record<keyof System['machines'], Players> = {
    collector: playersOf('collector'),
    cache: playersOf('cache'),
    dispatcher: playersOf('dispatcher'),
    delivery: playersOf('delivery'),
    'endpoint-manager': playersOf('endpoint-manager'),
  }
  const theatre = {
    scene,
    system,
    inputs,
    messages,
    players,
    helds: openShelf<Held>(),
    batches: openShelf<Batch>(),
    asked: openShelf<Asked>(),
  }

  const playerOf = (world: World, who: Single): Player | undefined =>
    world.actors[who] < 0 ? undefined : players[who].at(world.actors[who])

  const contextOf = (world: World, who: Single): Readonly<Record<string, unknown>> | undefined =>
    playerOf(world, who)?.context

  const after = (world: World, who: string, turn: Turn): World => {
    const isDone = isSingle(who)
      ? players[who].at(turn.next).status === 'done'
      : players.delivery.at(turn.next).status === 'done'
    const placed = place(world, who, isDone ? -1 : turn.next)
    return turn.effects.reduce((it, effect) => did(it, who, effect), placed)
  }
  const place = (world: World, who: string, id: number): World => {
    if (isSingle(who)) {
      checkEpochs(players, who, world.actors[who], id)
      const actors = { ...world.actors, [who]: id }
      const { kept, left } = world.outside
      if (who !== 'endpoint-manager' || left.crashes === 0 || kept.at(-1) === id)
        return { ...world, actors }
      return { ...world, actors, outside: { ...world.outside, kept: [...kept, id].slice(-2) } }
    }
    if (id >= 0) return { ...world, sends: { ...world.sends, [who]: id } }
    const { [who]: _, ...sends } = world.sends
    const { [`dispatcher>${who}`]: __, [`port>${who}`]: ___, ...channels } = world.channels
    const attempts = world.outside.attempts.filter(({ sendId }) => sendId !== who)
    return { ...world, sends, channels, outside: { ...world.outside, attempts } }
  }

  /** Hands a message over. What a stopped actor is told, nobody hears. */
  const told = (world: World, who: string, message: Message): World => {
    const id = isSingle(who) ? world.actors[who] : (world.sends[who] ?? -1)
    if (id < 0) return world
    const turn = isSingle(who) ? players[who].told(id, message) : players.delivery.told(id, message)
    return after(world, who, turn)
  }
  const fired = (world: World, who: string, lateMs = 0): World => {
    const id = isSingle(who) ? world.actors[who] : (world.sends[who] ?? -1)
    const turn = isSingle(who) ? players[who].fired(id, lateMs) : players.delivery.fired(id, lateMs)
    return after(world, who, turn)
  }

  const sent = (world: World, name: string, message: Message): World => ({
    ...world,
    channels: {
      ...world.channels,
      [name]: [...(world.channels[name] ?? []), messages.idOf(message)],
    },
  })
  const did = (world: World, who: string, effect: Effect): World => {
    if (effect.type !== 'tell') return ports(acting, world, who, effect)
    const tell = effect.params as Tell
    const to = tell.to === 'delivery' ? tell.sendId : tell.to
    const name = `${who}>${to}`
    const next = ports(acting, world, who, effect)
    const isPrompt = scene.prompt.includes(`${roleOf(who)}>${roleOf(to)}`)
    if (isPrompt && world.channels[name] === undefined) return told(next, to, tell.message)
    return sent(next, name, tell.message)
  }
  const startedSend = (world: World, input: { readonly sendId: string }): World => {
    holds(!(input.sendId in world.sends), () => `two sends are called ${input.sendId}`)
    return after(world, input.sendId, players.delivery.born({ ...inputs.delivery, ...input }))
  }

  /** Brings all actors but the endpoint manager to life. */
  const begun = (outside: Outside, manager: Turn): World => {
    const none = { collector: -1, cache: -1, dispatcher: -1, 'endpoint-manager': -1 }
    const empty: World = { actors: none, sends: {}, channels: {}, outside }
    const producer = `edge-${outside.life}`
    const births = {
      'endpoint-manager': manager,
      cache: players.cache.born(inputs.cache),
      collector: players.collector.born({ ...inputs.collector, producer }),
      dispatcher: players.dispatcher.born(inputs.dispatcher),
    } as const
    const placed = Object.entries(births).reduce(
      (it, [who, { next }]) => place(it, who, next),
      empty,
    )
    return Object.entries(births).reduce(
      (it, [who, { effects }]) => effects.reduce((is, effect) => did(is, who, effect), it),
      placed,
    )
  }
  const first = (): World =>
    begun(
      firstOutside({ ...nothingLeft, ...scene.left }),
      players['endpoint-manager'].born(inputs.manager),
    )

  const acting: Acting = { ...theatre, playerOf, contextOf, told, sent, startedSend }
  return { ...acting, fired, begun, first }
}
/** Within one life, the newest assignment that an actor knows is never followed by an older one. */
const checkEpochs = (
  players: Theatre['players'],
  who: Single,
  before: number,
  after: number,
): void => {
  if (before < 0 || after < 0 || before === after) return
  if (who !== 'dispatcher' && who !== 'endpoint-manager') return
  const key = who === 'dispatcher' ? 'assignment' : 'current'
  const epochOf = (id: number): number =>
    (players[who].at(id).context[key] as DispatcherContext['assignment'])?.epoch ?? -1
  holds(epochOf(after) >= epochOf(before), () => `an epoch goes back at the ${who}`)
}
