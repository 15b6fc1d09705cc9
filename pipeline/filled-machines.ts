/** Machines with their holes filled: by the effects that an actor is given, and by what the stage itself does. */
import type { AnyActorLogic, AnyStateMachine } from 'xstate'
import type { AnyMessage, Entrance } from './entrance.ts'

export type Acting = { readonly event: AnyMessage; readonly self: { readonly id: string } }

export const machinesFilledWith = (own: {
  readonly timer: AnyActorLogic
  readonly defer: (acting: Acting) => void
  readonly fault: (acting: Acting, why: string) => void
}): ((entrance: Pick<Entrance, 'machine' | 'effects'>) => AnyStateMachine) => {
  /** Filling a machine makes it anew, with all that XState works out about it: not for every send. */
  const filledMachines = new WeakMap<Entrance['effects'], AnyStateMachine>()
  return ({ machine, effects }) => {
    const known = filledMachines.get(effects)
    if (known?.id === machine.id) return known
    const made = machine.provide({
      actors: { timer: own.timer },
      actions: {
        ...filled(effects),
        defer: (acting: Acting) => own.defer(acting),
        fault: (acting: Acting, params: unknown) =>
          own.fault(acting, (params as { why: string }).why),
      },
    } as never)
    filledMachines.set(effects, made)
    return made
  }
}

const filled = (
  effects: Entrance['effects'],
): Readonly<Record<string, (args: unknown, params: unknown) => void>> =>
  Object.fromEntries(
    Object.entries(effects).map(([name, effect]) => [
      name,
      (_: unknown, params: unknown) => effect(params as never),
    ]),
  )
