/** Clients of Kafka as tests need them: impatient, and silent about what they try again. */
import { randomUUID } from 'node:crypto'
import { Kafka, type KafkaConfig, logLevel, type Producer } from 'kafkajs'
import { mendIdleTimer } from '../../infra/kafka/idle-timer.ts'

export const clientOf = (
  brokers: readonly string[],
  options: Omit<KafkaConfig, 'brokers'> = {},
): Kafka => {
  mendIdleTimer()
  return new Kafka({
    clientId: 'test',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5000,
    requestTimeout: 15_000,
    retry: { retries: 12, initialRetryTime: 100, maxRetryTime: 1000 },
    ...options,
    brokers: [...brokers],
  })
}

export const makeTopic = async (
  kafka: Kafka,
  topic: string,
  options: { readonly partitions?: number; readonly replicas?: number } = {},
): Promise<void> => {
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic,
          numPartitions: options.partitions ?? 1,
          replicationFactor: options.replicas ?? 1,
        },
      ],
    })
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
