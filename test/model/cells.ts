/** Every state × every message of every machine: what was met, and what cannot be met. */
import type { AnyStateMachine } from 'xstate'
import { realSystem } from './scene.ts'
import { unreachable } from './unreachable.ts'
import type { Cell } from './world.ts'

type StateConfig = { readonly type?: string; readonly on?: object }

export const allCells = (): readonly Cell[] =>
  Object.entries(realSystem.machines).flatMap(([actor, machine]) =>
    Object.entries(statesOf(machine)).flatMap(([state, { type, on = {} }]) =>
      type === 'final'
        ? []
        : Object.keys(on).map((message): Cell => `${actor} ${state} ${message}`),
    ),
  )

const statesOf = (machine: AnyStateMachine): Readonly<Record<string, StateConfig>> =>
  machine.config.states as Readonly<Record<string, StateConfig>>

export type Coverage = {
  readonly total: number
  readonly visited: number
  readonly unreachable: number
  /** Cells that were neither met nor said to be unreachable; met, and said to be; said to be, and unknown. */
  readonly missing: readonly string[]
  readonly wronglyListed: readonly string[]
}

export const coverageOf = (met: ReadonlySet<string>): Coverage => {
  const cells = allCells()
  const known = new Set<Cell>(cells)
  return {
    total: cells.length,
    visited: cells.filter((cell) => met.has(cell)).length,
    unreachable: Object.keys(unreachable).length,
    missing: cells.filter((cell) => !met.has(cell) && !(cell in unreachable)),
    wronglyListed: Object.keys(unreachable).filter(
      (cell) => met.has(cell) || !known.has(cell as Cell),
    ),
  }
}
