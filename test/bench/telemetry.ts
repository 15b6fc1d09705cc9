/**
 * What telemetry costs: CPU of the process for a million records at full load, without telemetry, with
 * the default sampler, and with every batch traced, in turn.
 *
 *     node test/bench/telemetry.ts [--records N] [--repeat N] [--per-request N] [--json]
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'
import { holdfast, type Subject } from './subject.ts'
import { measure } from './trial.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    repeat: { type: 'string', default: '5' },
    'per-request': { type: 'string', default: '500' },
    json: { type: 'boolean', default: false },
  },
})
const load = {
  records: Number(values.records),
  recordBytes: 512,
  recordsPerRequest: Number(values['per-request']),
  connections: 8,
  backlogRecords: 1_000,
}
const receiver = await openOtlpReceiver()
const subject = holdfast(join(import.meta.dirname, '../../pipeline/cli.ts'))

/** The same, in another environment. What else is measured with has been started before. */
const inEnvironment = (name: string, environment: Readonly<Record<string, string>>): Subject => ({
  ...subject,
  name,
  start: async (at) => {
    Object.assign(process.env, environment)
    try {
      return await subject.start(at)
    } finally {
      for (const variable of Object.keys(environment)) delete process.env[variable]
    }
  },
})
const on = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_METRIC_EXPORT_INTERVAL: '10000' }
const subjects = [
  inEnvironment('without', {}),
  inEnvironment('1 trace in 100', on),
  inEnvironment('every trace', { ...on, OTEL_TRACES_SAMPLER: 'parentbased_always_on' }),
]

const cpu = new Map(subjects.map(({ name }) => [name, [] as number[]]))
for (let trial = 0; trial < Number(values.repeat); trial += 1)
  for (const one of subjects) {
    const { cpuSecondsPerMillion, lost } = await measure(one, load)
    if (lost > 0) throw new Error(`${one.name}: ${lost} records did not arrive.`)
    cpu.get(one.name)?.push(cpuSecondsPerMillion)
    process.stderr.write(`${one.name}: ${cpuSecondsPerMillion.toFixed(3)} s\n`)
  }
await receiver.close()

const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}
const plain = median(cpu.get('without') ?? [])
const result = [...cpu].map(([name, seconds]) => ({
  name,
  cpuSecondsPerMillion: median(seconds),
  overhead: median(seconds) / plain - 1,
}))
const text = result
  .map(
    ({ name, cpuSecondsPerMillion, overhead }) =>
      `${name.padEnd(16)} ${cpuSecondsPerMillion.toFixed(3)} s CPU a million records, ${(overhead * 100).toFixed(1)} %`,
  )
  .join('\n')
process.stdout.write(`${values.json ? JSON.stringify({ load, result }) : text}\n`)
