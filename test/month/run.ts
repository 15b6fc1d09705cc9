/**
 * `npm run month [-- --seed N --agents N --json --write]`: a month of the incident's shape on virtual
 * time, for the naive agent and for Holdfast. `--write` renews the picture and the figures in `docs/`.
 * Exits with 1 when what it is to show does not hold.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { payloadOf } from '../../infra/incident/load.ts'
import { table, thousands } from '../../pipeline/commands/table.ts'
import { type Figures, faultsOf, figuresOf, type Month, type Pair } from './account.ts'
import { holdfastMonth } from './holdfast.ts'
import { naiveMonth } from './naive.ts'
import { monthPicture } from './picture.ts'
import { days, endMs, hour, plotOf, recordsPerRound, roundMs, tenantsPerAgent } from './plot.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    agents: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const agents = Number(values.agents)
const cacheHours = 6

/** Thirty records: what a round collects. */
const payload = Buffer.concat([payloadOf(0, 0), payloadOf(16, 0)].map((it) => it.payload))
const roundsPerHour = hour / roundMs
const cacheBytes = cacheHours * roundsPerHour * tenantsPerAgent * payload.length

const plot = plotOf(seed, agents)
const pairs: Pair[] = []
for (const agent of plot.agents) {
  const given = { cacheBytes, payloadOf: () => payload }
  const naive = await naiveMonth(plot, agent, given)
  const holdfast = await holdfastMonth(plot, agent, { ...given, seed: seed + pairs.length })
  pairs.push({ agent, naive, holdfast })
  if (process.stderr.isTTY) process.stderr.write(`\r${pairs.length} of ${agents} agents\r`)
}

const month: Month = {
  seed,
  agents,
  tenants: agents * tenantsPerAgent,
  days,
  cacheHours,
  naive: figuresOf(
    pairs.map(({ naive }) => naive),
    endMs,
  ),
  holdfast: figuresOf(
    pairs.map(({ holdfast }) => holdfast),
    endMs,
  ),
  faults: faultsOf(plot, pairs),
}

const rows: readonly (readonly [string, (figures: Figures) => string])[] = [
  ['records accepted', ({ accepted }) => thousands(accepted)],
  ['delivered', ({ delivered }) => thousands(delivered)],
  ['… more than an hour late', ({ deliveredLate }) => thousands(deliveredLate)],
  ['still held', ({ held }) => thousands(held)],
  ['lost', ({ lost }) => thousands(lost)],
  ['… and reported nowhere', ({ lostUnreported }) => thousands(lostUnreported)],
  ['tenants that lost records', ({ tenantsThatLost }) => String(tenantsThatLost)],
  ['tenant hours with a gap', ({ tenantHoursIncomplete }) => thousands(tenantHoursIncomplete)],
  ['agents that stalled', ({ agentsStalled }) => String(agentsStalled)],
  ['days stalled, all together', ({ daysStalled }) => daysStalled.toFixed(1)],
  ['tenants told of their loss', ({ tenantsTold }) => String(tenantsTold)],
  [
    'told after the first loss',
    ({ toldAfterSecondsMax: after, lost }) =>
      after === null ? (lost === 0 ? '-' : 'never') : `${after.toFixed(0)} s at most`,
  ],
]

const words = {
  naive: `stalls on ${month.naive.agentsStalled} of ${agents} agents, loses ${thousands(month.naive.lost)} records of ${month.naive.tenantsThatLost} tenants, and tells nobody.`,
  holdfast: `never stalls. Where the endpoint was away for longer than the cache bridges, it dropped ${thousands(month.holdfast.lost)}, and said so.`,
}

const markdown = (): string =>
  [
    '| | naive agent | Holdfast |',
    '| --- | ---: | ---: |',
    ...rows.map(([name, of]) => `| ${name} | ${of(month.naive)} | ${of(month.holdfast)} |`),
  ].join('\n')

const write = (): void => {
  const docs = join(import.meta.dirname, '../../docs')
  mkdirSync(join(docs, 'pictures'), { recursive: true })
  writeFileSync(join(docs, 'pictures/month.svg'), monthPicture(plot, pairs, words))
  const page = join(docs, 'month.md')
  const between = /(<!-- figures -->\n)[\s\S]*?(<!-- end of figures -->)/
  const renewed = readFileSync(page, 'utf8').replace(
    between,
    (_, before: string, after: string) => `${before}${markdown()}\n${after}`,
  )
  writeFileSync(page, renewed)
}

if (values.write) write()
if (values.json) process.stdout.write(`${JSON.stringify(month)}\n`)
else {
  const about = `${days} days, ${agents} agents, ${month.tenants} tenants, ${recordsPerRound} records of each every ${roundMs / 60_000} minutes, a cache of some ${cacheHours} hours. Seed ${seed}.`
  const figures = table(
    [
      { head: '', cell: ([name]) => name },
      { head: 'naive agent', cell: ([, of]) => of(month.naive) },
      { head: 'Holdfast', cell: ([, of]) => of(month.holdfast) },
    ],
    rows,
  )
  process.stdout.write(`${about}\n\n${figures}\n`)
  for (const fault of month.faults) process.stdout.write(`✗ ${fault}\n`)
}
process.exitCode = month.faults.length > 0 || month.naive.lost === 0 ? 1 : 0
