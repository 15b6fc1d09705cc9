import { type CallbackActorLogic, fromCallback } from 'xstate'
import type { InstantMs } from '../../schemas/brand.ts'

/**
 * A message as an actor receives it: time arrives in events, stamped by whoever hands them over.
 */
export type Stamped<Message> = Message & { readonly nowMs: InstantMs }

/** The deadline of a waiting state has passed. `nowMs` is never before that deadline. */
export type TimerFired = { readonly type: 'timer.fired' }

/**
 * A deadline that survives restarts. Restored snapshots start their invoked actors again with the
 * same input, but they do not re-arm XState's `after` (statelyai/xstate#5331), so no machine here
 * uses `after`. Fires `timer.fired` once, at `deadlineMs`, or at once if that has passed.
 */
export type Timer = CallbackActorLogic<{ type: 'timer.stop' }, { readonly deadlineMs: InstantMs }>
export const timer: Timer = fromCallback(() => {
  throw new UnfilledPortError('timer')
})

/**
 * An effect is a hole in a machine where I/O goes: a name and the type of its parameters. `pipeline/`
 * fills it with `machine.provide({ actions })`; the model reads it as data from `transition()`.
 */
export const effect =
  <Params = undefined>(name: string) =>
  (_: unknown, _params: Params): void => {
    throw new UnfilledPortError(name)
  }

export class UnfilledPortError extends Error {
  override readonly name = 'UnfilledPortError'
  readonly port: string

  constructor(port: string) {
    super(`The port "${port}" was used before pipeline/ provided it.`)
    this.port = port
  }
}
