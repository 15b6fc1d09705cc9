/** Everything that can happen next. */
import type { CacheContext } from '../../actors/cache/context.ts'
import { type DispatcherContext, silenceMsMax } from '../../actors/dispatcher/books.ts'
import { diskMoves } from './disk.ts'
import { endpointMoves } from './endpoint-answers.ts'
import { handsOf } from './hands.ts'
import { lifeMoves } from './lives.ts'
import type { Move } from './move.ts'
import { spent } from './outside.ts'
import type { Message } from './player.ts'
import { type Single, singles, type Theatre, type World } from './world.ts'

export const movesOf = (theatre: Theatre, world: World): readonly Move[] => {
  const due = [
    ...messageMoves(theatre, world),
    ...diskMoves(theatre, world),
    ...endpointMoves(theatre, world),
    ...operatorMoves(theatre, world),
    ...lifeMoves(theatre, world),
  ]
  // What is under way comes to pass before a deadline does; a deadline that passes before is early.
  const isStill = due.every(({ kind }) => kind === 'choice')
  return [...due, ...timerMoves(theatre, world, isStill ? 'still' : 'busy')]
}

const messageMoves = (theatre: Theatre, world: World): readonly Move[] =>
  Object.entries(world.channels).flatMap(([name, ids]) => {
    const at = name.indexOf('>')
    const from = name.slice(0, at)
    const to = name.slice(at + 1)
    const moves: Move[] = []
    const { doubles, losses } = world.outside.left
    const add = (
      kind: Move['kind'],
      what: string,
      left: readonly number[],
      id: number | null,
      cost?: 'doubles' | 'losses',
    ): void => {
      const { [name]: _, ...others } = world.channels
      const channels = left.length === 0 ? others : { ...others, [name]: left }
      const outside = cost === undefined ? world.outside : spent(world.outside, cost)
      const next = (): World => {
        const without = { ...world, channels, outside }
        return id === null ? without : theatre.told(without, to, theatre.messages.at(id))
      }
      moves.push({ kind, from, to, what, next })
    }
    for (const [index, id] of ids.entries()) {
      const { type } = theatre.messages.at(id)
      const isRestless = theatre.scene.restless.includes(type)
      const rest = ids.toSpliced(index, 1)
      if (index === 0 || isRestless) add(index === 0 ? 'message' : 'choice', type, rest, id)
      if (isRestless && doubles !== 0) add('choice', `${type}, to come again`, ids, id, 'doubles')
      if (isRestless && losses !== 0) add('choice', `${type} is lost`, rest, null, 'losses')
      if (theatre.scene.restless.length === 0) break
    }
    return moves
  })

const operatorMoves = (theatre: Theatre, world: World): readonly Move[] => {
  const { outside } = world
  const { left } = outside
  const moves: Move[] = []
  const add = (
    cost: 'commands' | 'pins' | 'suspensions',
    to: string,
    message: Message & Readonly<Record<string, unknown>>,
  ): void => {
    const commandId = message['commandId'] as string | undefined
    const open = commandId === undefined ? outside.open : [...outside.open, commandId]
    moves.push({
      kind: 'choice',
      from: 'operator',
      to,
      what: [message.type, message['url']].filter(Boolean).join(' '),
      next: () =>
        theatre.told({ ...world, outside: { ...spent(outside, cost), open } }, to, message),
    })
  }
  if (left.commands > 0) {
    const commandId = `k${left.commands}`
    for (const url of theatre.scene.urls)
      add('commands', 'endpoint-manager', {
        type: 'endpoint.commanded',
        commandId,
        url,
        reason: '',
      })
  }
  if (left.pins > 0) {
    for (const type of ['endpoint.pinned', 'endpoint.unpinned'])
      add('pins', 'endpoint-manager', { type, reason: '' })
  }
  if (left.suspensions > 0) {
    add('suspensions', 'dispatcher', { type: 'dispatch.suspended', reason: '' })
    add('suspensions', 'dispatcher', { type: 'dispatch.resumed' })
  }
  const context = theatre.contextOf(world, 'dispatcher') as unknown as DispatcherContext | undefined
  if (context?.intent === 'suspend') {
    const next = (): World => theatre.told(world, 'dispatcher', { type: 'dispatch.resumed' })
    moves.push({
      kind: 'answer',
      from: 'operator',
      to: 'dispatcher',
      what: 'dispatch.resumed',
      next,
    })
  }
  return moves
}

