/**
 * What a record costs as other things grow, in CPU seconds of the process per million records, and what
 * is resident meanwhile:
 *
 *     npm run bench:growth -- [--only streams,held,drops] [--capacity-gib N] [--drops N] [--cli FILE]
 *                             [--plot FILE.svg] [--json]
 *
 * `streams`: from 1 to 10,000, 50 records a request. `held`: into a cache that nobody empties, until it is
 * full and half of its size beyond; then a start after SIGKILL. `drops`: records that all become drop
 * events; then such a start. Needs the capacity in free space, in the folder for temporary files.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Growth, growDrops, growHeld, growStreams } from './growth-trials.ts'
import { linesPicture } from './lines-picture.ts'

const builtCli = join(import.meta.dirname, '../../dist/pipeline/cli.js')
const names = ['streams', 'held', 'drops'] as const

const synopsis = `npm run bench:growth -- [--only streams,held,drops] [--capacity-gib N] [--drops N] [--cli FILE]
                        [--plot FILE.svg] [--json]
`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    only: { type: 'string', default: names.join(',') },
    'capacity-gib': { type: 'string', default: '4' },
    drops: { type: 'string', default: '1000000' },
    cli: { type: 'string', default: builtCli },
    plot: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

if (values.help) {
  process.stdout.write(synopsis)
  process.exit(0)
}
const usage = (message: string): never => {
  process.stderr.write(`bench:growth: ${message}\n${synopsis}`)
  process.exit(2)
}
const countOf = (option: 'capacity-gib' | 'drops', most: number): number => {
  const count = Number(values[option])
  return Number.isSafeInteger(count) && count >= 1 && count <= most
    ? count
    : usage(`--${option} is a whole number from 1 to ${most}, not ${values[option]}`)
}
const capacityBytes = countOf('capacity-gib', 64) * 2 ** 30
const drops = countOf('drops', 3_000_000)
const { cli } = values
const trials: Readonly<Record<Growth['name'], () => Promise<Growth>>> = {
  streams: () => growStreams(cli, { counts: [1, 10, 100, 1_000, 10_000], requests: 10_000 }),
  held: () => growHeld(cli, capacityBytes),
  drops: () => growDrops(cli, drops),
}
const asked = values.only.split(',')
const strange = asked.find((name) => !names.some((known) => known === name))
if (strange !== undefined) usage(`--only is of ${names.join(', ')}; not ${strange}`)

const growths: Growth[] = []
for (const name of names) if (asked.includes(name)) growths.push(await trials[name]())

const rounded = (value: number): string =>
  value.toLocaleString('en', { maximumSignificantDigits: 3 })
const tableOf = ({ title, points, start }: Growth): string =>
  [
    `${title}`,
    ...points.map(
      ({ at, cpuSecondsPerMillion, residentMegabytes }) =>
        `${rounded(at).padStart(12)} ${rounded(cpuSecondsPerMillion).padStart(8)} s CPU per million ${rounded(residentMegabytes).padStart(6)} MB`,
    ),
    ...(start === undefined
      ? []
      : [
          `A start on that, after SIGKILL: ${rounded(start.seconds)} s, ${rounded(start.cpuSeconds)} s of CPU`,
        ]),
  ].join('\n')

if (values.plot !== undefined) await writeFile(values.plot, linesPicture(growths))
process.stdout.write(
  `${values.json ? JSON.stringify(growths) : growths.map(tableOf).join('\n\n')}\n`,
)
