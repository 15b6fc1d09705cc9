/** Clients of Kafka as tests need them: impatient, and silent about what they try again. */
import { randomUUID } from 'node:crypto'
import { type Admin, Kafka, type KafkaConfig, logLevel, type Producer } from 'kafkajs'
import { mendIdleTimer } from '../../infra/kafka/idle-timer.ts'
import { closeSilentConnections } from '../../infra/kafka/silent-connection.ts'
import { until } from '../support/holdfast-process.ts'

export const clientOf = (
  brokers: readonly string[],
  options: Omit<KafkaConfig, 'brokers'> = {},
): Kafka => {
  mendIdleTimer()
  closeSilentConnections()
  return new Kafka({
    clientId: 'test',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5000,
    requestTimeout: 15_000,
    retry: { retries: 40, initialRetryTime: 100, maxRetryTime: 1000 },
    ...options,
    brokers: [...brokers],
  })
}

/**
 * Makes a topic and waits until every broker knows it and its leaders, and these know that they lead:
 * kafkajs gives up on a topic that the one broker which it happens to ask has not heard of yet, and a
 * leader is named a moment before it takes anything.
 */
export const makeTopic = async (
  addresses: readonly string[],
  topic: string,
  options: {
    readonly partitions?: number
    readonly replicas?: number
    /** By their names on the broker. */
    readonly settings?: Readonly<Record<string, string>>
  } = {},
): Promise<void> => {
  const { partitions: numPartitions = 1, replicas: replicationFactor = 1, settings = {} } = options
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  const topics = [{ topic, numPartitions, replicationFactor, configEntries }]
  await withAdmin(addresses, (admin) => admin.createTopics({ waitForLeaders: false, topics }))
  for (const address of addresses)
    await until(() => isKnown(address, topic), Boolean, topicKnownMaxMs)
  await withAdmin(addresses, (admin) => admin.fetchTopicOffsets(topic))
}

const topicKnownMaxMs = 60_000

const isKnown = (address: string, topic: string): Promise<boolean> =>
  withAdmin([address], (admin) => admin.fetchTopicMetadata({ topics: [topic] })).then(
    ({ topics }) => topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)),
    ({ type }: { readonly type?: string }) => {
      if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE') return false
      throw new Error(`Asked ${address} about ${topic}: ${type}.`)
    },
  )

const withAdmin = async <Answer>(
  addresses: readonly string[],
  ask: (admin: Admin) => Promise<Answer>,
): Promise<Answer> => {
  const admin = clientOf(addresses).admin()
  await admin.connect()
  try {
    return await ask(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Acknowledged by every replica in sync when it resolves. */
export const send = async (
  producer: Producer,
  topic: string,
  values: readonly string[],
): Promise<void> => {
  await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) })
}

/** Values of a topic from its start, once there are so many of them; fails after `timeoutMs`. */
export const readTopic = async (
  kafka: Kafka,
  topic: string,
  options: { readonly count: number; readonly timeoutMs?: number },
): Promise<readonly string[]> => {
  const { count, timeoutMs = 60_000 } = options
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 200 })
  const values: string[] = []
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`Read ${topic} for ${timeoutMs} ms: ${values.length} of ${count} values.`))
      }, timeoutMs)
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
        values.push(`${message.value}`)
        if (values.length < count) return
        clearTimeout(late)
        resolve()
      }
      consumer.run({ eachMessage }).catch(reject)
    })
    return values
  } finally {
    await consumer.disconnect()
  }
}