const timerMoves = (theatre: Theatre, world: World, when: 'still' | 'busy'): readonly Move[] => {
  const { left } = world.outside
  if (when === 'busy' && left.early === 0) return staleMoves(theatre, world)
  const moves: Move[] = []
  const add = (who: string, lateMs: number, costs: readonly ('early' | 'slips')[]): void => {
    const outside = costs.reduce(spent, world.outside)
    moves.push({
      kind: when === 'busy' || costs.length > 0 ? 'choice' : 'timer',
      from: 'clock',
      to: who,
      what: lateMs > 0 ? 'a deadline passed long ago' : 'a deadline passes',
      next: () => theatre.fired({ ...world, outside }, who, lateMs),
    })
  }
  const cost = when === 'busy' ? (['early'] as const) : []
  for (const who of singles) {
    const armedMs = theatre.playerOf(world, who)?.armedMs ?? null
    if (armedMs === null) continue
    if (!endsHeldLease(theatre, world, who, armedMs)) add(who, 0, cost)
    else if (left.slips !== 0) add(who, 0, [...cost, 'slips'])
    if (who === 'dispatcher' && hasLostSend(theatre, world)) add(who, silenceMsMax * 2, cost)
  }
  for (const [sendId, id] of Object.entries(world.sends)) {
    if (theatre.players.delivery.at(id).armedMs !== null) add(sendId, 0, cost)
  }
  return [...moves, ...staleMoves(theatre, world)]
}

/** A timer that had fired already when its state was left. */
const staleMoves = (theatre: Theatre, world: World): readonly Move[] => {
  if (world.outside.left.late === 0) return []
  return [...singles.filter((who) => world.actors[who] >= 0), ...Object.keys(world.sends)].map(
    (who): Move => ({
      kind: 'choice',
      from: 'clock',
      to: who,
      what: 'a timer of a former state',
      next: () =>
        theatre.told({ ...world, outside: spent(world.outside, 'late') }, who, {
          type: 'timer.fired',
        }),
    }),
  )
}

/**
 * A lease would end while somebody still has the batch: the cache takes it back, or the dispatcher, that
 * has not sent it yet, forgets it. No attempt outlives its lease: so that takes a mailbox that is late.
 */
const endsHeldLease = (theatre: Theatre, world: World, who: Single, armedMs: number): boolean => {
  if (who === 'dispatcher') {
    const { pending } = theatre.contextOf(world, who) as unknown as DispatcherContext
    return pending.some(({ untilMs }) => untilMs <= armedMs)
  }
  if (who !== 'cache') return false
  const { leases, sweepAtMs } = theatre.contextOf(world, who) as unknown as CacheContext
  if (sweepAtMs > armedMs) return false
  const ending = leases.filter(({ untilMs }) => untilMs <= armedMs)
  if (ending.length === 0) return false
  const hands = new Set(handsOf(theatre, world))
  return ending.some(({ held }) => hands.has(held.batch.id))
}

/** A send that is in the books, and neither out nor on its way to say that it ended. */
const hasLostSend = (theatre: Theatre, world: World): boolean => {
  const { sends } = theatre.contextOf(world, 'dispatcher') as unknown as DispatcherContext
  return Object.keys(sends).some(
    (sendId) => !(sendId in world.sends) && world.channels[`${sendId}>dispatcher`] === undefined,
  )
}
