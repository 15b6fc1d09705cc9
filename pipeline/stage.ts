/**
 * Where actors live: it brings machines to life with their ports filled, hands them their messages
 * one at a time with the time on them, keeps what they defer, and says aloud what should not be.
 */
import { type AnyActorRef, createActor } from 'xstate'
import type { Clock } from '../infra/clock/clock.ts'
import { timerOn } from '../infra/clock/clock.ts'
import type { InstantMs } from '../schemas/brand.ts'
import { type Causes, openCauses } from './causes.ts'
import type { AnyMessage, Entrance, Inheritance } from './entrance.ts'
import { machinesFilledWith } from './filled-machines.ts'
import { type DeadLetter, openMailboxes } from './mailboxes.ts'
import { openStageWatch, type StageWatch } from './stage-watch.ts'

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
  /** Hands on what has arrived from another process: whatever is told during the step is that message. */
  readonly arrived: Causes['arrived']
  /** The id of the message from another process of which what goes on now is a consequence. */
  readonly origin: () => string | undefined
  /** The watcher is shown first who is there, and from then on what happens; the answer ends that. */
  readonly follow: StageWatch['follow']
} & Pick<StageWatch, 'transitions'>

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

/** A message that is taken, with its id where somebody watches. */
type Taken = { readonly message: AnyMessage; readonly messageId: string | null }

/** Messages that an actor may put off until it is in another state. */
const deferredMax = 1_024
const depthMax = 16_384

export const openStage = ({
  name,
  clock,
  deadLetter,
  fault,
  failed,
  watcherFailed,
}: {
  /** Of the process in this life: the ids of its messages begin with it. */
  readonly name: string
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
  const causes = openCauses()
  let takenCount = 0

  const timer = timerOn(clock, (id, event) => post(id, event))
  const playable = machinesFilledWith({
    timer,
    defer: ({ event, self }) => defer(self.id, event),
    fault: ({ event, self }, why) => fault({ actor: self.id, why, message: event }),
  })

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
    const parent = causes.current()?.actor ?? null
    const at = { atMs: player.sinceMs, actor: id, machine: machine.id }
    watch.tell({ type: 'actor.started', ...at, value: player.value, parent, context })
  }

  const receive = (entrance: Entrance, player: Player, message: AnyMessage): void => {
    if (!isTraced()) {
      take(entrance, player, { message, messageId: null })
      return
    }
    const { arrival, origin } = causes.of(message)
    const messageId = watch.isFollowed() ? (arrival?.id ?? nextId()) : null
    causes.during({ actor: entrance.id, messageId, arrival: null, origin }, () =>
      take(entrance, player, { message, messageId }),
    )
  }
  const isTraced = (): boolean => watch.isFollowed() || causes.areKept()
  const nextId = (): string => {
    takenCount += 1
    return `${name}#${takenCount}`
  }

  const take = (entrance: Entrance, player: Player, { message, messageId }: Taken): void => {
    const nowMs = clock.now()
    const before = player.ref.getSnapshot()
    player.taken += 1
    if (messageId === null) player.ref.send({ ...message, nowMs })
    else sendWatched(entrance.id, player, { message, messageId, nowMs })
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
    {
      message,
      messageId,
      nowMs,
    }: Taken & { readonly messageId: string; readonly nowMs: InstantMs },
  ): void => {
    const { actor: source, messageId: cause, arrival } = causes.of(message)
    const causationId = arrival === null ? cause : arrival.causation
    const at = { atMs: nowMs, actor: id, machine, message, messageId }
    watch.tell({ type: 'message.taken', ...at, source, causationId })
    ref.send({ ...message, nowMs })
    const { value, context } = ref.getSnapshot()
    watch.tell({ type: 'actor.stepped', ...at, from, to: String(value), context })
  }

  const post = (id: string, message: AnyMessage): void => {
    if (isTraced()) causes.note(message)
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
    arrived: causes.arrived,
    origin: () => causes.current()?.origin ?? undefined,
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
