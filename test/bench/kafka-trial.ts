/** One trial of each thing that a measurement over Kafka compares: warmed up, then under load. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestKafka } from '../container/kafka.ts'
import { clientOf, makeTopic } from '../container/kafka-client.ts'
import { makeNamespace } from '../container/transport.ts'
import { until } from '../support/holdfast-process.ts'
import { startWorker, type Worker } from './child.ts'
import { type ServiceRole, type Services, serviceRoles, startServices } from './kafka-services.ts'
import type { LoadAnswer, LoadOrder } from './loader.ts'
import { markedRequest } from './marked-request.ts'
import type { Client } from './plain-clients.ts'
import type { PlainAnswer, PlainOrder } from './plain-kafka.ts'
import { type Cost, costOf } from './process-cost.ts'
import type { SinkAnswer, SinkOrder } from './sink.ts'
import { type Load, msMaxOf, type Numbers, warmUpShare } from './trial.ts'

export type Figures = {
  readonly recordsPerSecond: number
  /** Of all processes of the subject; the broker is apart. */
  readonly cpuSecondsPerMillion: number
  readonly brokerCpuSecondsPerMillion: number
  /** Of the processes together. */
  readonly peakMegabytes: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lost: number
  readonly refusals: number
}
export type KafkaMeasured = Figures & {
  /** CPU seconds per million records, by process. */
  readonly processes: Readonly<Record<string, number>>
  /** Of the messages in `records`. */
  readonly recordsPerMessage: number
}
export type KafkaLoad = Omit<Load, 'backlogRecords'>

/** As `transport.kafka` asks for topics by default. */
const messageBytesMax = 2 ** 24 + 2 ** 17
const settleMsMax = 60_000

type Ground = { readonly kafka: TestKafka; readonly load: KafkaLoad; readonly shards: number }

