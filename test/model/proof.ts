/** Explores scenes, and says what was found. */

import { explored, type Step } from './exploration.ts'
import { realSystem, type Scene, type System } from './scene.ts'
import { openTheatre } from './theatre.ts'
import { chatter, circle, deadEnd } from './ways-on.ts'
import type { Cell, Theatre } from './world.ts'

export type Finding = {
  readonly scene: string
  readonly what: string
  readonly path: readonly Step[]
  readonly theatre: Theatre
}
export type SceneResult = {
  readonly name: string
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly goals: number
  readonly seconds: number
  /** bounded: there are more states than were looked at. */
  readonly extent: 'whole' | 'bounded'
  /** How often a machine was asked for a step. */
  readonly asked: number
  readonly finding: Finding | null
}

export const playScene = (
  scene: Scene,
  given: {
    readonly statesMax: number
    readonly system?: System
    readonly met?: (cell: Cell) => void
    /** Of states so far; now and then. */
    readonly progressed?: (states: number) => void
  },
): SceneResult => {
  const { statesMax, system = realSystem, met = () => undefined, progressed } = given
  const startedAtMs = performance.now()
  const theatre = openTheatre(scene, system, met)
  const found = explored(theatre, { statesMax, ...(progressed && { progressed }) })
  const { graph, violation } = found
  const finding = (what: string, path: readonly Step[]): Finding => ({
    scene: scene.name,
    what,
    path,
    theatre,
  })
  const atState = (what: string, state: number | null): Finding | null =>
    state === null ? null : finding(what, found.pathTo(state))
  return {
    name: scene.name,
    states: graph.size,
    transitions: graph.targets.size(),
    depth: graph.depth,
    goals: graph.goals.size(),
    extent: graph.expanded < graph.size ? 'bounded' : 'whole',
    asked: Object.values(theatre.players).reduce((sum, players) => sum + players.asked(), 0),
    finding:
      violation !== null
        ? finding(violation.what, violation.path)
        : (atState('From here no end can be reached any more', deadEnd(found)) ??
          atState('From here messages can go round in a circle', chatter(found)) ??
          atState('From here it can go on for ever without an end', circle(theatre, found))),
    seconds: (performance.now() - startedAtMs) / 1_000,
  }
}
