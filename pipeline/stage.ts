/**
 * Where actors live: it brings machines to life with their ports filled, hands them their messages
 * one at a time with the time on them, keeps what they defer, and says aloud what should not be.
 */
import { type AnyActorRef, type AnyStateMachine, createActor } from 'xstate'
import type { Clock } from '../infra/clock/clock.ts'
import { timerOn } from '../infra/clock/clock.ts'
import type { InstantMs } from '../schemas/brand.ts'
import { type DeadLetter, openMailboxes } from './mailboxes.ts'
import { openStageWatch, type StageWatch } from './stage-watch.ts'

/** Any message: what it may be is the business of whoever tells it, and typed there. */
export type AnyMessage = { readonly type: string }

export type Stage = {
  readonly start: (actor: Entrance) => void
  /** Ends an actor wherever it is, and starts it anew under its id. */
  readonly replace: (actor: Entrance, inheritance: Inheritance) => void
  /** Ends an actor wherever it is. What it is told from now on is a dead letter. */
  readonly end: (id: string) => void
  readonly post: <Message extends AnyMessage>(id: string, message: Message) => void
  readonly actors: () => readonly ActorView[]
  /** The state of an actor as plain JSON, for its next life. */
  readonly persisted: (id: string) => unknown
  readonly stop: () => void
  /** The watcher is shown first who is there, and from then on what happens; the answer ends that. */
  readonly follow: StageWatch['follow']
} & Pick<StageWatch, 'transitions'>

export type Entrance = {
  readonly id: string
  readonly machine: AnyStateMachine
  /** What the machine's effects do. `defer` and `fault` are filled in here. */
  readonly effects: Readonly<Record<string, (params: never) => void>>
  readonly input: object
  /** From a former life, instead of starting anew. */
  readonly snapshot?: unknown
  /** Called after each message, when the state value or the context has changed. */
  readonly changed?: () => void
  /** Called once, when the machine is in a final state. */
  readonly done?: () => void
}

export type Inheritance = {
  /** What the new life is told before anything else. */
  readonly first: readonly AnyMessage[]
  /** Of what waited for the former life, or was deferred by it: the rest are dead letters. */
  readonly keeps: (message: AnyMessage) => boolean
}

export type ActorView = {
  readonly id: string
  readonly machine: string
  readonly value: string
  readonly sinceMs: InstantMs
  /** Messages that wait for it, and that it has deferred. */
  readonly waiting: number
  /** Messages that it has not taken yet. What it has deferred it has taken. */
  readonly untaken: number
  /** Messages taken, over all lives under this id that followed one another. */
  readonly taken: number
  readonly context: unknown
}

export type Fault = { readonly actor: string; readonly why: string; readonly message: AnyMessage }

type Cause = { readonly actor: string | null; readonly messageId: string | null }
const nobody: Cause = { actor: null, messageId: null }

/** Messages that an actor may put off until it is in another state. */
const deferredMax = 1_024
const depthMax = 16_384

