/**
 * Of which message each message is a consequence: the one whose taking told it, directly or by an effect that
 * took its time, and the one from another process that it goes back to. Nothing is kept until somebody wants
 * to know: a watcher, or a service whose messages name what they answer.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** A message of another process. Its id is empty where it has none. */
export type Arrival = { readonly id: string; readonly causation: string | null }

/** What goes on while a message is told. */
export type Cause = {
  /** Who takes a message meanwhile; null: nobody, it is a service that hands on what has arrived. */
  readonly actor: string | null
  /** The message that is taken; null where nobody watches. */
  readonly messageId: string | null
  /** What has arrived: whatever is told meanwhile is this message, in the words of the actors. */
  readonly arrival: Arrival | null
  /** The id of the latest message of another process that led to this. */
  readonly origin: string | null
}

export type Causes = {
  readonly current: () => Cause | null
  /** What is told during the step, or later by what it begins, is known as its doing. */
  readonly during: (cause: Cause, step: () => void) => void
  /** Remembers by what a message is told. */
  readonly note: (message: object) => void
  readonly of: (message: object) => Cause
  /** Hands on, in one step, a message that has arrived from another process. */
  readonly arrived: (arrival: Arrival, step: () => void) => void
  /** Whether anything has arrived: only then is there anything to keep where nobody watches. */
  readonly areKept: () => boolean
}

const nobody: Cause = { actor: null, messageId: null, arrival: null, origin: null }

export const openCauses = (): Causes => {
  const causes = new AsyncLocalStorage<Cause>()
  /** Of messages that wait. */
  const told = new WeakMap<object, Cause>()
  let kept: 'no' | 'yes' = 'no'
  return {
    current: () => causes.getStore() ?? null,
    during: (cause, step) => causes.run(cause, step),
    note: (message) => {
      const cause = causes.getStore()
      if (cause !== undefined) told.set(message, cause)
    },
    of: (message) => told.get(message) ?? nobody,
    arrived: ({ id, causation }, step) => {
      kept = 'yes'
      const arrival = id === '' ? null : { id, causation }
      causes.run({ ...nobody, arrival, origin: arrival?.id ?? null }, step)
    },
    areKept: () => kept === 'yes',
  }
}
