/** What a measurement over Kafka tells: medians, how far trials lay apart, and ratios. */
import type { Figures, KafkaMeasured } from './kafka-trial.ts'
import { medianOf, rounded, tableOfRows } from './report.ts'
import type { Measured } from './trial.ts'

export type KafkaRun = KafkaMeasured & {
  readonly name: string
  readonly durability: string
  readonly trials: number
  readonly recordsPerSecondRange: readonly [number, number]
  readonly cpuSecondsPerMillionRange: readonly [number, number]
  /** By trial, in their order: what was measured beside one another is compared with one another. */
  readonly each: readonly Pick<Figures, 'recordsPerSecond' | 'cpuSecondsPerMillion'>[]
}

export const kafkaRunOf = (
  named: Pick<KafkaRun, 'name' | 'durability'>,
  trials: readonly KafkaMeasured[],
): KafkaRun => {
  const every = (figure: keyof Figures): readonly number[] => trials.map((it) => it[figure])
  const median = (figure: keyof Figures): number => medianOf(every(figure))
  const sum = (figure: keyof Figures): number => every(figure).reduce((a, b) => a + b, 0)
  const range = (figure: keyof Figures): readonly [number, number] => [
    rounded(Math.min(...every(figure))),
    rounded(Math.max(...every(figure))),
  ]
  return {
    ...named,
    recordsPerSecond: median('recordsPerSecond'),
    cpuSecondsPerMillion: median('cpuSecondsPerMillion'),
    brokerCpuSecondsPerMillion: median('brokerCpuSecondsPerMillion'),
    peakMegabytes: median('peakMegabytes'),
    p50Ms: median('p50Ms'),
    p99Ms: median('p99Ms'),
    // Never a median: one loss is a loss.
    lost: sum('lost'),
    refusals: sum('refusals'),
    recordsPerMessage: medianOf(trials.map((it) => it.recordsPerMessage)),
    processes: Object.fromEntries(
      Object.keys(trials[0]?.processes ?? {}).map((name) => [
        name,
        medianOf(trials.map(({ processes }) => processes[name] ?? Number.NaN)),
      ]),
    ),
    trials: trials.length,
    recordsPerSecondRange: range('recordsPerSecond'),
    cpuSecondsPerMillionRange: range('cpuSecondsPerMillion'),
    each: trials.map(({ recordsPerSecond, cpuSecondsPerMillion }) => ({
      recordsPerSecond: rounded(recordsPerSecond),
      cpuSecondsPerMillion: rounded(cpuSecondsPerMillion),
    })),
  }
}

/** The pipeline in one process, in the same columns: it has no broker and no messages. */
export const embeddedOf = (measured: Measured): KafkaMeasured => ({
  ...measured,
  recordsPerSecond: measured.recordsPerSecond ?? Number.NaN,
  p50Ms: measured.p50Ms ?? Number.NaN,
  p99Ms: measured.p99Ms ?? Number.NaN,
  brokerCpuSecondsPerMillion: 0,
  processes: { holdfast: measured.cpuSecondsPerMillion },
  recordsPerMessage: Number.NaN,
})

type Ratio = { readonly median: number; readonly range: readonly [number, number] }

/** Of the first run over each other one: the median of the ratios of each trial, and how far they lay apart. */
export const kafkaRatiosOf = ([first, ...others]: readonly KafkaRun[]) =>
  Object.fromEntries(
    others.map((other) => [
      `${first?.name}/${other.name}`,
      {
        recordsPerSecond: ratioOf('recordsPerSecond', first, other),
        cpuSecondsPerMillion: ratioOf('cpuSecondsPerMillion', first, other),
      },
    ]),
  )

const ratioOf = (
  figure: keyof KafkaRun['each'][number],
  first: KafkaRun | undefined,
  other: KafkaRun,
): Ratio => {
  const ratios = other.each.map((it, trial) => (first?.each[trial]?.[figure] ?? 0) / it[figure])
  return {
    median: medianOf(ratios),
    range: [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))],
  }
}

const whole = (value: number): string =>
  Number.isNaN(value) ? '–' : Math.round(value).toLocaleString('en')
const fine = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(2))

const columns: readonly (readonly [string, (run: KafkaRun) => string])[] = [
  ['', ({ name }) => name],
  ['synced', ({ durability }) => durability],
  ['records/s', ({ recordsPerSecond }) => whole(recordsPerSecond)],
  ['(range)', ({ recordsPerSecondRange }) => recordsPerSecondRange.map(whole).join('–')],
  ['CPU s/M', ({ cpuSecondsPerMillion }) => fine(cpuSecondsPerMillion)],
  ['(range)', ({ cpuSecondsPerMillionRange }) => cpuSecondsPerMillionRange.join('–')],
  ['broker', ({ brokerCpuSecondsPerMillion }) => fine(brokerCpuSecondsPerMillion)],
  ['peak MB', ({ peakMegabytes }) => whole(peakMegabytes)],
  ['p50 ms', ({ p50Ms }) => whole(p50Ms)],
  ['p99 ms', ({ p99Ms }) => whole(p99Ms)],
  ['records/message', ({ recordsPerMessage }) => whole(recordsPerMessage)],
  ['lost', ({ lost }) => whole(lost)],
]

export const kafkaTableOf = (runs: readonly KafkaRun[]): string =>
  [
    tableOfRows([
      columns.map(([title]) => title),
      ...runs.map((run) => columns.map(([, of]) => of(run))),
    ]),
    '',
    ...runs.map(
      ({ name, processes }) =>
        `${name}, CPU s/M: ${Object.entries(processes)
          .map(([process, seconds]) => `${process} ${fine(seconds)}`)
          .join(', ')}`,
    ),
    '',
    ...Object.entries(kafkaRatiosOf(runs)).map(
      ([names, { recordsPerSecond, cpuSecondsPerMillion }]) =>
        `${names}: records/s ${told(recordsPerSecond)}, CPU ${told(cpuSecondsPerMillion)}`,
    ),
  ].join('\n')

const told = ({ median, range }: Ratio): string => `× ${median} (${range.join('–')})`
