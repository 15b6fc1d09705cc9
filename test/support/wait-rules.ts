import type { AnyStateMachine } from 'xstate'
import { order } from '../../actors/kit/rank.ts'

/** What a state's configuration may say that has to do with waiting. */
type StateConfig = {
  readonly type?: string
  readonly meta?: { readonly waitsOn?: string }
  readonly invoke?: unknown
  readonly after?: object
  readonly always?: unknown
  readonly on?: Readonly<Record<string, unknown>>
  readonly states?: Readonly<Record<string, StateConfig>>
}
type Transition = {
  readonly target?: unknown
  readonly description?: string
  readonly guard?: unknown
}

/**
 * What is wrong with how a machine waits, a sentence each. A state that owes nobody anything may rest
 * without a deadline; it has to be named in `resting`, with the reason why it owes nothing.
 */
export const waitFaults = (
  machine: AnyStateMachine,
  resting: Readonly<Record<string, string>>,
): readonly string[] => {
  const states = statesOf(machine.config as StateConfig)
  const names = new Set(states.map(([name]) => name))
  const faults = states.flatMap(([name, state]) =>
    stateFaults(machine.id, state, { rests: name in resting }).map((it) => `${name} ${it}`),
  )
  if (Object.keys(machine.implementations.delays).length > 0)
    faults.push('the machine declares delays, which a restored snapshot forgets')
  if (order.indexOf(machine.id as never) < 0) faults.push(`the machine ${machine.id} has no rank`)
  for (const name of Object.keys(resting)) {
    if (!names.has(name)) faults.push(`${name} is said to rest, but there is no such state`)
  }
  return faults
}

const statesOf = ({ states = {} }: StateConfig): readonly (readonly [string, StateConfig])[] =>
  Object.entries(states).flatMap(([name, state]) => [
    [name, state] as const,
    ...statesOf(state).map(([inner, it]) => [`${name}.${inner}`, it] as const),
  ])

const stateFaults = (
  self: string,
  state: StateConfig,
  { rests }: { readonly rests: boolean },
): readonly string[] => {
  const faults: string[] = []
  const waitsOn = state.meta?.waitsOn
  if (state.after !== undefined) faults.push('uses `after`, which a restored snapshot forgets')
  if (waitsOn !== undefined && !isBelow(self, waitsOn))
    faults.push(`waits on ${waitsOn}, which does not rank below ${self}`)
  const shows = waitsOn !== undefined || state.invoke !== undefined || hasWayOnAtTimer(state)
  if (shows && !isBuiltByWaiting(state)) faults.push('waits, and was not built by `waiting`')
  if (shows && rests) faults.push('is said to rest, but waits')
  if (!shows && !rests && state.type !== 'final' && !leavesAtOnce(state))
    faults.push('has no deadline, and no reason why it needs none')
  return faults
}

const isBelow = (self: string, waitsOn: string): boolean =>
  order.indexOf(waitsOn as never) > order.indexOf(self as never)

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

const transitionsOf = (value: unknown): readonly Transition[] =>
  listOf(value).map((it) => (typeof it === 'string' ? { target: it } : (it as Transition)))

const hasWayOnAtTimer = ({ on }: StateConfig): boolean =>
  transitionsOf(on?.['timer.fired']).some(({ target }) => target !== undefined)

const leavesAtOnce = ({ always }: StateConfig): boolean =>
  transitionsOf(always).some(({ guard }) => guard === undefined)

/** The marks that `waiting` leaves: a deadline as an instant, and nothing done before it is due. */
const isBuiltByWaiting = (state: StateConfig): boolean => {
  const invoked = listOf(state.invoke) as readonly { id?: string; src?: unknown; input?: unknown }[]
  const [timer] = invoked
  const [notDue, ...late] = transitionsOf(state.on?.['timer.fired'])
  return (
    state.meta?.waitsOn !== undefined &&
    invoked.length === 1 &&
    timer?.id === 'deadline' &&
    timer.src === 'timer' &&
    typeof timer.input === 'function' &&
    notDue?.description === 'ignored: a timer of a former visit' &&
    typeof notDue.guard === 'function' &&
    notDue.target === undefined &&
    late.length > 0
  )
}
