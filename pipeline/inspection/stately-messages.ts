/**
 * The messages that Stately's inspectors understand, made of what happens on the stage. An actor is known by
 * the producer and its id, so that several services can be looked at together. What is beyond the protocol
 * (`messageId`, `causationId`, `from`) is passed over by its tools and joins a sequence for others.
 *
 * @see https://github.com/statelyai/inspect (0.7.2): StatelyInspectionEvent
 */
import type { StageEvent } from '../stage-watch.ts'
import { definitions } from './definitions.ts'
import { shown } from './shown.ts'

type Base = {
  readonly rootId: string
  readonly sessionId: string
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string
  readonly id: string | null
  readonly _version: string
}
export type Snapshot = {
  readonly status: 'active' | 'done' | 'stopped'
  readonly value?: string
  readonly context?: unknown
}
export type StatelyMessage =
  | (Base & {
      readonly type: '@xstate.actor'
      readonly name: string
      readonly parentId?: string
      /** What `createMachine` takes, as JSON. */
      readonly definition: string
      readonly snapshot: Snapshot
    })
  | (Base & {
      readonly type: '@xstate.event'
      readonly sourceId?: string
      readonly event: unknown
      readonly messageId: string
      readonly causationId: string | null
    })
  | (Base & {
      readonly type: '@xstate.snapshot'
      readonly event: unknown
      readonly snapshot: Snapshot
      readonly messageId: string | null
      /** The state that it was in before. */
      readonly from: string | null
    })

/** The version of the protocol's package that this follows: its receivers tell by it what they read. */
const protocolVersion = '0.7.2'
/** What stands for the pipeline as a whole: every actor's root, and what says how much was left out. */
const rootMachine = { id: 'holdfast', initial: 'shown', states: { shown: {}, sampled: {} } }

export type StatelyWriter = {
  readonly message: (event: StageEvent) => StatelyMessage
  /** The pipeline as a whole. `skipped` are the events that were not shown to anybody, or to this one. */
  readonly root: (given: RootState) => StatelyMessage
  readonly rootChanged: (given: RootState) => StatelyMessage
  /** An actor of which only the state is known. */
  readonly plain: (given: PlainActor) => {
    readonly actor: StatelyMessage
    readonly snapshot: StatelyMessage
  }
}
export type RootState = { readonly atMs: number; readonly skipped: number }
export type PlainActor = {
  readonly atMs: number
  readonly id: string
  readonly machine: string
  readonly value: string
  readonly detail: string
}

export const openStatelyWriter = (producer: string): StatelyWriter => {
  const sessionOf = (actor: string): string => `${producer}/${actor}`
  const base = (
    actor: string | null,
    given: { readonly atMs: number; readonly id?: string },
  ): Base => ({
    rootId: producer,
    sessionId: actor === null ? producer : sessionOf(actor),
    createdAt: String(given.atMs),
    id: given.id ?? null,
    _version: protocolVersion,
  })
  const actorMessage = (given: {
    readonly actor: string
    readonly atMs: number
    readonly machine: string
    readonly parent: string | null
    readonly snapshot: Snapshot
  }): StatelyMessage => ({
    type: '@xstate.actor',
    ...base(given.actor, given),
    name: given.actor,
    parentId: given.parent === null ? producer : sessionOf(given.parent),
    definition: definitions.get(given.machine) ?? JSON.stringify({ id: given.machine }),
    snapshot: given.snapshot,
  })
  const rootSnapshot = ({ skipped }: RootState): Snapshot => ({
    status: 'active',
    value: skipped === 0 ? 'shown' : 'sampled',
    context: { skippedEvents: skipped },
  })
  const message = (event: StageEvent): StatelyMessage => {
    const { actor, atMs } = event
    switch (event.type) {
      case 'actor.present':
      case 'actor.started': {
        const { machine, value, context } = event
        const parent = event.type === 'actor.started' ? event.parent : null
        const snapshot = { status: 'active', value, context: shown(context) } as const
        return actorMessage({ actor, atMs, machine, parent: parent ?? parentOf(machine), snapshot })
      }
      case 'message.taken': {
        const { source, messageId, causationId, message: taken } = event
        return {
          type: '@xstate.event',
          ...base(actor, { atMs, id: messageId }),
          ...(source === null ? {} : { sourceId: sessionOf(source) }),
          event: shown(taken),
          messageId,
          causationId,
        }
      }
      case 'actor.stepped': {
        const snapshot = {
          status: 'active',
          value: event.to,
          context: shown(event.context),
        } as const
        return {
          type: '@xstate.snapshot',
          ...base(actor, { atMs }),
          event: { type: event.message.type },
          snapshot,
          messageId: event.messageId,
          from: event.from,
        }
      }
      case 'actor.ended':
        return {
          type: '@xstate.snapshot',
          ...base(actor, { atMs }),
          event: { type: event.how === 'finished' ? 'xstate.done' : 'xstate.stop' },
          snapshot: { status: event.how === 'finished' ? 'done' : 'stopped', value: event.value },
          messageId: null,
          from: null,
        }
    }
  }
  return {
    message,
    root: (given) => ({
      type: '@xstate.actor',
      ...base(null, given),
      name: 'holdfast',
      definition: JSON.stringify(rootMachine),
      snapshot: rootSnapshot(given),
    }),
    rootChanged: (given) => ({
      type: '@xstate.snapshot',
      ...base(null, given),
      event: { type: 'events.skipped' },
      snapshot: rootSnapshot(given),
      messageId: null,
      from: null,
    }),
    plain: ({ id, atMs, machine, value, detail }) => {
      const snapshot = { status: 'active', value, context: { detail } } as const
      return {
        actor: actorMessage({ actor: id, atMs, machine, parent: null, snapshot }),
        snapshot: {
          type: '@xstate.snapshot',
          ...base(id, { atMs }),
          event: { type: 'watch.changed' },
          snapshot,
          messageId: null,
          from: null,
        },
      }
    },
  }
}

/** Who is there already was started by somebody: a delivery by the dispatcher. */
const parentOf = (machine: string): string | null => (machine === 'delivery' ? 'dispatcher' : null)
