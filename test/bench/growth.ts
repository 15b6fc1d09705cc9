/**
 * What a record costs as other things grow, and what is resident meanwhile, beside the relay, which has
 * none of them and writes the same bytes to files of the same size:
 *
 *     npm run bench:growth -- [--only streams,held,drops] [--rounds N] [--streams N,N…] [--requests N]
 *                             [--capacity-gib N] [--drops N] [--yardstick relay|none] [--fill-memory]
 *                             [--cli FILE] [--join FILE.json,…] [--plot FILE.svg] [--json]
 *
 * `streams`: 50 records a request. `held`: into a cache that nobody empties, until it is full and half of
 * its size beyond; then a start after SIGKILL. `drops`: records that nearly all become drop events; then
 * such a start. Each round goes through all of them, in the order that is the other way round from the one
 * before; medians and ranges are told. `--join` counts in what earlier runs have printed with `--json`, and goes
 * on from their last round.
 * Needs 1.5 times the capacity in free space, in the folder for temporary files.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { progressOnTerminal } from '../../pipeline/commands/progress.ts'
import { openFilledMemory } from './filled-memory.ts'
import { growthText, linesOf } from './growth-report.ts'
import {
  type GrowthName,
  growDrops,
  growHeld,
  growStreams,
  growthNames,
  type Round,
  type Sizes,
  type Trial,
} from './growth-trials.ts'
import { linesPicture } from './lines-picture.ts'
import { machine } from './report.ts'

const builtCli = join(import.meta.dirname, '../../dist/pipeline/cli.js')

const synopsis = `npm run bench:growth -- [--only streams,held,drops] [--rounds N] [--streams N,N…] [--requests N]
                        [--capacity-gib N] [--drops N] [--yardstick relay|none] [--fill-memory]
                        [--cli FILE] [--join FILE.json,…] [--plot FILE.svg] [--json]
`
const usage = (message: string): never => {
  process.stderr.write(`bench:growth: ${message}\n${synopsis}`)
  process.exit(2)
}

const parsed = () => {
  try {
    return parseArgs({
      options: {
        help: { type: 'boolean', default: false },
        only: { type: 'string', default: growthNames.join(',') },
        rounds: { type: 'string', default: '1' },
        streams: { type: 'string', default: '1,100,10000' },
        requests: { type: 'string', default: '5000' },
        'capacity-gib': { type: 'string', default: '1' },
        drops: { type: 'string', default: '40000' },
        yardstick: { type: 'string', default: 'relay' },
        'fill-memory': { type: 'boolean', default: false },
        cli: { type: 'string', default: builtCli },
        join: { type: 'string' },
        plot: { type: 'string' },
        json: { type: 'boolean', default: false },
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

const numberIn = (
  text: string,
  {
    option,
    least,
    most,
  }: { readonly option: string; readonly least: number; readonly most: number },
): number => {
  const count = Number(text)
  return Number.isSafeInteger(count) && count >= least && count <= most
    ? count
    : usage(`--${option} is of whole numbers from ${least} to ${most}, not ${text}`)
}
const countOf = (
  option: 'rounds' | 'requests' | 'capacity-gib' | 'drops',
  [least, most]: readonly [number, number],
): number => numberIn(values[option], { option, least, most })

/** With none, only what earlier runs have found is told. */
const rounds = countOf('rounds', [values.join === undefined ? 1 : 0, 100])
const sizes: Sizes = {
  cli: values.cli,
  streams: values.streams
    .split(',')
    .map((text) => numberIn(text, { option: 'streams', least: 1, most: 100_000 })),
  requests: countOf('requests', [100, 1_000_000]),
  capacityBytes: countOf('capacity-gib', [1, 64]) * 2 ** 30,
  drops: countOf('drops', [1_000, 3_000_000]),
}
const yardstick =
  values.yardstick === 'relay' || values.yardstick === 'none'
    ? values.yardstick
    : usage(`--yardstick is relay or none, not ${values.yardstick}`)
const asked = values.only.split(',')
const strange = asked.find((name) => !growthNames.some((known) => known === name))
if (strange !== undefined) usage(`--only is of ${growthNames.join(', ')}; not ${strange}`)

/** Trials that an earlier run has printed. */
const printedIn = async (path: string): Promise<readonly Trial[]> => {
  try {
    const { trials } = JSON.parse(await readFile(path, 'utf8'))
    return Array.isArray(trials) ? trials : usage(`--join: there are no trials in ${path}`)
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause)
    return usage(`--join: ${path} could not be read: ${seen}`)
  }
}
const earlier = async (): Promise<readonly Trial[]> =>
  (await Promise.all((values.join?.split(',') ?? []).map(printedIn))).flat()

const rangeText = ({ steps }: Trial): string => {
  const costs = steps.map(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion)
  return `${Math.min(...costs).toFixed(2)} to ${Math.max(...costs).toFixed(2)} s of CPU per million`
}

const grow: Readonly<Record<GrowthName, (sizes: Sizes, round: Round) => Promise<void>>> = {
  streams: growStreams,
  held: growHeld,
  drops: growDrops,
}

const measured = async (
  prepare: Round['prepare'],
  earlierRounds: number,
): Promise<readonly Trial[]> => {
  const trials: Trial[] = []
  for (let round = earlierRounds; round < earlierRounds + rounds; round += 1) {
    let shown = { what: '', progress: progressOnTerminal({ what: '', unit: 'requests' }) }
    const progressed: Round['progressed'] = (what, requests, total) => {
      if (shown.what !== what) {
        shown.progress.end()
        shown = { what, progress: progressOnTerminal({ what, unit: 'requests' }) }
      }
      shown.progress.at(requests, total)
    }
    const tried = (trial: Trial): void => {
      shown.progress.end()
      const { growth, subject } = trial
      process.stderr.write(
        `round ${round + 1} of ${earlierRounds + rounds}, ${growth}, ${subject}: ${rangeText(trial)}\n`,
      )
      trials.push(trial)
    }
    for (const name of growthNames)
      if (asked.includes(name))
        await grow[name](sizes, { round, yardstick, prepare, progressed, tried })
  }
  return trials
}

/** The memory is filled anew for each subject: what files of the one before had is free again. */
const measuredInFilledMemory = async (earlierRounds: number): Promise<readonly Trial[]> => {
  const memory = await openFilledMemory()
  try {
    return await measured(memory.fill, earlierRounds)
  } finally {
    await memory.close()
  }
}

const before = await earlier()
const earlierRounds = Math.max(0, ...linesOf(before).map((line) => line.trials))
const now = values['fill-memory']
  ? await measuredInFilledMemory(earlierRounds)
  : await measured(async () => undefined, earlierRounds)
const trials = [...before, ...now]
const lines = linesOf(trials)
if (values.plot !== undefined) await writeFile(values.plot, linesPicture(lines))
process.stdout.write(
  `${values.json ? JSON.stringify({ machine: machine(), sizes, lines, trials }) : growthText(lines)}\n`,
)
