import { cpus, release, totalmem } from 'node:os'
import type { Subject } from './subject.ts'
import type { Measured } from './trial.ts'

/** What is told of one subject: the median of each figure, whichever trial it is from. */
export type Run = { readonly name: string; readonly durability: string } & Measured & {
    readonly trials: number
    /** Least and most of the trials. */
    readonly cpuSecondsPerMillionRange: Range | null
    readonly recordsPerSecondRange: Range | null
  }
type Range = readonly [number, number]

export const runOf = (
  { name, durability }: Pick<Subject, 'name' | 'durability'>,
  trials: readonly Measured[],
): Run => {
  const known = (figure: keyof Measured): readonly number[] =>
    trials.map((it) => it[figure]).filter((value) => value !== null)
  /** Of the trials that could tell it; `null` where none could. */
  const median = (figure: keyof Measured): number | null =>
    known(figure).length === 0 ? null : medianOf(known(figure))
  const range = (figure: keyof Measured): Range | null =>
    known(figure).length === 0
      ? null
      : [rounded(Math.min(...known(figure))), rounded(Math.max(...known(figure)))]
  return {
    name,
    durability,
    recordsPerSecond: median('recordsPerSecond'),
    cpuSecondsPerMillion: medianOf(trials.map((it) => it.cpuSecondsPerMillion)),
    coresUsed: median('coresUsed'),
    peakMegabytes: medianOf(trials.map((it) => it.peakMegabytes)),
    bytesWrittenPerRecord: medianOf(trials.map((it) => it.bytesWrittenPerRecord)),
    p50Ms: median('p50Ms'),
    p99Ms: median('p99Ms'),
    drainPerSecond: median('drainPerSecond'),
    drainPeakMegabytes: medianOf(trials.map((it) => it.drainPeakMegabytes)),
    // Never a median: one loss is a loss.
    lost: trials.reduce((sum, { lost }) => sum + lost, 0),
    refusals: trials.reduce((sum, { refusals }) => sum + refusals, 0),
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

/** Of the first run over each other one; `null` where one of the two has no such figure. */
export const ratiosOf = ([first, ...others]: readonly Run[]): Record<string, object> =>
  Object.fromEntries(
    others.map((other) => [
      `${first?.name}/${other.name}`,
      Object.fromEntries(
        compared.map((figure) => [figure, ratioOf(first?.[figure] ?? null, other[figure])]),
      ),
    ]),
  )
const ratioOf = (one: number | null, other: number | null): number | null =>
  one === null || other === null || other === 0 ? null : rounded(one / other)
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
  ['records/s', ({ recordsPerSecond }) => or(whole, recordsPerSecond)],
  ['CPU s/M', ({ cpuSecondsPerMillion }) => cpuSecondsPerMillion.toFixed(2)],
  ['(range)', ({ cpuSecondsPerMillionRange }) => cpuSecondsPerMillionRange?.join('–') ?? none],
  ['cores', ({ coresUsed }) => or(hundredths, coresUsed)],
  ['peak MB', ({ peakMegabytes }) => whole(peakMegabytes)],
  ['bytes/record', ({ bytesWrittenPerRecord }) => whole(bytesWrittenPerRecord)],
  ['p50 ms', ({ p50Ms }) => or(tenths, p50Ms)],
  ['p99 ms', ({ p99Ms }) => or(tenths, p99Ms)],
  ['drain/s', ({ drainPerSecond }) => or(whole, drainPerSecond)],
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
const tenths = (value: number): string => value.toFixed(1)
const hundredths = (value: number): string => value.toFixed(2)

/** What stands where a figure could not be told. */
const none = '–'
export const or = (text: (value: number) => string, value: number | null): string =>
  value === null ? none : text(value)
