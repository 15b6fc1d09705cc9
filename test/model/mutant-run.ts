/** Looks for a mutant in the scene that is made for it. */
import type { Finding } from './proof.ts'
import { playScene } from './proof.ts'
import { realSystem, type Scene, type System } from './scene.ts'

export type Mutant = {
  readonly name: string
  /** What is no longer so. */
  readonly breaks: string
  readonly scene: Scene
  readonly system: Partial<Omit<System, 'machines'>> & {
    readonly machines?: Partial<System['machines']>
  }
}
export type MutantResult = {
  readonly name: string
  readonly seconds: number
  readonly caught: Finding | null
}

/** A mutant that is not caught within so many states is not caught. */
const mutantStatesMax = 60_000

export const playMutant = ({ name, scene, system }: Mutant): MutantResult => {
  const machines = { ...realSystem.machines, ...system.machines }
  const { finding, seconds } = playScene(scene, {
    statesMax: mutantStatesMax,
    system: { ...realSystem, ...system, machines },
  })
  return { name, seconds, caught: finding }
}
