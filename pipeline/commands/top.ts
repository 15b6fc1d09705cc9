import { setTimeout as after } from 'node:timers/promises'
import { durationMs } from '../config/units.ts'
import type { Palette } from '../top/painting.ts'
import type { Sample } from '../top/sample.ts'
import type { Trend } from '../top/trend.ts'
import { adminClient, adminOption, adminUrl } from './admin-client.ts'
import { type Command, type Input, isSet, jsonOption, textOf, UsageError } from './command.ts'

const intervalDefault = '1s'
const intervalMsMin = 100
const intervalMsMax = 3_600_000

export const top: Command = {
  name: 'top',
  summary: 'a live view in the terminal: the account, streams, actors, endpoint, ring, drops',
  operands: [],
  options: {
    admin: adminOption,
    interval: {
      value: 'D',
      short: 'i',
      help: `how often to look, such as 500ms; ${intervalDefault} unless told`,
    },
    once: { value: null, help: 'print it once and exit, as where there is no terminal' },
    json: { ...jsonOption, help: 'print JSON, and only that: one look a line, until interrupted' },
  },
  examples: [
    'holdfast top',
    'holdfast top --once',
    "holdfast top --json | jq '.totals.pending'",
    'HOLDFAST_ADMIN_TOKEN=… holdfast top --admin http://10.0.0.7:8686 --interval 5s',
  ],
  run: async (input) => {
    const intervalMs = intervalOf(input)
    const { openSampling } = await import('../top/sample.ts')
    const sample = openSampling(adminClient(input))
    const { TERM } = input.environment
    const isTerminal = process.stdout.isTTY && TERM !== 'dumb'
    if (isSet(input, 'json')) await printJson(input, { sample, intervalMs })
    else if (isSet(input, 'once') || !isTerminal) await printOnce(input, { sample, intervalMs })
    else await live(input, { sample, intervalMs })
    return 0
  },
}

type Sampling = { readonly sample: () => Promise<Sample>; readonly intervalMs: number }

const intervalOf = (input: Input): number => {
  const given = textOf(input, 'interval') ?? intervalDefault
  const answer = durationMs(given)
  if (answer.kind === 'read' && answer.value >= intervalMsMin && answer.value <= intervalMsMax)
    return answer.value
  throw new UsageError(`--interval is "${given}"; allowed: 100ms to 1h.`)
}

const live = async (input: Input, { sample, intervalMs }: Sampling): Promise<void> => {
  const [{ showLive }, { openScreen }] = await Promise.all([
    import('../top/live.ts'),
    import('../top/screen.ts'),
  ])
  const palette: Palette = process.stdout.hasColors() ? 'colours' : 'plain'
  await showLive({
    address: adminUrl(input),
    sample,
    intervalMs,
    openScreen: () => openScreen({ input: process.stdin, output: process.stdout, palette }),
  })
}

const columnsDefault = 100
const columnsMax = 1_000

/** Two looks, so that there are rates. */
const printOnce = async (input: Input, { sample, intervalMs }: Sampling): Promise<void> => {
  const [{ openTrend }, { frameOf }, { initialView }, { paintedLine }] = await Promise.all([
    import('../top/trend.ts'),
    import('../top/frame.ts'),
    import('../top/view.ts'),
    import('../top/painting.ts'),
  ])
  const trend = openTrend()
  trend(await sample())
  await after(intervalMs)
  const second = await sample()
  const seen = { sample: second, trend: trend(second) }
  const view = { ...initialView(adminUrl(input), Date.now()), seen }
  const { COLUMNS = columnsDefault } = input.environment
  const given = process.stdout.columns ?? Number(COLUMNS)
  const columns = given >= 1 && given <= columnsMax ? Math.floor(given) : columnsDefault
  const { lines } = frameOf(view, { columns, rows: Number.POSITIVE_INFINITY })
  const palette: Palette = process.stdout.isTTY
    ? process.stdout.hasColors()
      ? 'colours'
      : 'plain'
    : 'none'
  for (const line of lines) input.print(`${paintedLine(line, palette).trimEnd()}\n`)
}

/** A process that goes away meanwhile is waited for; that it is away is a line, too. */
const printJson = async (input: Input, { sample, intervalMs }: Sampling): Promise<void> => {
  const [{ openTrend }, { watch }] = await Promise.all([
    import('../top/trend.ts'),
    import('../top/live.ts'),
  ])
  const trend = openTrend()
  const first = await sample()
  const print = (next: Sample): void =>
    input.print(`${JSON.stringify(documentOf(next, trend(next)))}\n`)
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort())
  if (isSet(input, 'once')) {
    trend(first)
    await after(intervalMs)
    return print(await sample())
  }
  print(first)
  await watch({
    sample,
    intervalMs,
    signal: ended.signal,
    took: print,
    failed: (why) =>
      input.print(`${JSON.stringify({ at: new Date().toISOString(), away: why })}\n`),
  })
}

const documentOf = ({ atMs, startedAtMs, ...sample }: Sample, trend: Trend): object => ({
  at: new Date(atMs).toISOString(),
  startedAt: new Date(startedAtMs).toISOString(),
  ...sample,
  rates: {
    accepted: trend.accepted.perSecond,
    delivered: trend.delivered.perSecond,
    dropped: trend.dropped.perSecond,
    refused: trend.refused.perSecond,
  },
  streams: trend.streams,
})
