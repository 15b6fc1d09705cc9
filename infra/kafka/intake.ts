/** What a fetch has brought, decoded; what cannot be is buried first. */
import type { TopicName } from '../../schemas/topics.ts'
import type { Batch } from './consumer-life.ts'
import type { DeadLetters, Letter } from './dead-letters.ts'
import type { Arrived } from './kafka.ts'
import { isUnreadable, readFrom, type ValueFormat } from './wire.ts'

/** @throws {KafkaError} when something has to be found out, or buried, and could not be: read again. */
export const arrivedIn = async (
  topic: TopicName,
  { partition, messages }: Pick<Batch, 'partition' | 'messages'>,
  given: { readonly format: ValueFormat; readonly deadLetters: DeadLetters },
): Promise<readonly Arrived[]> => {
  if (topic !== 'records') await given.format.prepare(messages.map(({ value }) => value))
  const arrived: Arrived[] = []
  const letters: Letter[] = []
  for (const message of messages) {
    const read = readFrom({ topic, partition, message }, given.format)
    if (!isUnreadable(read)) arrived.push(read)
    else
      letters.push({
        ...read,
        topic,
        partition,
        offset: Number(message.offset),
        value: message.value,
      })
  }
  if (letters.length > 0) await given.deadLetters.bury(letters)
  return arrived
}
