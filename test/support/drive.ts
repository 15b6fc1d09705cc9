/**
 * Plays a machine by hand: pure steps, effects as data, time as a number. What a runtime would do with
 * an effect is the test's to say.
 */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventFromLogic,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate'
import { type InstantMs, instant } from '../../schemas/brand.ts'

/** An effect of the machine's own: spawning and stopping its deadline is told apart. */
export type Effect = { readonly type: string; readonly params: unknown }

/** A message as it travels, before whoever hands it over stamps the time on it. */
export type Unstamped<Event> = Event extends unknown ? Omit<Event, 'nowMs'> : never

/** What a step did to the timer of the state's deadline. */
export type Deadline =
  | { readonly kind: 'kept' | 'stopped' }
  | { readonly kind: 'armed'; readonly atMs: InstantMs }

export type Step<Machine extends AnyStateMachine> = {
  readonly snapshot: SnapshotFrom<Machine>
  readonly effects: Effect[]
  readonly deadline: Deadline
}

export const stepFrom = <Machine extends AnyStateMachine>(
  machine: Machine,
  snapshot: SnapshotFrom<Machine>,
  event: EventFromLogic<Machine>,
): Step<Machine> => stepOf(transition(machine, snapshot, event))

const stepOf = <Machine extends AnyStateMachine>([snapshot, actions]: readonly [
  SnapshotFrom<Machine>,
  readonly { readonly type: string; readonly params?: unknown }[],
]): Step<Machine> => {
  let deadline: Deadline = { kind: 'kept' }
  const effects: Effect[] = []
  for (const { type, params } of actions) {
    if (type === 'xstate.stopChild') deadline = { kind: 'stopped' }
    else if (type === 'xstate.spawnChild') deadline = { kind: 'armed', atMs: deadlineOf(params) }
    else if (type.startsWith('xstate.')) throw new TypeError(`No machine here does ${type}.`)
    else effects.push({ type, params })
  }
  return { snapshot, effects, deadline }
}

const deadlineOf = (params: unknown): InstantMs => {
  const { id, input } = params as { id: string; input: { deadlineMs: InstantMs } }
  if (id !== 'deadline') throw new TypeError(`The machine spawns "${id}", which is no deadline.`)
  return input.deadlineMs
}

/** The name of an effect; of a message that is told, the message's. */
export const labelOf = ({ type, params }: Effect): string =>
  type === 'tell' ? (params as { message: { type: string } }).message.type : type

/** The messages among effects, by type. */
export const told = (effects: readonly Effect[]): readonly { readonly type: string }[] =>
  effects.flatMap(({ type, params }) =>
    type === 'tell' ? [(params as { message: { type: string } }).message] : [],
  )

export type Drive<Machine extends AnyStateMachine> = {
  /**
   * Hands a message over, now; answers what the machine did, by name. What it defers is handed over
   * again as soon as its state is another one, as a runtime does.
   */
  readonly tell: (message: Unstamped<EventFromLogic<Machine>>) => readonly string[]
  /** Lets time pass up to the deadline that is armed, and fires its timer. */
  readonly fire: () => readonly string[]
  /** Lets time pass. Nothing fires by itself. */
  readonly wait: (ms: number) => void
  readonly nowMs: () => InstantMs
  readonly state: () => string
  readonly context: () => SnapshotFrom<Machine>['context']
  /** Of the last step. */
  readonly effects: () => readonly Effect[]
  /** The params of the last step's effect of a type. */
  readonly params: (type: string) => unknown
  /** When the deadline of the state fires; `null` while none is armed. */
  readonly armedMs: () => InstantMs | null
  readonly isDone: () => boolean
}

/** Brings a machine to life at an instant; `check` looks at it after its birth and after every step. */
export const drive = <Machine extends AnyStateMachine>(
  machine: Machine,
  input: InputFrom<Machine>,
  { atMs = 0, check }: { atMs?: number; check?: (it: Drive<Machine>) => void } = {},
): Drive<Machine> => {
  let nowMs = instant(atMs)
  let armedMs: InstantMs | null = null
  let last = stepOf<Machine>(initialTransition(machine, input) as never)

  let deferred: EventFromLogic<Machine>[] = []

  const took = (): string[] => {
    const { deadline, effects } = last
    if (deadline.kind !== 'kept') armedMs = deadline.kind === 'armed' ? deadline.atMs : null
    check?.(it)
    return effects.map(labelOf)
  }
  const hand = (event: EventFromLogic<Machine>): string[] => {
    const before = snapshot().value
    last = stepFrom(machine, last.snapshot, event)
    const labels = took()
    if (labels.includes('defer')) deferred.push(event)
    if (snapshot().value === before || snapshot().status === 'done') return labels
    // What was deferred is handed over again as soon as the state is another one.
    const again = deferred
    const { effects } = last
    deferred = []
    for (const it of again) {
      labels.push(...hand({ ...it, nowMs }))
      effects.push(...last.effects)
    }
    last = { ...last, effects }
    return labels
  }
  const tell = (message: Unstamped<EventFromLogic<Machine>>): readonly string[] =>
    hand({ ...message, nowMs } as EventFromLogic<Machine>)
  const snapshot = (): AnyMachineSnapshot => last.snapshot as AnyMachineSnapshot
  const it: Drive<Machine> = {
    tell,
    fire: () => {
      if (armedMs === null) throw new Error(`No deadline is armed in ${snapshot().value}.`)
      nowMs = instant(Math.max(nowMs, armedMs))
      armedMs = null
      return tell({ type: 'timer.fired' } as never)
    },
    wait: (ms) => {
      nowMs = instant(nowMs + ms)
    },
    nowMs: () => nowMs,
    state: () => String(snapshot().value),
    context: () => snapshot().context,
    effects: () => last.effects,
    params: (type) => last.effects.find((effect) => effect.type === type)?.params,
    armedMs: () => armedMs,
    isDone: () => snapshot().status === 'done',
  }
  took()
  return it
}
