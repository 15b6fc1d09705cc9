/**
 * Client libraries of Kafka, each used as its manual says, and as durably as Holdfast does; and the one that
 * Holdfast has, with the encoding that Holdfast gives it.
 */
import {
  type Message,
  Consumer as PlatformaticConsumer,
  Producer as PlatformaticProducer,
} from '@platformatic/kafka'
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { mendIdleTimer } from '../../infra/kafka/idle-timer.ts'
import { mendEncoding } from '../../infra/kafka/lean-encoding.ts'

export type PlainMessage = {
  readonly value: Buffer
  readonly header: Buffer
  readonly partition: number
}
type Place = { readonly brokers: readonly string[]; readonly topic: string }
type PlainClient = {
  /** Idempotent, acknowledged by all replicas in sync when it resolves; not compressed. */
  readonly producer: (at: Place) => Promise<(messages: readonly PlainMessage[]) => Promise<void>>
  /** Resolves once it reads. */
  readonly consumer: (at: Place, received: (bytes: number) => void) => Promise<void>
}

const headerName = 'holdfast-batch'
/** As the services read. */
const fetching = { bytesMax: 32 * 1024 * 1024, ofPartitionBytesMax: 17 * 1024 * 1024, waitMs: 100 }

const clientOf = ({ brokers }: Place): Kafka => {
  mendIdleTimer()
  return new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.ERROR })
}

const kafkajs: PlainClient = {
  producer: async (at) => {
    const producer = clientOf(at).producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    })
    await producer.connect()
    const sent = { topic: at.topic, acks: -1, compression: CompressionTypes.None }
    return async (messages) => {
      await producer.send({
        ...sent,
        messages: messages.map(({ value, header, partition }) => ({
          value,
          partition,
          headers: { [headerName]: header },
        })),
      })
    }
  },
  consumer: async (at, received) => {
    const consumer = clientOf(at).consumer({
      groupId: `${at.topic}-readers`,
      maxBytes: fetching.bytesMax,
      maxBytesPerPartition: fetching.ofPartitionBytesMax,
      maxWaitTimeInMs: fetching.waitMs,
    })
    await consumer.connect()
    await consumer.subscribe({ topic: at.topic, fromBeginning: true })
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.run({
      partitionsConsumedConcurrently: 16,
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) received(value?.length ?? 0)
      },
    })
    await joined
  },
}

const platformatic: PlainClient = {
  producer: async ({ brokers, topic }) => {
    const producer = new PlatformaticProducer({
      clientId: 'bench',
      bootstrapBrokers: [...brokers],
      idempotent: true,
      acks: -1,
      autocreateTopics: false,
    })
    return async (messages) => {
      await producer.send({
        messages: messages.map(({ value, header, partition }) => ({
          topic,
          value,
          partition,
          headers: new Map([[Buffer.from(headerName), header]]),
        })),
      })
    }
  },
  consumer: async ({ brokers, topic }, received) => {
    const consumer = new PlatformaticConsumer({
      clientId: 'bench',
      bootstrapBrokers: [...brokers],
      groupId: `${topic}-readers`,
      maxBytes: fetching.bytesMax,
      maxBytesPerPartition: fetching.ofPartitionBytesMax,
      maxWaitTime: fetching.waitMs,
      autocommit: 1_000,
    })
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
    stream.on('data', ({ value }: Message<Buffer, Buffer, Buffer, Buffer>) =>
      received(value?.length ?? 0),
    )
  },
}

const mendedKafkajs: PlainClient = {
  ...kafkajs,
  producer: (at) => {
    mendEncoding()
    return kafkajs.producer(at)
  },
}

export type Client = 'kafkajs' | 'kafkajs-mended' | 'platformatic'
export const clients: Readonly<Record<Client, PlainClient>> = {
  kafkajs,
  'kafkajs-mended': mendedKafkajs,
  platformatic,
}
