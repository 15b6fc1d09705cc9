import { setTimeout as after } from 'node:timers/promises'
import { durationMs } from '../config/units.ts'
import { type Arrow, chainOf, joined, type Step } from '../inspection/joined-sequence.ts'
import { mermaidOf } from '../inspection/mermaid.ts'
import { type AdminClient, adminOption, adminUrl, clientAt } from './admin-client.ts'
import { type Command, type Input, isSet, jsonOption, textOf, UsageError } from './command.ts'

const forDefault = '2s'
const forMsMax = 600_000
const lastDefault = 60
const lastMax = 5_000
const processesMax = 16
/** A process keeps the last 1,000 steps for whoever asks. */
const pollMs = 500

export const sequence: Command = {
  name: 'sequence',
  summary: 'who tells whom what: the messages between the actors, of several processes as one',
  operands: [],
  options: {
    admin: { ...adminOption, help: `${adminOption.help}; several are joined by commas` },
    for: { value: 'D', help: `how long to look on, such as 10s; ${forDefault} unless told` },
    of: { value: 'ID', help: 'what led to this message, and what came of it' },
    last: { value: 'N', help: `how many messages at most; the last ${lastDefault} unless told` },
    json: { ...jsonOption, help: 'print JSON and no Mermaid' },
  },
  examples: [
    'holdfast sequence > sequence.mmd',
    'holdfast sequence --admin http://10.0.0.7:8686,http://10.0.0.8:8686 --for 10s',
    "holdfast sequence --json | jq '.arrows[].message'",
  ],
  run: async (input) => {
    const forMs = forOf(input)
    const last = lastOf(input)
    const streams = await Promise.all(clientsOf(input).map((client) => watched(client, forMs)))
    const all = joined(streams)
    const of = textOf(input, 'of')
    if (of !== undefined && !all.some(({ messageId }) => messageId === of))
      input.warn(`No message ${of.slice(0, 100)} was seen; these are all.\n`)
    const arrows = (of === undefined ? all : chainOf(all, of)).slice(-last)
    const skipped = streams.reduce((sum, it) => sum + it.skipped, 0)
    if (isSet(input, 'json')) input.print(`${JSON.stringify({ skipped, arrows: shown(arrows) })}\n`)
    else input.print(mermaidOf(arrows))
    const left = all.length - arrows.length
    if (skipped > 0 || (left > 0 && of === undefined))
      input.warn(`${left} messages before these, and ${skipped} events beyond what is shown.\n`)
    return 0
  },
}

const clientsOf = (input: Input): readonly AdminClient[] => {
  const { HOLDFAST_ADMIN_TOKEN } = input.environment
  const bases = [...new Set(adminUrl(input).split(','))]
  if (bases.length > processesMax)
    throw new UsageError(`--admin names ${bases.length} processes; allowed: 1 to ${processesMax}.`)
  const token = HOLDFAST_ADMIN_TOKEN ? { token: HOLDFAST_ADMIN_TOKEN } : {}
  return bases.map((base) => clientAt({ base: base.trim(), option: '--admin', ...token }))
}

const forOf = (input: Input): number => {
  const given = textOf(input, 'for') ?? forDefault
  const answer = durationMs(given)
  if (answer.kind === 'read' && answer.value > 0 && answer.value <= forMsMax) return answer.value
  throw new UsageError(`--for is "${given}"; allowed: 1ms to 10m.`)
}

const lastOf = (input: Input): number => {
  const given = textOf(input, 'last') ?? String(lastDefault)
  const value = /^\d{1,5}$/.test(given) ? Number(given) : 0
  if (value >= 1 && value <= lastMax) return value
  throw new UsageError(`--last is "${given}"; allowed: 1 to ${lastMax}.`)
}

type Answer = {
  readonly producer: string
  readonly skipped: number
  readonly steps: readonly Step[]
}
type Seen = Answer

/** What was told before the first look is not of this time: a console may look on as well. */
const watched = async (client: AdminClient, forMs: number): Promise<Seen> => {
  const first = await client.get<Answer>('/api/v1/sequence')
  const untilMs = performance.now() + forMs
  let number = first.steps.at(-1)?.number ?? 0
  let skipped = 0
  let steps: readonly Step[] = []
  for (;;) {
    const leftMs = untilMs - performance.now()
    if (leftMs <= 0) return { producer: first.producer, skipped, steps }
    await after(Math.min(pollMs, leftMs))
    const next = await client.get<Answer>(`/api/v1/sequence?after=${number}`)
    number = next.steps.at(-1)?.number ?? number
    skipped = Math.max(0, next.skipped - first.skipped)
    steps = [...steps, ...next.steps].slice(-lastMax)
  }
}

const shown = (arrows: readonly Arrow[]) =>
  arrows.map(({ atMs, number: _, ...arrow }) => ({ at: new Date(atMs).toISOString(), ...arrow }))
