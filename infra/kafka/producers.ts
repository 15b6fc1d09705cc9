import type { Kafka as Client, CompressionTypes, ProducerConfig } from 'kafkajs'
import type { Log } from '../telemetry/log.ts'
import { openPublisher, type Publisher } from './publisher.ts'
import type { Names } from './topic-names.ts'
import { type ParcelTransactions, takeOverTransactions } from './transactions.ts'

export type Producers = {
  readonly publisher: Publisher
  readonly takeOver: (transactionalId: string) => Promise<ParcelTransactions>
}

/**
 * A transaction that follows another closely finds it not quite done, and is to come again: soon. All in
 * all some six seconds.
 */
const retry = { retries: 10, initialRetryTime: 10, maxRetryTime: 1000 } as const
/** How long the broker keeps a transaction of a process that is gone: so long its readers may wait. */
const transactionMsMax = 15_000

/** Idempotent, `acks=all`, each message into the partition that it names. */
export const openProducers = (options: {
  readonly client: Client
  readonly names: Names
  readonly compression: CompressionTypes
  readonly messageBytesMax: number
  readonly sendMsMax: number
  readonly alive: () => void
  readonly log: Log
}): Producers => {
  const { client, names, compression } = options
  const config: ProducerConfig = {
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
    retry: { ...retry },
  }
  const sent = { acks: -1, compression, timeout: options.sendMsMax } as const
  return {
    publisher: openPublisher({
      ...options,
      openProducer: () => client.producer(config),
      send: (producer, topicMessages) => producer.sendBatch({ ...sent, topicMessages }),
    }),
    takeOver: (id) =>
      takeOverTransactions({
        ...options,
        id: names.transactional(id),
        openProducer: () =>
          client.producer({
            ...config,
            transactionalId: names.transactional(id),
            transactionTimeout: transactionMsMax,
          }),
        send: (transaction, topicMessages) => transaction.sendBatch({ ...sent, topicMessages }),
      }),
  }
}
