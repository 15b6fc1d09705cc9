import { cpus, release, totalmem } from 'node:os'
import type { Subject } from './subject.ts'
import type { Measured } from './trial.ts'

/** What is told of one subject: the median of each figure, whichever trial it is from. */
export type Run = { readonly name: string; readonly durability: string } & Measured & {
    readonly trials: number
    /** Least and most of the trials. */
    readonly cpuSecondsPerMillionRange: readonly [number, number]
    readonly recordsPerSecondRange: readonly [number, number]
  }

export const runOf = ({ name, durability }: Subject, trials: readonly Measured[]): Run => {
  const every = (figure: keyof Measured): readonly number[] => trials.map((it) => it[figure])
  const median = (figure: keyof Measured): number => medianOf(every(figure))
  const range = (figure: keyof Measured): [number, number] => [
    rounded(Math.min(...every(figure))),
    rounded(Math.max(...every(figure))),
  ]
  return {
    name,
    durability,
    recordsPerSecond: median('recordsPerSecond'),
    cpuSecondsPerMillion: median('cpuSecondsPerMillion'),
    peakMegabytes: median('peakMegabytes'),
    bytesWrittenPerRecord: median('bytesWrittenPerRecord'),
    p50Ms: median('p50Ms'),
    p99Ms: median('p99Ms'),
    drainPerSecond: median('drainPerSecond'),
    drainPeakMegabytes: median('drainPeakMegabytes'),
    // Never a median: one loss is a loss.
    lost: every('lost').reduce((sum, lost) => sum + lost, 0),
    refusals: every('refusals').reduce((sum, refusals) => sum + refusals, 0),
    trials: trials.length,
    cpuSecondsPerMillionRange: range('cpuSecondsPerMillion'),
    recordsPerSecondRange: range('recordsPerSecond'),
  }
}

export const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return rounded(sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN)
}

/** Three digits: more would be noise. */
export const rounded = (value: number): number =>
  Number.isFinite(value) ? Number(value.toPrecision(3)) : value

/** Of the first run over each other one. */
export const ratiosOf = ([first, ...others]: readonly Run[]): Record<string, object> =>
  Object.fromEntries(
    others.map((other) => [
      `${first?.name}/${other.name}`,
      Object.fromEntries(
        compared.map((figure) => [figure, rounded((first?.[figure] ?? 0) / other[figure])]),
      ),
    ]),
  )
const compared = [
  'recordsPerSecond',
  'cpuSecondsPerMillion',
  'peakMegabytes',
  'bytesWrittenPerRecord',
  'p50Ms',
  'p99Ms',
  'drainPerSecond',
] as const

export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGigabytes: rounded(totalmem() / 1e9),
  system: `${process.platform} ${release()}`,
  node: process.version,
})

const columns: readonly (readonly [string, (run: Run) => string])[] = [
  ['', ({ name }) => name],
  ['synced', ({ durability }) => durability],
  ['records/s', ({ recordsPerSecond }) => whole(recordsPerSecond)],
  ['CPU s/M', ({ cpuSecondsPerMillion }) => cpuSecondsPerMillion.toFixed(2)],
  ['(range)', ({ cpuSecondsPerMillionRange }) => cpuSecondsPerMillionRange.join('–')],
  ['peak MB', ({ peakMegabytes }) => whole(peakMegabytes)],
  ['bytes/record', ({ bytesWrittenPerRecord }) => whole(bytesWrittenPerRecord)],
  ['p50 ms', ({ p50Ms }) => p50Ms.toFixed(1)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(1)],
  ['drain/s', ({ drainPerSecond }) => whole(drainPerSecond)],
  ['lost', ({ lost }) => whole(lost)],
]

export const tableOf = (runs: readonly Run[]): string =>
  tableOfRows([
    columns.map(([title]) => title),
    ...runs.map((run) => columns.map(([, of]) => of(run))),
  ])

/** Cells in columns, each as wide as its widest. */
export const tableOfRows = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]?.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows
    .map((row) => row.map((cell, index) => cell.padStart(widths?.[index] ?? 0)).join('  '))
    .join('\n')
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en')
