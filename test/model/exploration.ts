/**
 * Every state that can be reached, breadth first: so the first that is not right is reached in as few
 * steps as can be.
 */
import type { Move, MoveKind } from './move.ts'
import { movesOf } from './moves.ts'
import { normalWorld } from './normal-form.ts'
import type { Outside } from './outside.ts'
import { check, isGoal } from './properties.ts'
import { openShelf } from './shelf.ts'
import { type Integers, openIntegers, openStateTable } from './state-table.ts'
import { Violation } from './violation.ts'
import { singles, type Theatre, type World } from './world.ts'

export const kinds: readonly MoveKind[] = ['message', 'answer', 'timer', 'choice']

/** The edges out of a state are those from `first` of it to `first` of the next, in order of moves. */
export type Graph = {
  readonly size: number
  /** States that were looked at; where a bound was reached, fewer than there are. */
  readonly expanded: number
  readonly first: Integers
  readonly targets: Integers
  /** kind + 4 × (who is told + 1), see `Explored.actors` */
  readonly labels: Integers
  readonly goals: Integers
  readonly depth: number
}
export type Explored = {
  readonly graph: Graph
  readonly actors: readonly string[]
  /** The first thing that was not right. */
  readonly violation: { readonly what: string; readonly path: readonly Step[] } | null
  readonly pathTo: (state: number) => readonly Step[]
  readonly worldOf: (state: number) => World
}
export type Step = Pick<Move, 'from' | 'to' | 'what' | 'kind'> & { readonly after: World | null }

/** So many states are looked at between two calls of `progressed`. */
const progressStates = 512

export const explored = (
  theatre: Theatre,
  given: { readonly statesMax: number; readonly progressed?: (states: number) => void },
): Explored => {
  const { statesMax, progressed = () => undefined } = given
  const coder = openCoder()
  const table = openStateTable(coder.width)
  const [parents, first, targets, labels, goals] = [
    openIntegers(),
    openIntegers(),
    openIntegers(),
    openIntegers(),
    openIntegers(),
  ]
  const actors: string[] = []
  const actorOf = (who: string): number => {
    const known = actors.indexOf(who)
    return known >= 0 ? known : actors.push(who) - 1
  }

  const worldOf = (state: number): World => coder.decoded(table.row(state))
  const pathTo = (state: number): Step[] => {
    const states: number[] = []
    for (let at = state; at > 0; at = parents.at(at)) states.push(at)
    let from = 0
    return states.reverse().map((to) => {
      const step = stepBetween(from, to)
      from = to
      return step
    })
  }
  const stepBetween = (from: number, to: number): Step => {
    for (const move of movesOf(theatre, coder.decoded(table.row(from)))) {
      const after = settled(move)
      if (after !== null && table.add(coder.encoded(after)).id === to) return { ...move, after }
    }
    throw new RangeError(`No move leads from state ${from} to state ${to}.`)
  }
  const settled = (move: Move): World | null => {
    try {
      return normalWorld(theatre, move.next())
    } catch (cause) {
      if (cause instanceof Violation) return null
      throw cause
    }
  }
  const result = (
    graph: Omit<Graph, 'first' | 'targets' | 'labels' | 'goals' | 'size'>,
    violation: Explored['violation'],
  ): Explored => ({
    graph: { ...graph, size: table.size(), first, targets, labels, goals },
    actors,
    violation,
    pathTo,
    worldOf,
  })

  const add = (world: World, parent: number): number => {
    const { id, isNew } = table.add(coder.encoded(world))
    if (!isNew) return id
    parents.push(parent)
    if (isGoal(theatre, world)) goals.push(id)
    check(theatre, world)
    return id
  }
  add(normalWorld(theatre, theatre.first()), 0)
  let depth = 0
  let levelEnd = 1
  let here = 0
  for (; here < table.size() && table.size() < statesMax; here++) {
    if (here === levelEnd) {
      depth += 1
      levelEnd = table.size()
    }
    if (here % progressStates === 0) progressed(table.size())
    first.push(targets.size())
    const world = coder.decoded(table.row(here))
    for (const move of movesOf(theatre, world)) {
      const known = table.size()
      try {
        targets.push(add(normalWorld(theatre, move.next()), here))
        labels.push(kinds.indexOf(move.kind) + 4 * actorOf(move.to))
      } catch (cause) {
        if (!(cause instanceof Violation)) throw cause
        const after = table.size() > known ? coder.decoded(table.row(known)) : null
        const path = [...pathTo(here), { ...move, after }]
        return result({ expanded: here, depth }, { what: cause.message, path })
      }
    }
  }
  first.push(targets.size())
  return result({ expanded: here, depth }, null)
}

/** A state as a row of integers, and back. */
const openCoder = () => {
  const texts = openShelf<string>((it) => it)
  const sends = new Map<number, World['sends']>()
  const channels = new Map<number, World['channels']>()
  const outsides = openShelf<Outside>()
  const sendsOf = (world: World): number => {
    let key = 's'
    for (const sendId in world.sends) key += ` ${sendId}=${world.sends[sendId]}`
    const id = texts.idOf(key)
    if (!sends.has(id)) sends.set(id, world.sends)
    return id
  }
  const channelsOf = (world: World): number => {
    let key = 'c'
    for (const name of Object.keys(world.channels).sort()) key += ` ${name}=${world.channels[name]}`
    const id = texts.idOf(key)
    if (!channels.has(id)) channels.set(id, world.channels)
    return id
  }
  const part = <Value>(map: ReadonlyMap<number, Value>, id: number | undefined): Value => {
    const value = map.get(id ?? -1)
    if (value === undefined) throw new RangeError(`There is no part ${id} of a state.`)
    return value
  }
  const [collector, cache, dispatcher, manager] = singles
  return {
    width: singles.length + 3,
    // A number of −1 would be none that an unsigned row can hold.
    encoded: (world: World): readonly number[] => [
      world.actors[collector] + 1,
      world.actors[cache] + 1,
      world.actors[dispatcher] + 1,
      world.actors[manager] + 1,
      sendsOf(world),
      channelsOf(world),
      outsides.idOf(world.outside),
    ],
    decoded: (row: readonly number[]): World => ({
      actors: {
        collector: (row[0] ?? 0) - 1,
        cache: (row[1] ?? 0) - 1,
        dispatcher: (row[2] ?? 0) - 1,
        'endpoint-manager': (row[3] ?? 0) - 1,
      },
      sends: part(sends, row[4]),
      channels: part(channels, row[5]),
      outside: outsides.at(row[6] ?? 0),
    }),
  }
}