export const measureServices = async (
  ground: Ground & { readonly cli: string; readonly profiles: string | undefined },
): Promise<KafkaMeasured> => {
  const { kafka, shards } = ground
  const namespace = await makeNamespace(kafka.addresses, { shards, messageBytesMax })
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  const sink = startWorker<SinkOrder, SinkAnswer>('sink.ts')
  const loader = startWorker<LoadOrder, LoadAnswer>('loader.ts')
  let services: Services | undefined
  try {
    const heard = await sink.ask({ type: 'listen', port: 0 })
    if (heard.type !== 'listening') throw new Error(`The sink answered ${heard.type}.`)
    const sinkUrl = `http://127.0.0.1:${heard.port}`
    const brokers = kafka.addresses
    services = await startServices({ ...ground, brokers, namespace, folder, sinkUrl })
    return await loaded({ ...ground, services, sink, loader, topic: `${namespace}.records` })
  } finally {
    await services?.stop()
    await Promise.all([loader.stop(), sink.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

type Crew = Ground & {
  readonly services: Services
  readonly sink: Worker<SinkOrder, SinkAnswer>
  readonly loader: Worker<LoadOrder, LoadAnswer>
  readonly topic: string
}

const loaded = async (crew: Crew): Promise<KafkaMeasured> => {
  const { load, services, kafka } = crew
  const { warm, main } = phasesOf(load)
  const pids = serviceRoles.map((role) => services.processes[role].pid)
  const warmed = await sent(crew, warm)
  const before = await costsOf(pids, kafka)
  const seen = await sent(crew, main)
  const after = await costsOf(pids, kafka)
  const records = (main.to - main.from) * load.recordsPerRequest
  const messages = await messagesIn(kafka, crew.topic)
  return {
    ...costs({ before, after, records }),
    recordsPerSecond: (records / (seen.lastAtUs - seen.startedAtUs)) * 1e6,
    p50Ms: seen.p50Ms ?? Number.NaN,
    p99Ms: seen.p99Ms ?? Number.NaN,
    lost: warmed.lost + seen.lost,
    refusals: warmed.refusals + seen.refusals,
    processes: byProcess(serviceRoles, { before, after, records }),
    recordsPerMessage: (main.to * load.recordsPerRequest) / messages,
  }
}

/** Requests are sent, have arrived, and are all in the account. */
const sent = async ({ load, loader, sink, services }: Crew, numbers: Numbers) => {
  const msMax = msMaxOf(load, numbers)
  const order = { type: 'load', speaks: 'otlp', streams: 'connection' } as const
  const answer = await loader.ask({ ...order, url: services.url, ...load, ...numbers, msMax })
  const arrived = await sink.ask({ type: 'await', ...numbers, msMax })
  if (arrived.type !== 'arrived') throw new Error(`The sink answered ${arrived.type}.`)
  const unacknowledged = new Set(answer.unacknowledged)
  const missing = arrived.missing.filter((number) => !unacknowledged.has(number))
  const accepted = (numbers.to - unacknowledged.size) * load.recordsPerRequest
  await until(
    () => totalsOf(services.admin),
    (totals) => totals.pending === 0 && totals.accepted >= accepted,
    settleMsMax,
  )
  return { ...answer, ...arrived, lost: missing.length * load.recordsPerRequest }
}

type Totals = { readonly pending: number; readonly accepted: number }
const totalsOf = async (admin: string): Promise<Totals> => {
  const response = await fetch(`${admin}/api/v1/ledger`)
  return ((await response.json()) as { readonly totals: Totals }).totals
}

/**
 * The same bytes in as many messages, as many of them together, produced and consumed with a client
 * library and nothing else.
 */
export const measurePlain = async (
  ground: Ground & { readonly client: Client; readonly recordsPerMessage: number },
): Promise<KafkaMeasured> => {
  const { kafka, load, shards, client } = ground
  const topic = `plain-${randomUUID().slice(0, 8)}`
  // As large as the services let their topics have them.
  const settings = { 'max.message.bytes': String(2 ** 25) }
  await makeTopic(kafka.addresses, topic, { partitions: shards, settings })
  const producer = startWorker<PlainOrder, PlainAnswer>('plain-kafka.ts')
  const consumer = startWorker<PlainOrder, PlainAnswer>('plain-kafka.ts')
  const pids = [producer.pid, consumer.pid]
  const { warm, main } = phasesOf(load)
  const { recordsPerRequest, recordBytes, connections } = load
  const perMessage = Math.max(1, Math.round(ground.recordsPerMessage / recordsPerRequest))
  const request = markedRequest({ service: 'bench-0', records: recordsPerRequest, recordBytes })
  const run = async (numbers: Numbers) => {
    const messages = Math.ceil((numbers.to - numbers.from) / perMessage)
    const [produced, consumed] = [
      await producer.ask({
        type: 'produce',
        messages,
        messageBytes: request.bytes.length * perMessage,
        together: Math.max(1, Math.floor(connections / perMessage)),
        partitions: shards,
      }),
      await consumer.ask({
        type: 'await',
        messages: messages + (numbers === warm ? 0 : Math.ceil((warm.to - warm.from) / perMessage)),
        msMax: msMaxOf(load, numbers),
      }),
    ]
    if (produced.type !== 'produced' || consumed.type !== 'consumed')
      throw new Error(`Producer and consumer answered ${produced.type} and ${consumed.type}.`)
    return { ...produced, ...consumed, records: messages * perMessage * recordsPerRequest }
  }
  try {
    const open = { type: 'open', client, brokers: kafka.addresses, topic } as const
    await consumer.ask({ ...open, end: 'consumer' })
    await producer.ask({ ...open, end: 'producer' })
    const warmed = await run(warm)
    const before = await costsOf(pids, kafka)
    const seen = await run(main)
    const after = await costsOf(pids, kafka)
    const consumed = seen.messages * perMessage * recordsPerRequest
    return {
      ...costs({ before, after, records: seen.records }),
      recordsPerSecond: (seen.records / (seen.lastAtUs - seen.startedAtUs)) * 1e6,
      p50Ms: Number.NaN,
      p99Ms: Number.NaN,
      lost: Math.max(0, warmed.records + seen.records - consumed),
      refusals: 0,
      processes: byProcess(['producer', 'consumer'], { before, after, records: seen.records }),
      recordsPerMessage: perMessage * recordsPerRequest,
    }
  } finally {
    await Promise.all([producer.stop(), consumer.stop()])
  }
}

const phasesOf = ({ records, recordsPerRequest }: KafkaLoad) => {
  const warm = { from: 0, to: Math.ceil((records * warmUpShare) / recordsPerRequest) }
  return { warm, main: { from: warm.to, to: warm.to + Math.ceil(records / recordsPerRequest) } }
}

type Costs = { readonly processes: readonly Cost[]; readonly brokerSeconds: number }
type Span = { readonly before: Costs; readonly after: Costs; readonly records: number }

const costsOf = async (pids: readonly number[], kafka: TestKafka): Promise<Costs> => {
  const seconds = await Promise.all(kafka.nodes.map((it) => it.cpuSeconds()))
  return {
    processes: await Promise.all(pids.map(costOf)),
    brokerSeconds: seconds.reduce((sum, it) => sum + it, 0),
  }
}

const cpuSum = ({ processes }: Costs): number =>
  processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)

const costs = ({ before, after, records }: Span) => ({
  cpuSecondsPerMillion: ((cpuSum(after) - cpuSum(before)) / records) * 1e6,
  brokerCpuSecondsPerMillion: ((after.brokerSeconds - before.brokerSeconds) / records) * 1e6,
  peakMegabytes: after.processes.reduce((sum, { peakMegabytes }) => sum + peakMegabytes, 0),
})

const byProcess = (
  names: readonly (ServiceRole | 'producer' | 'consumer')[],
  { before, after, records }: Span,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    names.map((name, index) => {
      const seconds = (of: Costs): number => of.processes[index]?.cpuSeconds ?? Number.NaN
      return [name, ((seconds(after) - seconds(before)) / records) * 1e6]
    }),
  )

/** How many messages a topic has ever held. */
const messagesIn = async (kafka: TestKafka, topic: string): Promise<number> => {
  const admin = clientOf(kafka.addresses).admin()
  await admin.connect()
  try {
    const partitions = await admin.fetchTopicOffsets(topic)
    return partitions.reduce((sum, { high }) => sum + Number(high), 0)
  } finally {
    await admin.disconnect()
  }
}
