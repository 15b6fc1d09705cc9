import type { Run } from './simulate.ts'
import { type FaultKind, faultKinds } from './story.ts'

/** What came of some seeds. */
export type Summary = {
  readonly seeds: number
  readonly steps: number
  readonly records: number
  readonly faults: Readonly<Record<FaultKind, number>>
  readonly failures: readonly { readonly seed: number; readonly what: string }[]
}

export const summaryOf = (runs: readonly Run[]): Summary => ({
  seeds: runs.length,
  steps: runs.reduce((sum, { steps }) => sum + steps, 0),
  records: runs.reduce((sum, { records }) => sum + records, 0),
  faults: faultsBy((kind) => runs.reduce((sum, { faults }) => sum + faults[kind], 0)),
  failures: runs.flatMap(({ seed, failures }) => failures.map((what) => ({ seed, what }))),
})

export const joined = (parts: readonly Summary[]): Summary => ({
  seeds: parts.reduce((sum, { seeds }) => sum + seeds, 0),
  steps: parts.reduce((sum, { steps }) => sum + steps, 0),
  records: parts.reduce((sum, { records }) => sum + records, 0),
  faults: faultsBy((kind) => parts.reduce((sum, { faults }) => sum + faults[kind], 0)),
  failures: parts.flatMap(({ failures }) => failures),
})

const faultsBy = (count: (kind: FaultKind) => number): Summary['faults'] =>
  Object.fromEntries(faultKinds.map((kind) => [kind, count(kind)])) as Record<FaultKind, number>
