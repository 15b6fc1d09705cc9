/**
 * Measures Holdfast beside what it could be instead, on the same machine in the same minutes:
 *
 *     npm run bench -- [--records N] [--record-bytes N] [--per-request N] [--connections N]
 *                      [--backlog N] [--repeat N] [--peers all|none|a,b] [--cli FILE] [--plot FILE.svg] [--json]
 *                      [--workers N] [--cpu-quota CORES]
 *
 * Each subject is a process of its own, syncs before it answers, and has the same loader and the same
 * sink, on loopback. With --workers, Holdfast is measured once more, with so many. With --cpu-quota, each
 * process of a subject that carries records may use so much of a core and no more, by a control group of
 * Linux, which takes root. Trials alternate, and the medians are told. Exit 1 when an acknowledged record
 * did not arrive.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { progressOnTerminal } from '../../pipeline/commands/progress.ts'
import { barsPicture } from './bars-picture.ts'
import { bounded, NoQuotaError, openQuotas, type Quotas } from './cpu-quota.ts'
import { installedPeers, peerNames } from './peers/installed-peers.ts'
import { machine, or, ratiosOf, runOf, tableOf, whole } from './report.ts'
import { holdfast, type Subject, severalWorkers, yardsticks } from './subject.ts'
import { type Load, type Measured, measure } from './trial.ts'

/** What is installed for users: `npm run build` makes it. */
const builtCli = join(import.meta.dirname, '../../dist/pipeline/cli.js')

const synopsis = `npm run bench -- [--records N] [--record-bytes N] [--per-request N] [--connections N]
                 [--backlog N] [--repeat N] [--peers all|none|a,b] [--cli FILE] [--plot FILE.svg] [--json]
                 [--workers N] [--cpu-quota CORES]
`

const usage = (message: string): never => {
  process.stderr.write(`bench: ${message}\n${synopsis}`)
  process.exit(2)
}

const parsed = () => {
  try {
    return parseArgs({
      options: {
        records: { type: 'string', default: '1000000' },
        'record-bytes': { type: 'string', default: '512' },
        'per-request': { type: 'string', default: '500' },
        connections: { type: 'string', default: '8' },
        backlog: { type: 'string', default: '300000' },
        repeat: { type: 'string', default: '3' },
        peers: { type: 'string', default: 'relay' },
        cli: { type: 'string', default: builtCli },
        workers: { type: 'string', default: '1' },
        'cpu-quota': { type: 'string' },
        plot: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (cause) {
    return usage(cause instanceof Error ? cause.message : String(cause))
  }
}
const { values } = parsed()
if (values.help) {
  process.stdout.write(synopsis)
  process.exit(0)
}

type Option =
  | 'workers'
  | 'records'
  | 'record-bytes'
  | 'per-request'
  | 'connections'
  | 'backlog'
  | 'repeat'
const countOf = (option: Option, [least, most]: readonly [number, number]): number => {
  const count = Number(values[option])
  return Number.isSafeInteger(count) && count >= least && count <= most
    ? count
    : usage(`--${option} is a whole number from ${least} to ${most}, not ${values[option]}`)
}

const load: Load = {
  records: countOf('records', [1_000, 100_000_000]),
  recordBytes: countOf('record-bytes', [32, 1_000_000]),
  recordsPerRequest: countOf('per-request', [1, 100_000]),
  connections: countOf('connections', [1, 1_000]),
  backlogRecords: countOf('backlog', [1_000, 100_000_000]),
}
const requestsMax = 2_000_000
if ((load.records + load.backlogRecords) / load.recordsPerRequest > requestsMax)
  usage(`there are at most ${requestsMax} requests: --per-request must be larger`)
const repeat = countOf('repeat', [1, 100])
const workers = countOf('workers', [1, 64])
const quotaCores = ((text = values['cpu-quota']): number | null => {
  if (text === undefined) return null
  const cores = Number(text)
  return cores >= 0.01 && cores <= 64
    ? cores
    : usage(`--cpu-quota is a number of cores from 0.01 to 64, not ${text}`)
})()
/** @returns the same subjects where nothing bounds them */
const withQuota = async (subjects: readonly Subject[]): Promise<readonly Subject[]> => {
  if (quotaCores === null) return subjects
  try {
    const quotas: Quotas = await openQuotas()
    return subjects.map((subject) => bounded(subject, quotas, quotaCores))
  } catch (cause) {
    return cause instanceof NoQuotaError ? usage(cause.message) : Promise.reject(cause)
  }
}

const namesOf = (text: string): readonly string[] => {
  const known = [...yardsticks.map(({ name }) => name), ...peerNames]
  if (text === 'none') return []
  if (text === 'all') return known
  const names = text.split(',')
  const strange = names.find((name) => !known.includes(name))
  return strange === undefined
    ? names
    : usage(`--peers is all, none, or of ${known.join(', ')}; not ${strange}`)
}
const names = namesOf(values.peers)
const { subjects: peers, missing } = await installedPeers(names)
for (const { name, origin } of missing)
  process.stderr.write(`bench: ${name} is not installed: ${origin}\n`)

/** A bar meanwhile, on a terminal; and a line on what came of it, whoever reads. */
const tried = async (subject: Subject, trial: number): Promise<Measured> => {
  const what = `trial ${trial} of ${repeat}, ${subject.name}`
  const progress = progressOnTerminal({ what, unit: 'records' })
  try {
    const records = (requests: number): number => requests * load.recordsPerRequest
    const measured = await measure(subject, load, (done, total) =>
      progress.at(records(done), records(total)),
    )
    progress.end()
    const { recordsPerSecond, cpuSecondsPerMillion } = measured
    process.stderr.write(
      `${what}: ${or(whole, recordsPerSecond)} records/s, ${cpuSecondsPerMillion.toFixed(2)} s of CPU per million\n`,
    )
    return measured
  } finally {
    progress.end()
  }
}

const subjects = await withQuota([
  holdfast(values.cli),
  ...(workers === 1 ? [] : [severalWorkers(values.cli, workers)]),
  ...yardsticks.filter(({ name }) => names.includes(name)),
  ...peers,
])
const trials = new Map<Subject, Measured[]>(subjects.map((subject) => [subject, []]))
for (let trial = 1; trial <= repeat; trial += 1) {
  for (const [subject, measured] of trials) {
    measured.push(await tried(subject, trial))
  }
}
const runs = [...trials].map(([subject, measured]) => runOf(subject, measured))
const result = { machine: machine(), load, runs, ratios: ratiosOf(runs) }
if (values.plot !== undefined) await writeFile(values.plot, barsPicture(runs))
process.stdout.write(`${values.json ? JSON.stringify(result) : tableOf(runs)}\n`)
process.exitCode = runs.some(({ lost }) => lost > 0) ? 1 : 0
