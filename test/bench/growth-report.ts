/** What came of the trials of growth: for each subject and step the median and the range. */
import type { Start } from './growth-bench.ts'
import { growthNames, type Step, type Trial } from './growth-trials.ts'
import { medianOf, rounded, tableOfRows, whole } from './report.ts'

export type Range = { readonly median: number; readonly least: number; readonly most: number }
export type Point = {
  readonly at: number
  readonly cpuSecondsPerMillion: Range
  readonly userSecondsPerMillion: Range
  readonly systemSecondsPerMillion: Range
  readonly residentMegabytes: Range
}
/** One subject, through all steps. */
export type Line = Pick<Trial, 'growth' | 'subject'> & {
  readonly trials: number
  readonly points: readonly Point[]
  readonly starts: readonly Start[]
  /** The dearest step over the cheapest, by their medians: 1.1 is flat within 10 %. */
  readonly spread: number
  /** The last third of the steps over the first, by the means of their medians. */
  readonly rise: number
}

export const growthTitles = {
  streams: 'streams',
  held: 'GiB sent into a cache that nobody empties',
  drops: 'drop events so far',
} as const

export const linesOf = (trials: readonly Trial[]): readonly Line[] =>
  growthNames.flatMap((growth) =>
    ['holdfast', 'relay'].flatMap((subject) => {
      const ours = trials.filter((it) => it.growth === growth && it.subject === subject)
      return ours.length === 0 ? [] : [lineOf(ours)]
    }),
  )

/** @param trials of one subject and one thing that grows: one at least */
const lineOf = (trials: readonly Trial[]): Line => {
  const [first] = trials
  if (first === undefined) throw new Error('There is no line through no trials.')
  const strange = trials.find(({ steps }) => steps.length !== first.steps.length)
  if (strange !== undefined)
    throw new Error(
      `Trials of ${first.growth} with ${first.steps.length} and ${strange.steps.length} steps cannot be joined.`,
    )
  const points = first.steps.map((_, index) =>
    pointOf(trials.flatMap((it) => it.steps[index] ?? [])),
  )
  const costs = points.map(({ cpuSecondsPerMillion: { median } }) => median)
  const third = Math.ceil(costs.length / 3)
  return {
    growth: first.growth,
    subject: first.subject,
    trials: trials.length,
    points,
    starts: trials.flatMap(({ start }) => start ?? []),
    spread: rounded(Math.max(...costs) / Math.min(...costs)),
    rise: rounded(meanOf(costs.slice(-third)) / meanOf(costs.slice(0, third))),
  }
}

const pointOf = (steps: readonly Step[]): Point => {
  const range = (of: (step: Step) => number): Range => rangeOf(steps.map(of))
  return {
    at: range((step) => step.at).median,
    cpuSecondsPerMillion: range((step) => step.cpuSecondsPerMillion),
    userSecondsPerMillion: range((step) => step.userSecondsPerMillion),
    systemSecondsPerMillion: range(
      ({ cpuSecondsPerMillion, userSecondsPerMillion }) =>
        cpuSecondsPerMillion - userSecondsPerMillion,
    ),
    residentMegabytes: range((step) => step.residentMegabytes),
  }
}

const rangeOf = (values: readonly number[]): Range => ({
  median: medianOf(values),
  least: rounded(Math.min(...values)),
  most: rounded(Math.max(...values)),
})

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** For each thing that grows a table, and what it comes to. */
export const growthText = (lines: readonly Line[]): string =>
  growthNames
    .map((growth) => lines.filter((line) => line.growth === growth))
    .filter((ours) => ours.length > 0)
    .map((ours) => [tableOf(ours), ...ours.flatMap(sentencesOf)].join('\n'))
    .join('\n\n')

const tableOf = (lines: readonly Line[]): string => {
  const [first] = lines
  if (first === undefined) return ''
  const heads = lines.flatMap(({ subject }) => [subject, '(range)', 'user', 'system', 'MB'])
  const rows = first.points.map(({ at }, index) => [
    at.toLocaleString('en', { maximumSignificantDigits: 3 }),
    ...lines.flatMap(({ points }) => cellsOf(points[index])),
  ])
  const title = `${growthTitles[first.growth]}: CPU seconds per million records`
  return `${title}\n${tableOfRows([['', ...heads], ...rows])}`
}

const cellsOf = (point: Point | undefined): readonly string[] => {
  if (point === undefined) return ['', '', '', '', '']
  const { cpuSecondsPerMillion: cpu, residentMegabytes } = point
  const { userSecondsPerMillion: user, systemSecondsPerMillion: system } = point
  return [
    `${cpu.median}`,
    `${cpu.least}–${cpu.most}`,
    `${user.median}`,
    `${system.median}`,
    whole(residentMegabytes.median),
  ]
}

const sentencesOf = ({ subject, spread, rise, starts }: Line): readonly string[] => [
  `${subject}: the dearest step costs ${spread} × the cheapest, the last third of them ${rise} × the first.`,
  ...(starts.length === 0
    ? []
    : [
        `${subject}: a start on that, after SIGKILL, takes ${medianOf(starts.map(({ seconds }) => seconds))} s, ${medianOf(starts.map(({ cpuSeconds }) => cpuSeconds))} s of CPU.`,
      ]),
]
