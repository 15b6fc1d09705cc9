/**
 * Measures the distributed path on one broker beside the least that could carry the same bytes over it:
 *
 *     npm run bench:kafka -- [--records N] [--record-bytes N] [--per-request N] [--connections N]
 *                            [--shards N] [--repeat N] [--cli FILE] [--profiles FOLDER] [--json]
 *
 * Five services, OTLP in and a counting sink out; the ceiling, a client library that produces and another
 * process that consumes with it, the same bytes in messages of the same size; and the pipeline in one
 * process, without Kafka. Trials alternate, and the medians are told. Exit 1 when an acknowledged record
 * did not arrive. It needs Docker.
 */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { withoutDocker } from '../container/docker.ts'
import { startKafka } from '../container/kafka.ts'
import { embeddedOf, kafkaRatiosOf, kafkaRunOf, kafkaTableOf } from './kafka-report.ts'
import { type KafkaLoad, type KafkaMeasured, measurePlain, measureServices } from './kafka-trial.ts'
import type { Client } from './plain-clients.ts'
import { machine } from './report.ts'
import { holdfast } from './subject.ts'
import { measure } from './trial.ts'

const synopsis = `npm run bench:kafka -- [--records N] [--record-bytes N] [--per-request N] [--connections N]
                       [--shards N] [--repeat N] [--cli FILE] [--profiles FOLDER] [--json]
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
        shards: { type: 'string', default: '6' },
        repeat: { type: 'string', default: '3' },
        cli: { type: 'string', default: join(import.meta.dirname, '../../dist/pipeline/cli.js') },
        profiles: { type: 'string' },
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

type Option = 'records' | 'record-bytes' | 'per-request' | 'connections' | 'shards' | 'repeat'
const countOf = (option: Option, [least, most]: readonly [number, number]): number => {
  const count = Number(values[option])
  return Number.isSafeInteger(count) && count >= least && count <= most
    ? count
    : usage(`--${option} is a whole number from ${least} to ${most}, not ${values[option]}`)
}
const load: KafkaLoad = {
  records: countOf('records', [10_000, 100_000_000]),
  recordBytes: countOf('record-bytes', [32, 100_000]),
  recordsPerRequest: countOf('per-request', [1, 10_000]),
  connections: countOf('connections', [1, 1_000]),
}
const [requestsMax, requestBytesMax] = [2_000_000, 8 * 2 ** 20]
if (load.records / load.recordsPerRequest > requestsMax)
  usage(`there are at most ${requestsMax} requests: --per-request must be larger`)
if (load.recordBytes * load.recordsPerRequest > requestBytesMax)
  usage(`a request has at most ${requestBytesMax} bytes: --per-request must be smaller`)
const shards = countOf('shards', [1, 64])
const repeat = countOf('repeat', [1, 100])
if (withoutDocker !== false) usage(`it needs a Kafka in a container, and ${withoutDocker}`)
const profiles = values.profiles === undefined ? undefined : resolve(values.profiles)
if (profiles !== undefined) await mkdir(profiles, { recursive: true })

const progress = (trial: number, name: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`trial ${trial} of ${repeat}: ${name}\n`)
}

/** A server that serves: more room than a test needs, and the compiler that a long life is worth. */
const environment = {
  KAFKA_HEAP_OPTS: '-Xms512m -Xmx1g',
  KAFKA_JVM_PERFORMANCE_OPTS: '-XX:+UseG1GC -XX:MaxGCPauseMillis=20',
}
const clients: readonly Client[] = ['kafkajs', 'kafkajs-mended', 'platformatic']
const distributed: KafkaMeasured[] = []
const embedded: KafkaMeasured[] = []
const plain = new Map<Client, KafkaMeasured[]>(clients.map((client) => [client, []]))
await using kafka = await startKafka({ environment })
for (let trial = 1; trial <= repeat; trial += 1) {
  const ground = { kafka, load, shards }
  progress(trial, 'holdfast over Kafka')
  const measured = await measureServices({ ...ground, cli: values.cli, profiles })
  distributed.push(measured)
  for (const [client, of] of plain) {
    progress(trial, `plain ${client}`)
    const { recordsPerMessage } = measured
    of.push(await measurePlain({ ...ground, client, recordsPerMessage }))
  }
  progress(trial, 'holdfast in one process')
  const backlogRecords = load.recordsPerRequest
  embedded.push(embeddedOf(await measure(holdfast(values.cli), { ...load, backlogRecords })))
}
const durability = 'acks=all'
const runs = [
  kafkaRunOf({ name: 'holdfast-kafka', durability }, distributed),
  ...[...plain].map(([client, of]) => kafkaRunOf({ name: `plain-${client}`, durability }, of)),
  kafkaRunOf({ name: 'holdfast', durability: 'fsync' }, embedded),
]
const result = { machine: machine(), load: { ...load, shards }, runs, ratios: kafkaRatiosOf(runs) }
process.stdout.write(`${values.json ? JSON.stringify(result) : kafkaTableOf(runs)}\n`)
process.exitCode = runs.some(({ lost }) => lost > 0) ? 1 : 0
