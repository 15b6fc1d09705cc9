import { randomBytes } from 'node:crypto'
import type { Admin, Kafka as Client } from 'kafkajs'
import type { Log } from '../telemetry/log.ts'
import type { Meters } from '../telemetry/meters.ts'
import { type Connection, openClient } from './client.ts'
import { openClientLog } from './client-log.ts'
import { addCodecs, type Compression, compressionTypes } from './compression.ts'
import { openConfluentFormat } from './confluent-format.ts'
import type { LifeBounds } from './consumer-life.ts'
import { openDeadLetters } from './dead-letters.ts'
import type { Kafka, Outgoing, Placed } from './kafka.ts'
import { openProducers } from './producers.ts'
import { awaitBroker, awaited, type Waiting } from './readiness.ts'
import { openReadings } from './readings.ts'
import { openSchemaRegistry, type RegistryOptions } from './schema-registry.ts'
import { type Packing, parcelOf } from './sending.ts'
import { type Names, namesIn } from './topic-names.ts'
import { type TopicDemands, topicPlan } from './topic-plan.ts'
import { openTopicPositions } from './topic-positions.ts'
import { singleObject, type ValueFormat } from './wire.ts'
import { within } from './within.ts'

export type KafkaOptions = TopicDemands & {
  readonly connection: Connection
  /** What the names of topics, groups and transactional ids begin with. */
  readonly namespace: string
  readonly compression: Compression
  /** Where there is one, messages are in Confluent's wire format. */
  readonly schemaRegistry: Omit<RegistryOptions, 'answerMsMax'> | null
  /** Which service this is: dead letters say so. */
  readonly service: string
  readonly log: Log
  readonly meters: Meters
  readonly now: () => number
  /** Ends the wait for a broker that is not there yet. */
  readonly signal: AbortSignal
  readonly bounds?: Partial<KafkaBounds>
}
export type KafkaBounds = LifeBounds & {
  /** How long one send may take, all attempts included. */
  readonly sendMsMax: number
  /** How long a question to the broker may take. */
  readonly askMsMax: number
}

const mebibyte = 1024 * 1024
const second = 1000
const boundsDefault = {
  sessionMs: 10 * second,
  heartbeatMs: second,
  rebalanceMs: 60 * second,
  fetchBytesMax: 32 * mebibyte,
  fetchWaitMs: 100,
  fetchBytesMin: 1,
  concurrency: 16,
  closeMs: 5 * second,
  sendMsMax: 30 * second,
  askMsMax: 30 * second,
} as const

/**
 * Connects, and waits for a broker that is not there yet, or has not all topics yet: services start in
 * any order.
 * @throws {KafkaError} `refused` where waiting does not help: credentials, certificates, topics that would
 * lose what they are given.
 * @throws the signal's reason, when it is aborted.
 */
export const openKafka = async (options: KafkaOptions): Promise<Kafka> => {
  addCodecs()
  const log = options.log.child({ kafka: options.connection.clientId })
  const bounds: KafkaBounds = {
    ...boundsDefault,
    partitionBytesMax: options.messageBytesMax + mebibyte,
    ...options.bounds,
  }
  const names = namesIn(options.namespace)
  const clientLog = openClientLog(log)
  const client = openClient(options.connection, clientLog)
  const waiting = { log, signal: options.signal, limitMs: bounds.askMsMax }
  const admin = await awaitBroker({ client, plan: topicPlan(options, names), ...waiting })
  clientLog.answered()
  try {
    const format = await formatOf(options, names, waiting)
    const alive = clientLog.answered
    return opened(options, { client, admin, names, format, bounds, log, alive })
  } catch (cause) {
    await leaveAdmin(admin, log, bounds)
    throw cause
  }
}

type Ground = {
  readonly client: Client
  readonly admin: Admin
  readonly names: Names
  readonly format: ValueFormat
  readonly bounds: KafkaBounds
  readonly log: Log
  readonly alive: () => void
}

const opened = (options: KafkaOptions, ground: Ground): Kafka => {
  const { shards, messageBytesMax, compression } = options
  const { admin, names, format, bounds, log } = ground
  const positions = openTopicPositions({ ...ground, limitMs: bounds.askMsMax })
  const packing: Packing = { names, format, nextId: openIds(), messageBytesMax }
  const parcelsOf = (outgoing: readonly Outgoing[]) => outgoing.map((it) => parcelOf(it, packing))
  const { publisher, takeOver } = openProducers({
    ...ground,
    compression: compressionTypes[compression],
    messageBytesMax,
    sendMsMax: bounds.sendMsMax,
  })
  // The encoding's faults are rejections too: nobody has to look for both.
  const publish = async (outgoing: readonly Outgoing[]): Promise<readonly Placed[]> =>
    publisher.publish(parcelsOf(outgoing))
  const deadLetters = openDeadLetters({ ...options, publish, log })
  const readings = openReadings({ ...ground, shards, positions, deadLetters })
  const { kept, closeAll } = openKeeping()

  return {
    shards,
    publish,
    takeOver: async (transactionalId) => {
      const transactions = await takeOver(transactionalId)
      return kept({
        publish: async (outgoing: readonly Outgoing[]) => transactions.publish(parcelsOf(outgoing)),
        close: transactions.close,
      })
    },
    join: async (join) => kept(readings.join(join)),
    follow: async (follow) => kept(await readings.follow(follow)),
    ...positions,
    close: async () => {
      await closeAll()
      await publisher.close()
      await leaveAdmin(admin, log, bounds)
    },
  }
}

type Closable = { readonly close: () => Promise<void> }

/** What is still open when all is to be closed. */
const openKeeping = () => {
  const open = new Set<Closable>()
  return {
    kept: <Part extends Closable>(part: Part): Part => {
      const { close } = part
      const held = { ...part, close: () => close().finally(() => open.delete(held)) }
      open.add(held)
      return held
    },
    closeAll: async (): Promise<void> => {
      await Promise.all([...open].map(({ close }) => close()))
    },
  }
}

const leaveAdmin = async (admin: Admin, log: Log, { closeMs }: KafkaBounds): Promise<void> => {
  const attempted = 'Closing the connection of the administrator'
  try {
    await within(admin.disconnect(), { limitMs: closeMs, attempted })
  } catch (cause) {
    log.debug('kafka.admin.left', `${attempted} failed; it is left.`, { cause })
  }
}

const formatOf = (
  { schemaRegistry, now, connection }: KafkaOptions,
  names: Names,
  waiting: Waiting,
): Promise<ValueFormat> => {
  if (schemaRegistry === null) return Promise.resolve(singleObject)
  const answerMsMax = connection.requestTimeoutMs
  const registry = openSchemaRegistry({ ...schemaRegistry, answerMsMax })
  const open = () => openConfluentFormat({ registry, names, now })
  return awaited(`Registering schemas with ${schemaRegistry.url}`, open, waiting)
}

/** Ids that no other process gives: chance for the process, a number for the message. */
const openIds = (): (() => string) => {
  const process = randomBytes(9).toString('base64url')
  let count = 0
  return () => {
    count += 1
    return `${process}-${count.toString(36)}`
  }
}
