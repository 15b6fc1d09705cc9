import { randomBytes } from 'node:crypto'
import { PartitionAssigners } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { Log } from '../telemetry/log.ts'
import type { Meters } from '../telemetry/meters.ts'
import { type Connection, openClient } from './client.ts'
import { openClientLog } from './client-log.ts'
import { addCodecs, type Compression, compressionTypes } from './compression.ts'
import { openConfluentFormat } from './confluent-format.ts'
import { type LifeBounds, openConsumerLife } from './consumer-life.ts'
import { openDeadLetters } from './dead-letters.ts'
import { openFollowing } from './following.ts'
import { arrivedIn } from './intake.ts'
import type { Kafka, Outgoing, Placed } from './kafka.ts'
import { openMembership } from './membership.ts'
import { openProducers } from './producers.ts'
import { awaitBroker, awaited, type Waiting } from './readiness.ts'
import { openSchemaRegistry, type RegistryOptions } from './schema-registry.ts'
import { type Packing, parcelOf } from './sending.ts'
import { shardAssigner } from './shard-assigner.ts'
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
  const { shards, signal } = options
  const log = options.log.child({ kafka: options.connection.clientId })
  const bounds: KafkaBounds = {
    ...boundsDefault,
    partitionBytesMax: options.messageBytesMax + mebibyte,
    ...options.bounds,
  }
  const names = namesIn(options.namespace)
  const clientLog = openClientLog(log)
  const alive = clientLog.answered
  const client = openClient(options.connection, clientLog)
  const plan = topicPlan(options, names)
  const waiting = { log, signal, limitMs: bounds.askMsMax }
  const admin = await awaitBroker({ client, plan, ...waiting })
  alive()

  const positions = openTopicPositions({ admin, names, limitMs: bounds.askMsMax, alive })
  const { messageBytesMax } = options
  const format = await formatOf(options, names, waiting)
  const packing: Packing = { names, format, nextId: openIds(), messageBytesMax }
  const parcelsOf = (outgoing: readonly Outgoing[]) => outgoing.map((it) => parcelOf(it, packing))
  const producers = openProducers({
    client,
    names,
    compression: compressionTypes[options.compression],
    messageBytesMax,
    sendMsMax: bounds.sendMsMax,
    alive,
    log,
  })
  // The encoding's faults are rejections too: nobody has to look for both.
  const publish = async (outgoing: readonly Outgoing[]): Promise<readonly Placed[]> =>
    producers.publisher.publish(parcelsOf(outgoing))
  const deadLetters = openDeadLetters({ ...options, publish, log })
  const reading = {
    names,
    positions,
    arrivedIn: (topic: TopicName, batch: Parameters<typeof arrivedIn>[1]) =>
      arrivedIn(topic, batch, { format: packing.format, deadLetters }),
    alive,
    log,
  }
  const open = new Set<{ readonly close: () => Promise<void> }>()
  const kept = <Part extends { readonly close: () => Promise<void> }>(part: Part): Part => {
    const close = part.close
    const held = { ...part, close: () => close().finally(() => open.delete(held)) }
    open.add(held)
    return held
  }
  const topicsOf = (topics: readonly TopicName[]) => topics.map(names.topic)

  return {
    shards,
    publish,
    takeOver: async (transactionalId) => {
      const transactions = await producers.takeOver(transactionalId)
      return kept({
        publish: async (outgoing: readonly Outgoing[]) => transactions.publish(parcelsOf(outgoing)),
        close: transactions.close,
      })
    },
    join: async (join) =>
      kept(
        openMembership({
          join,
          shards,
          ...reading,
          openLife: (events, owned) =>
            openConsumerLife(
              {
                client,
                group: names.group(join.group),
                topics: topicsOf(join.topics),
                assigner: () => shardAssigner({ shards, names, owned }),
                bounds,
                log,
              },
              events,
            ),
        }),
      ),
    follow: async (follow) =>
      kept(
        await openFollowing({
          follow,
          ...reading,
          openLife: (group, events) =>
            openConsumerLife(
              {
                client,
                group,
                topics: topicsOf(follow.topics),
                assigner: PartitionAssigners.roundRobin,
                bounds,
                log,
              },
              events,
            ),
          forget: async (group) => {
            const attempted = `Deleting the group "${group}"`
            try {
              const limitMs = bounds.closeMs
              await within(admin.deleteGroups([group]), { limitMs, attempted })
            } catch (cause) {
              // Not every principal may. The broker forgets a group without members in some days.
              log.debug('kafka.group.left', `${attempted} failed; it is left.`, { cause })
            }
          },
        }),
      ),
    ...positions,
    close: async () => {
      await Promise.all([...open].map(({ close }) => close()))
      await producers.publisher.close()
      const attempted = 'Closing the connection of the administrator'
      await within(admin.disconnect(), { limitMs: bounds.closeMs, attempted }).catch(
        (cause: unknown) => log.debug('kafka.admin.left', `${attempted} failed.`, { cause }),
      )
    },
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