export const openStage = ({
  clock,
  deadLetter,
  fault,
  failed,
  watcherFailed,
}: {
  readonly clock: Clock
  readonly deadLetter: (letter: DeadLetter<AnyMessage>) => void
  /** An actor was told what cannot be, or waits longer than it should. It goes on. */
  readonly fault: (fault: Fault) => void
  /** An actor has thrown: a fault of ours after which nothing it says can be trusted. */
  readonly failed: (actor: string, error: unknown) => void
  /** Somebody who watched has thrown. It watches no more; the actors are not concerned. */
  readonly watcherFailed: (error: unknown) => void
}): Stage => {
  type Player = {
    readonly ref: AnyActorRef
    readonly machine: string
    value: string
    sinceMs: InstantMs
    taken: number
    deferred: AnyMessage[]
  }
  const players = new Map<string, Player>()
  const mailboxes = openMailboxes<AnyMessage>({ depthMax, deadLetter, defer: setImmediate })
  const watch = openStageWatch(watcherFailed)
  /** Of messages that wait: by whom they were told. Kept only while somebody watches. */
  const told = new WeakMap<AnyMessage, Cause>()
  let takenCount = 0

  const timer = timerOn(clock, (id, event) => post(id, event))
  /** Filling a machine makes it anew, with all that XState works out about it: not for every send. */
  const filledMachines = new WeakMap<Entrance['effects'], AnyStateMachine>()
  const playable = ({ machine, effects }: Entrance): AnyStateMachine => {
    const known = filledMachines.get(effects)
    if (known?.id === machine.id) return known
    const made = machine.provide({
      actors: { timer },
      actions: {
        ...filled(effects),
        defer: ({ event, self }: Acting) => defer(self.id, event),
        fault: ({ event, self }: Acting, params: unknown) =>
          fault({ actor: self.id, why: (params as { why: string }).why, message: event }),
      },
    } as never)
    filledMachines.set(effects, made)
    return made
  }

  const start = (entrance: Entrance): void => {
    const { id, machine, input, snapshot } = entrance
    const ref = createActor(playable(entrance), {
      input,
      id,
      ...(snapshot === undefined ? {} : { snapshot: snapshot as never }),
    })
    const player: Player = {
      ref,
      machine: machine.id,
      value: '',
      sinceMs: clock.now(),
      taken: 0,
      deferred: [],
    }
    ref.subscribe({ error: (error) => failed(id, error) })
    players.set(id, player)
    mailboxes.open({ id, receive: (message) => receive(entrance, player, message) })
    ref.start()
    const { value, context } = ref.getSnapshot()
    player.value = String(value)
    if (!watch.isFollowed()) return
    const parent = watch.cause()?.actor ?? null
    const at = { atMs: player.sinceMs, actor: id, machine: machine.id }
    watch.tell({ type: 'actor.started', ...at, value: player.value, parent, context })
  }

  const receive = (entrance: Entrance, player: Player, message: AnyMessage): void => {
    const nowMs = clock.now()
    const before = player.ref.getSnapshot()
    player.taken += 1
    if (watch.isFollowed()) sendWatched(entrance.id, player, { message, nowMs })
    else player.ref.send({ ...message, nowMs })
    const after = player.ref.getSnapshot()
    const value = String(after.value)
    if (value !== player.value) {
      const { machine, value: from } = player
      const { type } = message
      watch.noteTransition({
        atMs: nowMs,
        actor: entrance.id,
        machine,
        from,
        to: value,
        message: type,
      })
    }
    if (after.status === 'done') {
      player.value = value
      left(entrance.id, 'finished')
      mailboxes.close(entrance.id)
      entrance.done?.()
      return
    }
    if (after !== before) entrance.changed?.()
    if (value === player.value) return
    player.value = value
    player.sinceMs = nowMs
    if (player.deferred.length === 0) return
    const again = player.deferred
    player.deferred = []
    mailboxes.repost(entrance.id, again)
  }

  const sendWatched = (
    id: string,
    { ref, machine, value: from }: Player,
    { message, nowMs }: { readonly message: AnyMessage; readonly nowMs: InstantMs },
  ): void => {
    takenCount += 1
    const messageId = String(takenCount)
    const { actor: source, messageId: causationId } = told.get(message) ?? nobody
    const at = { atMs: nowMs, actor: id, machine, message, messageId }
    watch.tell({ type: 'message.taken', ...at, source, causationId })
    watch.during({ actor: id, messageId }, () => ref.send({ ...message, nowMs }))
    const { value, context } = ref.getSnapshot()
    watch.tell({ type: 'actor.stepped', ...at, from, to: String(value), context })
  }

  const post = (id: string, message: AnyMessage): void => {
    if (watch.isFollowed()) {
      const cause = watch.cause()
      if (cause !== null) told.set(message, cause)
    }
    mailboxes.post(id, message)
  }

  const defer = (id: string, message: AnyMessage): void => {
    const player = players.get(id)
    if (player === undefined) return
    if (player.deferred.length >= deferredMax) {
      deadLetter({ to: id, message, reason: 'overflow' })
      return
    }
    player.deferred.push(message)
  }

  const end = (id: string): void => {
    players.get(id)?.ref.stop()
    left(id, 'stopped')
    mailboxes.close(id)
  }

  const left = (id: string, how: 'finished' | 'stopped'): void => {
    const player = players.get(id)
    players.delete(id)
    if (player === undefined || !watch.isFollowed()) return
    const { machine, value } = player
    watch.tell({ type: 'actor.ended', atMs: clock.now(), actor: id, machine, value, how })
  }

  const replace = (entrance: Entrance, { first, keeps }: Inheritance): void => {
    const { id } = entrance
    const former = players.get(id)
    const left = [...(former?.deferred ?? []), ...mailboxes.empty(id)]
    end(id)
    start(entrance)
    const player = players.get(id)
    if (player !== undefined) player.taken = former?.taken ?? 0
    for (const message of [...first, ...left.filter(keeps)]) mailboxes.post(id, message)
    for (const message of left.filter((it) => !keeps(it)))
      deadLetter({ to: id, message, reason: 'stopped' })
  }

  return {
    start,
    replace,
    end,
    post,
    transitions: watch.transitions,
    follow: (watcher) => {
      for (const [actor, { machine, value, sinceMs, ref }] of players) {
        const { context } = ref.getSnapshot()
        watcher({ type: 'actor.present', atMs: sinceMs, actor, machine, value, context })
      }
      return watch.follow(watcher)
    },
    actors: () =>
      [...players].map(([id, player]) => ({
        id,
        machine: player.machine,
        value: player.value,
        sinceMs: player.sinceMs,
        waiting: mailboxes.depth(id) + player.deferred.length,
        untaken: mailboxes.depth(id),
        taken: player.taken,
        context: player.ref.getSnapshot().context,
      })),
    persisted: (id) => players.get(id)?.ref.getPersistedSnapshot(),
    stop: () => {
      for (const id of [...players.keys()]) end(id)
    },
  }
}

type Acting = { readonly event: AnyMessage; readonly self: { readonly id: string } }

const filled = (
  effects: Entrance['effects'],
): Readonly<Record<string, (args: unknown, params: unknown) => void>> =>
  Object.fromEntries(
    Object.entries(effects).map(([name, effect]) => [
      name,
      (_: unknown, params: unknown) => effect(params as never),
    ]),
  )
