/** The transport on a broker of a test, and what a test does with it. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../../infra/kafka/client.ts'
import type { Arrived, Kafka, Outgoing } from '../../infra/kafka/kafka.ts'
import { type KafkaOptions, openKafka } from '../../infra/kafka/open-kafka.ts'
import { makeTopics } from '../../infra/kafka/topic-admin.ts'
import { namesIn } from '../../infra/kafka/topic-names.ts'
import { type TopicDemands, topicPlan } from '../../infra/kafka/topic-plan.ts'
import { openLog } from '../../infra/telemetry/log.ts'
import { type Meters, openMeters } from '../../infra/telemetry/meters.ts'
import { batch } from '../support/specimen.ts'
import { clientOf } from './kafka-client.ts'

export const demands: TopicDemands = {
  shards: 4,
  replicationFactor: 1,
  minInsyncReplicas: 1,
  messageBytesMax: 1024 * 1024,
}

/** A namespace of its own with all topics in it. */
export const makeNamespace = async (
  brokers: readonly string[],
  changed: Partial<TopicDemands> = {},
): Promise<string> => {
  const namespace = `test-${randomUUID().slice(0, 8)}`
  const admin = clientOf(brokers).admin()
  await admin.connect()
  try {
    await makeTopics(admin, topicPlan({ ...demands, ...changed }, namesIn(namespace)))
  } finally {
    await admin.disconnect()
  }
  return namespace
}

export const connectionTo = (brokers: readonly string[]): Connection => ({
  clientId: 'test',
  brokers,
  tls: null,
  sasl: null,
  connectTimeoutMs: 2000,
  requestTimeoutMs: 4000,
})

export type Lines = readonly Readonly<Record<string, unknown>>[]
export type TestTransport = Kafka & {
  readonly lines: Lines
  readonly meters: Meters
} & AsyncDisposable

/** Impatient, as tests are; closed by disposal. */
export const openTransport = async (
  brokers: readonly string[],
  namespace: string,
  changed: Partial<KafkaOptions> = {},
): Promise<TestTransport> => {
  const lines: Record<string, unknown>[] = []
  const meters = openMeters()
  const log = openLog({
    level: 'info',
    now: Date.now,
    write: (line) => lines.push(JSON.parse(line)),
  })
  const kafka = await openKafka({
    connection: connectionTo(brokers),
    namespace,
    ...demands,
    compression: 'lz4',
    schemaRegistry: null,
    service: 'tester',
    log,
    meters,
    now: Date.now,
    signal: new AbortController().signal,
    ...changed,
  })
  return { ...kafka, lines, meters, [Symbol.asyncDispose]: kafka.close }
}

/** A payload that says which it is. */
export const record = (text: string, partition = 0): Outgoing => ({
  topic: 'records',
  partition,
  batch: batch(),
  payload: [Buffer.from(text)],
})
export const textOf = (arrived: Arrived): string =>
  arrived.topic === 'records' ? Buffer.from(arrived.payload).toString() : arrived.message.type

export const failed = (cause: Error): void => {
  throw cause
}

const lookEveryMs = 20

/** Asks until it holds. It fails after `limitMs` with what was seen last. */
export const until = async (
  holds: () => boolean,
  seen: () => unknown = () => '',
  limitMs = 60_000,
): Promise<void> => {
  const deadlineMs = performance.now() + limitMs
  while (!holds()) {
    if (performance.now() > deadlineMs)
      throw new Error(`It did not come to hold within ${limitMs} ms: ${JSON.stringify(seen())}`)
    await sleep(lookEveryMs)
  }
}
