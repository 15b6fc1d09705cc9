/** What a fetch has brought, decoded; what cannot be is buried first. */
import type { TopicName } from '../../schemas/topics.ts'
import type { Batch } from './consumer-life.ts'
import type { DeadLetters, Letter } from './dead-letters.ts'
import type { Arrived } from './kafka.ts'
import { strayIn } from './strays.ts'
import { isUnreadable, readFrom, type ValueFormat } from './wire.ts'

/** @throws {KafkaError} when something has to be found out, or buried, and could not be: read again. */
export const arrivedIn = async (
  topic: TopicName,
  { partition, messages }: Pick<Batch, 'partition' | 'messages'>,
  given: {
    readonly format: ValueFormat
    readonly deadLetters: DeadLetters
    readonly shards: number
  },
): Promise<readonly Arrived[]> => {
  if (topic !== 'records') await given.format.prepare(messages.map(({ value }) => value))
  const arrived: Arrived[] = []
  const letters: Letter[] = []
  for (const message of messages) {
    const read = readFrom({ topic, partition, message }, given.format)
    const unreadable = isUnreadable(read) ? read : strayIn(read, given.shards)
    if (!isUnreadable(read) && unreadable === undefined) arrived.push(read)
    if (unreadable === undefined) continue
    const { offset, value } = message
    letters.push({ ...unreadable, topic, partition, offset: Number(offset), value })
  }
  if (letters.length > 0) await given.deadLetters.bury(letters)
  return arrived
}
