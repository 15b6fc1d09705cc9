/**
 * Exhaustive exploration of real machines. A machine is pure, so (snapshot, event) → (snapshot,
 * effects) is computed once and remembered: the space of the whole is large, that of each part small.
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
import type { Effect } from './drive.ts'

/** A snapshot with a number: equal snapshots of one machine have the same one. */
export type Known<Machine extends AnyStateMachine> = {
  readonly id: number
  readonly snapshot: SnapshotFrom<Machine>
}
export type KnownStep<Machine extends AnyStateMachine> = {
  readonly next: Known<Machine>
  /** Without the arming and stopping of the deadline. */
  readonly effects: readonly Effect[]
}
export type Remembered<Machine extends AnyStateMachine> = {
  readonly born: (input: InputFrom<Machine>) => KnownStep<Machine>
  /** Hands a message over at an instant. */
  readonly step: (
    from: Known<Machine>,
    message: { readonly type: string },
    nowMs: number,
  ) => KnownStep<Machine>
  /** How often the machine itself was asked. */
  readonly asked: () => number
}

export const remembered = <Machine extends AnyStateMachine>(
  machine: Machine,
): Remembered<Machine> => {
  const known = new Map<string, Known<Machine>>()
  const steps = new Map<string, KnownStep<Machine>>()
  const intern = (snapshot: SnapshotFrom<Machine>): Known<Machine> => {
    const { value, context } = snapshot as AnyMachineSnapshot
    const key = JSON.stringify([value, context])
    const found = known.get(key) ?? { id: known.size, snapshot }
    known.set(key, found)
    return found
  }
  const once = (
    key: string,
    ask: () => readonly [SnapshotFrom<Machine>, readonly unknown[]],
  ): KnownStep<Machine> => {
    const before = steps.get(key)
    if (before !== undefined) return before
    const [snapshot, actions] = ask()
    const effects = (actions as readonly Effect[]).filter(({ type }) => !type.startsWith('xstate.'))
    const step = { next: intern(snapshot), effects }
    steps.set(key, step)
    return step
  }
  return {
    born: (input) => once(JSON.stringify(input), () => initialTransition(machine, input) as never),
    step: (from, message, nowMs) =>
      once(`${from.id} ${nowMs} ${numberOf(message)}`, () => {
        const event = { ...message, nowMs } as unknown as EventFromLogic<Machine>
        return transition(machine, from.snapshot, event) as never
      }),
    asked: () => steps.size,
  }
}

/** Equal messages have the same number. Each object is read once: messages are never changed. */
const numbers = new Map<string, number>()
const numbered = new WeakMap<object, number>()
export const numberOf = (message: object): number => {
  const found = numbered.get(message)
  if (found !== undefined) return found
  const text = JSON.stringify(message)
  const number = numbers.get(text) ?? numbers.size
  numbers.set(text, number)
  numbered.set(message, number)
  return number
}

export type Move<World> = readonly [label: string, next: () => World]

export class CounterExample extends Error {
  override readonly name = 'CounterExample'
  readonly steps: readonly string[]

  constructor(what: string, steps: readonly string[], cause?: unknown) {
    super(`${what}\n${steps.map((step, i) => `${i + 1}. ${step}`).join('\n')}`, { cause })
    this.steps = steps
  }
}

/**
 * Looks at every world that can be reached, breadth first, so that the first counterexample is a
 * shortest one; and then whether from each of them a goal can still be reached.
 * @throws {CounterExample} with the steps that lead to it.
 */
export const explore = <World>({
  from,
  key,
  moves,
  check,
  isGoal,
  worldsMax,
}: {
  readonly from: World
  readonly key: (world: World) => string
  readonly moves: (world: World) => readonly Move<World>[]
  /** Throws when a world is not right. So may a move. */
  readonly check: (world: World) => void
  readonly isGoal: (world: World) => boolean
  readonly worldsMax: number
}): { readonly worlds: number; readonly edges: number; readonly goals: number } => {
  const numbers = new Map<string, number>([[key(from), 0]])
  const cameFrom: [parent: number, label: string][] = [[-1, '']]
  const worlds: World[] = [from]
  const sources: number[][] = [[]]
  const pathTo = (world: number): string[] => {
    const [parent, label] = cameFrom[world] ?? [-1, '']
    return parent < 0 ? [] : [...pathTo(parent), label]
  }
  let edges = 0
  for (let here = 0; here < worlds.length; here++) {
    const world = worlds[here] as World
    let doing = 'looking at it'
    try {
      check(world)
      for (const [label, next] of moves(world)) {
        doing = label
        const reached = next()
        const reachedKey = key(reached)
        edges += 1
        let there = numbers.get(reachedKey)
        if (there === undefined) {
          there = worlds.length
          if (there >= worldsMax) throw new RangeError(`There are more than ${worldsMax} worlds.`)
          numbers.set(reachedKey, there)
          worlds.push(reached)
          cameFrom.push([here, label])
          sources.push([])
        }
        sources[there]?.push(here)
      }
    } catch (cause) {
      if (cause instanceof RangeError) throw cause
      const what = cause instanceof Error ? cause.message : String(cause)
      throw new CounterExample(what, [...pathTo(here), doing], cause)
    }
  }
  const goals = worlds.flatMap((world, i) => (isGoal(world) ? [i] : []))
  const stuck = firstWithout(goals, sources)
  if (stuck !== undefined)
    throw new CounterExample('No goal can be reached any more.', pathTo(stuck))
  return { worlds: worlds.length, edges, goals: goals.length }
}

/** The first world, breadth first, from which none of the goals can be reached. */
const firstWithout = (
  goals: readonly number[],
  sources: readonly (readonly number[])[],
): number | undefined => {
  const reaches = new Uint8Array(sources.length)
  const queue = [...goals]
  for (const goal of goals) reaches[goal] = 1
  for (let world = queue.pop(); world !== undefined; world = queue.pop()) {
    for (const source of sources[world] ?? []) {
      if (reaches[source] === 1) continue
      reaches[source] = 1
      queue.push(source)
    }
  }
  const stuck = reaches.indexOf(0)
  return stuck < 0 ? undefined : stuck
}
