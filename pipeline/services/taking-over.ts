/** Takes over an id, and only then reads what its former owners have written under it. */
import type { Kafka, Transactions } from '../../infra/kafka/kafka.ts'
import type { Message } from '../../schemas/messages.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { ServiceNeeds } from './service.ts'

/**
 * Resolves when `read` was called with all that a topic holds: no former owner adds to it any more.
 * @throws {KafkaError}
 */
export const takeOverReading = async (
  {
    kafka,
    service,
    world: { clock },
  }: Pick<ServiceNeeds, 'service' | 'world'> & {
    readonly kafka: Pick<Kafka, 'takeOver' | 'follow'>
  },
  {
    id,
    topic,
    read,
  }: {
    readonly id: string
    readonly topic: Exclude<TopicName, 'records'>
    readonly read: (message: Message) => void
  },
): Promise<Transactions> => {
  const transactions = await kafka.takeOver(id)
  const marker = `${service}/${id}/${clock.now()}`
  const message: Message = { type: 'marker.placed', by: marker }
  const done = Promise.withResolvers<void>()
  await transactions.publish([{ topic, partition: 0, key: `marker/${id}`, message }])
  const { close } = await kafka.follow({
    topics: [topic],
    from: 'earliest',
    received: async (arrived) => {
      for (const it of arrived) {
        if (it.topic === 'records') continue
        read(it.message)
        if (it.message.type === 'marker.placed' && it.message.by === marker) done.resolve()
      }
    },
    failed: done.reject,
  })
  try {
    await done.promise
  } finally {
    await close()
  }
  return transactions
}
