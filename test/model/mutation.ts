/** Makes a mistake in a real machine: in a copy of its configuration, or in one of its actions or guards. */
import { type AnyStateMachine, createMachine } from 'xstate'

type Config = Record<string, unknown>
export type StateConfig = {
  on: Record<string, unknown>
  always?: unknown
  invoke?: unknown
  entry?: unknown
  meta?: unknown
}

/** The machine, with its states edited in a copy. */
export const edited = (
  machine: AnyStateMachine,
  edit: (state: (name: string) => StateConfig, config: Config) => void,
): AnyStateMachine => {
  const config = copied(machine.config as unknown as Config) as Config
  const states = config['states'] as Record<string, StateConfig>
  const state = (name: string): StateConfig => {
    const found = states[name]
    if (found === undefined) throw new RangeError(`The ${machine.id} has no state ${name}.`)
    return found
  }
  edit(state, config)
  return createMachine(config as never, machine.implementations as never)
}

/** The machine, with an action or a guard that does something else. */
export const provided = (
  machine: AnyStateMachine,
  implementations: { readonly actions?: object; readonly guards?: object },
): AnyStateMachine => machine.provide(implementations as never)

/** Functions stay what they are. */
const copied = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copied)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner)]))
}

type Action = string | { readonly type?: string }
const nameOf = (action: unknown): string | undefined =>
  typeof action === 'string' ? action : (action as { type?: string } | null)?.type

/** All transitions of a value of `on` or `always`, as a list. */
export const transitionsOf = (value: unknown): Record<string, unknown>[] =>
  (Array.isArray(value) ? value : [value]) as Record<string, unknown>[]

/** Takes an action, by its name or itself, out of transitions. */
export const withoutAction = (value: unknown, action: unknown): unknown =>
  transitionsOf(value).map((transition) => {
    const actions = (
      Array.isArray(transition['actions']) ? transition['actions'] : [transition['actions']]
    ) as Action[]
    const left = actions.filter(
      (it) =>
        it !== undefined && it !== action && (typeof action !== 'string' || nameOf(it) !== action),
    )
    return { ...transition, actions: left }
  })

/** A state that waits, without its deadline. */
export const forPatience = (state: StateConfig): void => {
  delete state.invoke
  delete state.meta
  state.on['timer.fired'] = ignored
}

export const defer = { description: 'deferred', actions: 'defer' } as const
export const ignored = { description: 'ignored' } as const
