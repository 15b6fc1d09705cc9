/** How an actor comes onto the stage, and what it is left by the one that had its id before. */
import type { AnyStateMachine } from 'xstate'

/** Any message: what it may be is the business of whoever tells it, and typed there. */
export type AnyMessage = { readonly type: string }

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
