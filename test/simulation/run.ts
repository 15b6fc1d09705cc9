/**
 * `npm run simulate -- --seeds N [--from S] [--jobs N] [--json] [--trace]`: runs seeds, on as many cores
 * as there are, and names those that fail.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { progressOnTerminal } from '../../pipeline/commands/progress.ts'
import { type Run, simulate } from './simulate.ts'
import { joined, type Summary, summaryOf } from './summary.ts'

/** A process of its own is not worth it for fewer. */
const jobSeedsMin = 25

/** @throws {TypeError} for what is no whole number. */
const wholeNumber = (text: string, name: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new TypeError(`--${name} ${text}: a whole number is needed`)
  return value
}

const commandFor = (seed: number): string => `npm run simulate -- --seeds 1 --from ${seed} --trace`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: `${availableParallelism()}` },
    json: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
})
const seeds = wholeNumber(values.seeds, 'seeds')
const from = wholeNumber(values.from, 'from')
const jobs = Math.max(
  1,
  Math.min(wholeNumber(values.jobs, 'jobs'), Math.floor(seeds / jobSeedsMin)),
)

const progress = progressOnTerminal({ what: 'simulating', unit: 'seeds' })
let done = 0
const progressed = (): void => {
  done += 1
  progress.at(done, seeds)
}

const simulated = async (range: Range): Promise<Summary> => {
  const tell = values.trace ? { tell: (line: string) => console.error(line) } : {}
  const runs: Run[] = []
  for (let seed = range.from; seed < range.from + range.seeds; seed += 1) {
    const run = await simulate(seed, tell)
    runs.push(run)
    if (run.failures.length > 0) progress.end()
    for (const what of run.failures) console.error(`seed ${seed}: ${what}`)
    if (run.failures.length > 0) console.error(`  to see it again: ${commandFor(seed)}`)
    if (process.send === undefined) progressed()
    else process.send({ kind: 'done' } satisfies Word)
  }
  return summaryOf(runs)
}

type Range = { readonly from: number; readonly seeds: number }
/** What a process of a part of the seeds says to the one that started it. */
type Word = { readonly kind: 'done' } | { readonly kind: 'summary'; readonly summary: Summary }

/** Seeds of one range, in a process of their own. Rejects when that ends without a word. */
const elsewhere = (range: Range): Promise<Summary> => {
  const { promise, resolve, reject } = Promise.withResolvers<Summary>()
  const words = ['--seeds', `${range.seeds}`, '--from', `${range.from}`, '--jobs', '1']
  const child = fork(import.meta.filename, [...words, ...(values.trace ? ['--trace'] : [])])
  child.on('message', (word: Word) => {
    if (word.kind === 'done') progressed()
    else resolve(word.summary)
  })
  child.on('error', reject)
  child.on('exit', (code) =>
    reject(new Error(`Seeds ${range.from} and on: the process ended with ${code}.`)),
  )
  return promise
}

const rangesOf = (): readonly Range[] =>
  Array.from({ length: jobs }, (_, job) => {
    const first = Math.floor((job * seeds) / jobs)
    return { from: from + first, seeds: Math.floor(((job + 1) * seeds) / jobs) - first }
  })

const startedAtMs = performance.now()
const summary =
  jobs === 1
    ? await simulated({ from, seeds })
    : joined(await Promise.all(rangesOf().map(elsewhere)))
progress.end()
const seconds = (performance.now() - startedAtMs) / 1_000
if (process.send !== undefined) process.send({ kind: 'summary', summary } satisfies Word)
else if (values.json) console.log(JSON.stringify({ ...summary, seconds }))
else {
  const { faults, failures, steps, records } = summary
  const kinds = Object.entries(faults).map(([kind, count]) => `${count} ${kind}`)
  console.log(`${seeds} seeds, ${steps} steps, ${records} records, ${seconds.toFixed(1)} s`)
  console.log(kinds.join(', '))
  console.log(failures.length === 0 ? 'Nothing went wrong.' : `${failures.length} failures.`)
}
process.exitCode = summary.failures.length > 0 ? 1 : 0
if (process.connected) process.disconnect()
