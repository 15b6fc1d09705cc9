import type { Counted } from '../../infra/incident/arrivals.ts'
import type { Agent } from './contestant.ts'

/** What has happened up to a moment: everything that a picture needs, and nothing that lives. */
export type Scene = {
  readonly startedAtMs: number
  readonly nowMs: number
  readonly durationMs: number
  /** What comes in, for each agent alike. */
  readonly recordsPerMs: number
  readonly redirectsAtMs: readonly number[]
  readonly restartAtMs: number | null
  readonly lanes: Readonly<Record<Agent, Lane>>
}
export type Lane = { readonly delivered: readonly Counted[]; readonly lost: readonly Counted[] }

/** One stretch of time of one agent. */
export type Cell = {
  readonly state: 'delivering' | 'losing' | 'silent' | 'ahead'
  readonly delivered: number
  readonly lost: number
}

/** Cuts a lane into so many cells. Where records were lost, that is what is shown. */
export const cellsOf = (scene: Scene, agent: Agent, count: number): readonly Cell[] => {
  const { startedAtMs, nowMs, durationMs, lanes } = scene
  const at = (atMs: number): number =>
    Math.min(count - 1, Math.floor(((atMs - startedAtMs) * count) / durationMs))
  const sums = {
    delivered: new Array<number>(count).fill(0),
    lost: new Array<number>(count).fill(0),
  }
  for (const kind of ['delivered', 'lost'] as const)
    for (const { atMs, records } of lanes[agent][kind])
      sums[kind][at(atMs)] = (sums[kind][at(atMs)] ?? 0) + records
  const current = at(nowMs)
  return sums.delivered.map((delivered, index) => {
    const lost = sums.lost[index] ?? 0
    const seen = lost > 0 ? 'losing' : delivered > 0 ? 'delivering' : 'silent'
    return { state: index > current ? 'ahead' : seen, delivered, lost }
  })
}

/** Whether each cell has one of these moments in it. */
export const marksOf = (scene: Scene, moments: readonly number[], count: number) => {
  const cells = new Array<number>(count).fill(0)
  for (const atMs of moments) {
    const index = Math.floor(((atMs - scene.startedAtMs) * count) / scene.durationMs)
    cells[Math.min(count - 1, index)] = (cells[Math.min(count - 1, index)] ?? 0) + 1
  }
  return cells
}
