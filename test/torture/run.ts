/**
 * `npm run torture -- --minutes M [--seed S] [--json]`: the real process under load, killed, stopped,
 * paused, redirected, and with failing endpoints and a cache that is too small. Exit 1 when a record is
 * gone and no drop event says so.
 */
import { parseArgs } from 'node:util'
import { torture } from './torture.ts'

const usage = (message: string): never => {
  process.stderr.write(`torture: ${message}\n`)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0 && minutes <= 1_440))
  usage(`--minutes is a number above 0, 1440 at most, not ${values.minutes}`)
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed)) usage(`--seed is a whole number, not ${values.seed}`)

const result = await torture({
  minutes,
  seed,
  tell: (line) => {
    if (process.stderr.isTTY) process.stderr.write(`${line}\n`)
  },
})
const { faults, acknowledged, delivered, dropped, unreported, seconds } = result
const kinds = Object.entries(faults).map(([kind, count]) => `${count} ${kind}`)
process.stdout.write(
  values.json
    ? `${JSON.stringify(result)}\n`
    : `${kinds.join(', ')}; ${seconds.toFixed(0)} s, seed ${seed}
${acknowledged} records acknowledged, ${delivered} delivered, ${dropped} dropped, each in a drop event
${unreported === 0 ? 'Nothing is gone without a word.' : `${unreported} records are GONE, and nothing says so.`}
`,
)
process.exitCode = unreported === 0 ? 0 : 1
