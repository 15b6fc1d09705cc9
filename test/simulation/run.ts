/** `npm run simulate -- --seeds N [--from S] [--json] [--trace]`: runs seeds, and names those that fail. */
import { parseArgs } from 'node:util'
import { progressOnTerminal } from '../../pipeline/commands/progress.ts'
import { type Run, simulate } from './simulate.ts'
import { type FaultKind, faultKinds } from './story.ts'

type Summary = {
  readonly seeds: number
  readonly steps: number
  readonly records: number
  readonly faults: Readonly<Record<FaultKind, number>>
  readonly failures: readonly { readonly seed: number; readonly what: string }[]
  readonly seconds: number
}

/** @throws {TypeError} for what is no whole number. */
const wholeNumber = (text: string, name: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new TypeError(`--${name} ${text}: a whole number is needed`)
  return value
}

const commandFor = (seed: number): string => `npm run simulate -- --seeds 1 --from ${seed} --trace`

const summaryOf = (runs: readonly Run[], seconds: number): Summary => ({
  seeds: runs.length,
  steps: runs.reduce((sum, { steps }) => sum + steps, 0),
  records: runs.reduce((sum, { records }) => sum + records, 0),
  faults: Object.fromEntries(
    faultKinds.map((kind) => [kind, runs.reduce((sum, { faults }) => sum + faults[kind], 0)]),
  ) as Record<FaultKind, number>,
  failures: runs.flatMap(({ seed, failures }) => failures.map((what) => ({ seed, what }))),
  seconds,
})

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
})
const seeds = wholeNumber(values.seeds, 'seeds')
const from = wholeNumber(values.from, 'from')
const tell = values.trace ? { tell: (line: string) => console.error(line) } : {}
const startedAtMs = performance.now()
const progress = progressOnTerminal({ what: 'simulating', unit: 'seeds' })
const runs: Run[] = []
for (let seed = from; seed < from + seeds; seed += 1) {
  const run = await simulate(seed, tell)
  runs.push(run)
  if (run.failures.length > 0) progress.end()
  for (const what of run.failures) console.error(`seed ${seed}: ${what}`)
  if (run.failures.length > 0) console.error(`  to see it again: ${commandFor(seed)}`)
  progress.at(runs.length, seeds)
}
progress.end()
const summary = summaryOf(runs, (performance.now() - startedAtMs) / 1_000)
if (values.json) console.log(JSON.stringify(summary))
else {
  const { faults, failures, steps, records, seconds } = summary
  const kinds = Object.entries(faults).map(([kind, count]) => `${count} ${kind}`)
  console.log(`${seeds} seeds, ${steps} steps, ${records} records, ${seconds.toFixed(1)} s`)
  console.log(kinds.join(', '))
  console.log(failures.length === 0 ? 'Nothing went wrong.' : `${failures.length} failures.`)
}
process.exitCode = summary.failures.length > 0 ? 1 : 0
