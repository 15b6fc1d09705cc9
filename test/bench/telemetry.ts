/**
 * What telemetry costs: CPU of the process for a million records at full load, without telemetry, with
 * the default sampler, and with every batch traced. They take turns, and each is compared with the one
 * without of its own round: the medians are told, and each round.
 *
 *     node test/bench/telemetry.ts [--rounds N] [--requests N] [--per-request N] [--json]
 *         [--node-options='…']    of the processes; with --min-semi-space-size=16 and
 *                                 --max-semi-space-size=16 V8's space for new objects is as large in each
 */
import { parseArgs } from 'node:util'
import { startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'
import { openSink } from '../support/sink.ts'
import { costOf } from './process-cost.ts'
import { medianOf } from './report.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    requests: { type: 'string', default: '400' },
    'per-request': { type: 'string', default: '500' },
    json: { type: 'boolean', default: false },
    'node-options': { type: 'string', default: '' },
  },
})
const [rounds, requests] = [Number(values.rounds), Number(values.requests)]
const recordsPerRequest = Number(values['per-request'])
const nodeOptions = values['node-options'].split(' ').filter((it) => it !== '')
const [connections, recordBytes, warmUpRequests] = [8, 512, 200]

const receiver = await openOtlpReceiver()
const on = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }
const environments = {
  'without telemetry': { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  'one trace in 100': on,
  'every trace': { ...on, OTEL_TRACES_SAMPLER: 'parentbased_always_on' },
}

/** User and system seconds of a process of its own, warmed up, for so many requests. */
const measured = async (environment: NodeJS.ProcessEnv): Promise<number> => {
  await using folder = await workspace()
  const sink = await openSink()
  await using holdfast = await startHoldfast(
    folder.path,
    { endpoint: { url: sink.url } },
    { nodeOptions, environment },
  )
  const load = openLoad({
    streams: [{ tenant: 'a', service: 's' }],
    recordsPerRequest,
    recordBytes,
  })
  // Until all of it is at the sink: what is still under way would be counted with the wrong part.
  const send = async (count: number): Promise<void> => {
    await load.send({ to: () => holdfast.otlp, connections, goOn: (sent) => sent < count })
    await until(sink.records, (records) => records >= load.promisedRecords())
  }
  await send(warmUpRequests)
  const before = await costOf(holdfast.pid)
  await send(requests)
  const after = await costOf(holdfast.pid)
  await load.close()
  await holdfast.kill('SIGTERM')
  await sink.close()
  return after.cpuSeconds - before.cpuSeconds
}

const subjects = Object.entries(environments).map(([name, environment]) => ({
  name,
  environment,
  seconds: [] as number[],
}))
for (let round = 0; round < rounds; round += 1) {
  // Another one begins each time.
  const turn = round % subjects.length
  for (const { name, environment, seconds } of [
    ...subjects.slice(turn),
    ...subjects.slice(0, turn),
  ]) {
    seconds.push(await measured(environment))
    if (process.stderr.isTTY) process.stderr.write(`${name}: ${seconds.at(-1)} s\n`)
  }
}
await receiver.close()

const millions = (requests * recordsPerRequest) / 1_000_000
const [plain = []] = subjects.map(({ seconds }) => seconds)
const result = subjects.map(({ name, seconds }) => {
  // Of one round to another the machine's mood differs more than what is asked for.
  const overheads = seconds.map((one, round) => one / (plain[round] ?? one) - 1)
  return {
    name,
    cpuSecondsPerMillion: medianOf(seconds) / millions,
    overhead: medianOf(overheads),
    overheads,
  }
})
const percent = (share: number): string => (share * 100).toFixed(1)
const text = result.map(
  ({ name, cpuSecondsPerMillion, overhead, overheads }) =>
    `${name.padEnd(18)} ${cpuSecondsPerMillion.toFixed(3)} s CPU a million records, ${percent(overhead)} % more (${overheads.map(percent).join(', ')})`,
)
process.stdout.write(`${values.json ? JSON.stringify(result) : text.join('\n')}\n`)
