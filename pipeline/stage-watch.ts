/**
 * Who watches the stage, and what it has seen last. Nothing is made for watchers while there is none; the
 * last changes of state are always kept, some for each machine, so that whoever comes late sees how it
 * came to this.
 */
import type { InstantMs } from '../schemas/brand.ts'
import type { AnyMessage } from './entrance.ts'

/** What happens on the stage, in the order in which it happens. */
export type StageEvent =
  | (ActorEvent & {
      /** It is there as somebody begins to watch. `atMs` is since when it is in this state. */
      readonly type: 'actor.present'
      readonly value: string
      readonly context: unknown
    })
  | (ActorEvent & {
      readonly type: 'actor.started'
      readonly value: string
      /** Who started it, if that was an actor: a dispatcher starts deliveries. */
      readonly parent: string | null
      readonly context: unknown
    })
  | (ActorEvent & {
      readonly type: 'message.taken'
      readonly message: AnyMessage
      /** Of a message that came from another process, the id that it has there; it may be taken by several. */
      readonly messageId: string
      /** Who told it, directly or by an effect that took its time; null: somebody outside. */
      readonly source: string | null
      /** The message of which this one is a consequence, in this process or in another. */
      readonly causationId: string | null
    })
  | (ActorEvent & {
      /** What it made of the message that it took: it is where it was, or elsewhere. */
      readonly type: 'actor.stepped'
      readonly message: AnyMessage
      readonly messageId: string
      readonly from: string
      readonly to: string
      readonly context: unknown
    })
  | (ActorEvent & {
      readonly type: 'actor.ended'
      readonly value: string
      /** By its own final state, or from outside. */
      readonly how: 'finished' | 'stopped'
    })
type ActorEvent = { readonly atMs: InstantMs; readonly actor: string; readonly machine: string }

/** A change of state, as it is kept. */
export type Transition = ActorEvent & {
  /** Grows by one from change to change, over all actors. */
  readonly number: number
  readonly from: string
  readonly to: string
  /** The type of the message that it was told. */
  readonly message: string
}

/** Called while the pipeline waits: whoever has more to do with an event than to note it does so later. */
export type StageWatcher = (event: StageEvent) => void

export type StageWatch = {
  /** The last changes of state of each machine, oldest first. */
  readonly transitions: () => readonly Transition[]
  readonly noteTransition: (transition: Omit<Transition, 'number'>) => void
  /** Calls back from now on; the answer ends that. A watcher that throws is watching no more. */
  readonly follow: (watcher: StageWatcher) => () => void
  readonly isFollowed: () => boolean
  readonly tell: (event: StageEvent) => void
}

/** Changes kept of each machine. Deliveries come and go by the thousand: they push out only their own. */
const transitionsMax = 64
const watchersMax = 64

export const openStageWatch = (watcherFailed: (error: unknown) => void): StageWatch => {
  const watchers = new Set<StageWatcher>()
  const rings = new Map<string, { readonly kept: Transition[]; next: number }>()
  let count = 0
  return {
    transitions: () =>
      [...rings.values()]
        .flatMap(({ kept, next }) => [...kept.slice(next), ...kept.slice(0, next)])
        .sort((a, b) => a.number - b.number),
    noteTransition: (transition) => {
      let ring = rings.get(transition.machine)
      if (ring === undefined) {
        ring = { kept: [], next: 0 }
        rings.set(transition.machine, ring)
      }
      count += 1
      ring.kept[ring.next] = { ...transition, number: count }
      ring.next = (ring.next + 1) % transitionsMax
    },
    follow: (watcher) => {
      if (watchers.size >= watchersMax)
        throw new Error(`The stage is watched by ${watchersMax} already; one has to go first.`)
      const own: StageWatcher = (event) => watcher(event)
      watchers.add(own)
      return () => void watchers.delete(own)
    },
    isFollowed: () => watchers.size > 0,
    tell: (event) => {
      for (const watcher of watchers)
        try {
          watcher(event)
        } catch (error) {
          watchers.delete(watcher)
          watcherFailed(error)
        }
    },
  }
}
