/**
 * Real machines, played by pure steps. Equal states of an actor have one number, and what a message
 * does to one is computed once and remembered: the space of the whole is large, that of each is small.
 */
import { type AnyMachineSnapshot, type AnyStateMachine, initialTransition } from 'xstate'
import { type Effect, stepFrom } from '../support/drive.ts'
import { movedBack } from './relative-time.ts'
import { openShelf, type Shelf } from './shelf.ts'
import { travels } from './travel.ts'
import { Violation } from './violation.ts'

export type Message = { readonly type: string }
/** An actor between two messages. */
export type Player = {
  readonly value: string
  readonly context: Readonly<Record<string, unknown>>
  /** What it put off until its state is another one. */
  readonly deferred: readonly Message[]
  /** How far away its deadline is; `null`: none is armed. */
  readonly armedMs: number | null
  readonly status: 'active' | 'done'
}
export type Turn = { readonly next: number; readonly effects: readonly Effect[] }
export type Players = {
  readonly at: (id: number) => Player
  readonly born: (input: object) => Turn
  /** From a former life. */
  readonly resumed: (value: string, context: object) => Turn
  readonly told: (id: number, message: Message) => Turn
  /** Its deadline has passed, `lateMs` ago. */
  readonly fired: (id: number, lateMs?: number) => Turn
  /** The same actor with another context. */
  readonly changed: (
    id: number,
    name: string,
    change: (context: Player['context']) => object,
  ) => number
  readonly size: () => number
  /** How often the machine itself was asked. */
  readonly asked: () => number
}

export type Part = {
  readonly machine: AnyStateMachine
  /** Leaves out of a context what counts on for ever and decides nothing. */
  readonly normal?: (context: Player['context']) => object
  /** The same, of what it says. */
  readonly normalEffect?: (effect: Effect) => Effect
  readonly hopTtlMs: number
  /** Called with each state and message that meet. */
  readonly met: (state: string, message: string) => void
  readonly messages: Shelf<Message>
}

/** Deferred messages that are handed over again in one go, at most. */
const againMax = 100
const timerKey = 2 ** 30

export const openPlayers = (part: Part): Players => {
  const { machine, hopTtlMs, met, messages } = part
  const players = openShelf<Player>()
  const snapshots = new Map<number, AnyMachineSnapshot>()
  const turns = new Map<number, Map<number, Turn>>()
  const changes = new Map<string, number>()
  let asked = 0

  const snapshotOf = (id: number): AnyMachineSnapshot => {
    const known = snapshots.get(id)
    if (known !== undefined) return known
    const { value, context } = players.at(id)
    const made = machine.resolveState({ value, context } as never) as AnyMachineSnapshot
    snapshots.set(id, made)
    return made
  }
  const settle = (player: Player, effects: readonly Effect[], byMs: number): Turn => {
    for (const effect of effects) travels(effect)
    const { armedMs } = player
    const context = movedBack(player.context, { byMs, hopTtlMs })
    const next: Player = {
      ...player,
      context: (part.normal?.(context) ?? context) as Player['context'],
      armedMs: armedMs === null ? null : Math.max(0, armedMs - byMs),
    }
    const moved = movedBack(effects, { byMs, hopTtlMs })
    return { next: players.idOf(next), effects: moved.map(part.normalEffect ?? ((it) => it)) }
  }
  const once = (id: number, key: number, play: () => Turn): Turn => {
    let of = turns.get(id)
    if (of === undefined) {
      of = new Map()
      turns.set(id, of)
    }
    const before = of.get(key)
    if (before !== undefined) return before
    asked += 1
    const turn = play()
    of.set(key, turn)
    return turn
  }
  const hand = (from: Player, first: AnyMachineSnapshot, message: Message, nowMs: number) => {
    const effects: Effect[] = []
    let player = from
    let snapshot = first
    const queue = [message]
    for (let handed = 0; queue.length > 0 && player.status === 'active'; handed++) {
      if (handed > againMax) throw new Violation(`the ${machine.id} is handed the same for ever`)
      const next = queue.shift() as Message
      met(player.value, next.type)
      const event = { ...next, nowMs } as never
      const step = stepFrom(machine, snapshot as never, event)
      snapshot = step.snapshot as AnyMachineSnapshot
      if (snapshot.status === 'error')
        throw new Violation(`the ${machine.id} throws: ${String(snapshot.error)}`)
      const value = String(snapshot.value)
      const puts = step.effects.some(({ type }) => type === 'defer')
      const deferred = puts ? [...player.deferred, next] : player.deferred
      const again = value === player.value ? [] : deferred
      queue.unshift(...again)
      effects.push(...step.effects.filter(({ type }) => type !== 'defer'))
      player = {
        value,
        context: snapshot.context,
        deferred: again.length > 0 ? [] : deferred,
        armedMs: armedAfter(player, step.deadline),
        status: snapshot.status === 'done' ? 'done' : 'active',
      }
    }
    return settle(player, effects, nowMs)
  }
  const entered = (snapshot: AnyMachineSnapshot, actions: readonly Effect[]): Turn => {
    const spawned = actions.find(({ type }) => type === 'xstate.spawnChild')
    const input = (spawned?.params as { input?: { deadlineMs: number } } | undefined)?.input
    const player: Player = {
      value: String(snapshot.value),
      context: snapshot.context,
      deferred: [],
      armedMs: input?.deadlineMs ?? null,
      status: 'active',
    }
    return settle(
      player,
      actions.filter(({ type }) => !type.startsWith('xstate.')),
      0,
    )
  }

  return {
    at: players.at,
    size: players.size,
    asked: () => asked,
    born: (input) => {
      const [snapshot, actions] = initialTransition(machine, input as never)
      return entered(snapshot as AnyMachineSnapshot, actions as unknown as readonly Effect[])
    },
    resumed: (value, context) =>
      entered(machine.resolveState({ value, context } as never) as AnyMachineSnapshot, []),
    told: (id, message) =>
      once(id, messages.idOf(message), () => hand(players.at(id), snapshotOf(id), message, 0)),
    fired: (id, lateMs = 0) => {
      const player = players.at(id)
      const nowMs = (player.armedMs ?? 0) + lateMs
      return once(id, timerKey + nowMs, () =>
        hand({ ...player, armedMs: null }, snapshotOf(id), { type: 'timer.fired' }, nowMs),
      )
    },
    changed: (id, name, change) => {
      const key = `${id} ${name}`
      const before = changes.get(key)
      if (before !== undefined) return before
      const player = players.at(id)
      const next = players.idOf({ ...player, context: change(player.context) as Player['context'] })
      changes.set(key, next)
      return next
    },
  }
}

const armedAfter = (
  { armedMs }: Player,
  deadline: ReturnType<typeof stepFrom>['deadline'],
): number | null => {
  if (deadline.kind === 'armed') return deadline.atMs
  return deadline.kind === 'stopped' ? null : armedMs
}
