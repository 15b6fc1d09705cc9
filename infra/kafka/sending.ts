/** Messages on their way, as the client library takes them, and where they came to lie. */
import type { ProducerBatch, RecordMetadata, Message as Written } from 'kafkajs'
import type { Outgoing, Placed } from './kafka.ts'
import { KafkaError } from './kafka-error.ts'
import type { Names } from './topic-names.ts'
import { type ValueFormat, written } from './wire.ts'

/** One message, encoded. */
export type Parcel = {
  /** The topic's name on the broker. */
  readonly topic: string
  readonly partition: number
  readonly message: Written & { readonly partition: number }
  readonly bytes: number
}

/** What a record takes besides its key, value and headers; the batch around it included. */
const recordOverheadBytes = 100

export type Packing = {
  readonly names: Names
  readonly format: ValueFormat
  readonly nextId: () => string
  /** The largest batch that the broker takes: of one partition, what one request may hold. */
  readonly messageBytesMax: number
}

/**
 * @throws {KafkaError} `refused` when a message is larger than the broker takes.
 * @throws {EncodeError} when a message is not what its type says: a fault of ours.
 */
export const parcelOf = (outgoing: Outgoing, packing: Packing): Parcel => {
  const { names, format, nextId, messageBytesMax } = packing
  const message = written(outgoing, nextId(), format)
  const topic = names.topic(outgoing.topic)
  const bytes = sizeOf(message)
  if (bytes > messageBytesMax) {
    const what = `A message of ${bytes} bytes for ${topic}/${outgoing.partition}`
    throw new KafkaError(
      'refused',
      `${what} is over the limit of ${messageBytesMax}. It is not sent.`,
    )
  }
  return { topic, partition: outgoing.partition, message, bytes }
}

const sizeOf = ({ key, value, headers }: Written): number => {
  let bytes = recordOverheadBytes + (value?.length ?? 0) + (key?.length ?? 0)
  for (const [name, header] of Object.entries(headers ?? {}))
    bytes += name.length + (header?.length ?? 0)
  return bytes
}

/** Grouped by topic; the order within each partition is kept. */
export const topicMessagesOf = (
  parcels: readonly Parcel[],
): NonNullable<ProducerBatch['topicMessages']> => {
  const byTopic = new Map<string, Written[]>()
  for (const { topic, message } of parcels) {
    const messages = byTopic.get(topic)
    if (messages === undefined) byTopic.set(topic, [message])
    else messages.push(message)
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }))
}

/**
 * Where each parcel lies, in the order given. The client library reports the send of a partition that
 * moved to another broker meanwhile as done, though it has sent nothing: what nobody answered for was
 * not sent.
 * @throws {KafkaError} `unavailable` when not every partition has been answered for exactly once.
 */
export const placesOf = (
  parcels: readonly Parcel[],
  answers: readonly RecordMetadata[],
): readonly Placed[] => {
  const next = new Map<string, number>()
  for (const { topicName, partition, baseOffset, errorCode } of answers) {
    const key = `${topicName}/${partition}`
    if (errorCode !== 0 || baseOffset === undefined || next.has(key))
      throw unplaced(key, parcels.length)
    next.set(key, Number(baseOffset))
  }
  return parcels.map(({ topic, partition }) => {
    const offset = next.get(`${topic}/${partition}`)
    if (offset === undefined || offset < 0) throw unplaced(`${topic}/${partition}`, parcels.length)
    next.set(`${topic}/${partition}`, offset + 1)
    return { partition, offset }
  })
}

const unplaced = (partition: string, count: number): KafkaError =>
  new KafkaError(
    'unavailable',
    `Publishing ${count} messages: the broker did not say where those of ${partition} lie. Any of them may be there, or come to be there.`,
  )

/** One request, all partitions together. */
const requestBytesMax = 16 * 1024 * 1024

/**
 * How many, from the first, make up one request. The messages of one partition travel as one batch, whose
 * size the broker limits to `messageBytesMax`.
 */
export const countTogether = (parcels: readonly Parcel[], messageBytesMax: number): number => {
  const ofPartition = new Map<string, number>()
  let bytes = 0
  for (const [index, parcel] of parcels.entries()) {
    const key = `${parcel.topic}/${parcel.partition}`
    const sum = (ofPartition.get(key) ?? 0) + parcel.bytes
    bytes += parcel.bytes
    if (index > 0 && (sum > messageBytesMax || bytes > requestBytesMax)) return index
    ofPartition.set(key, sum)
  }
  return parcels.length
}
