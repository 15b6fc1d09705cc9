/**
 * A message as Kafka carries it. The value is Avro (single-object encoding, or the Confluent wire format
 * where a schema registry is configured); in `records` it is the OTLP payload as it came, and its batch
 * stands in a header.
 *
 * | header           | on        | holds                                                         |
 * | ---------------- | --------- | ------------------------------------------------------------- |
 * | `message-id`     | all       | unique                                                        |
 * | `causation-id`   | answers   | the `message-id` of the message that led to this one          |
 * | `traceparent`    | traced    | W3C trace context                                             |
 * | `holdfast-batch` | `records` | fingerprint of the schema (8 bytes, little endian), the batch |
 */
import type { IHeaders, KafkaMessage, Message as Written } from 'kafkajs'
import {
  type DecodeFailure,
  decode,
  decodeValue,
  encode,
  encodeValue,
  fingerprintOf,
  isDecodeFailure,
} from '../../schemas/codec.ts'
import type { Message, MessageType } from '../../schemas/messages.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'
import type { Arrived, Outgoing } from './kafka.ts'

export const messageIdHeader = 'message-id'
export const causationHeader = 'causation-id'
export const traceparentHeader = 'traceparent'
export const batchHeader = 'holdfast-batch'

/** The value of a message, apart from `records`: how it is written, and whatever of it can be read. */
export type ValueFormat = {
  readonly encode: (topic: TopicName, message: Message) => Buffer
  readonly decode: (bytes: Buffer) => Message | DecodeFailure
  /** Finds out, before they are decoded, what is needed to. Rejects only when it may work later. */
  readonly prepare: (values: readonly (Buffer | null)[]) => Promise<void>
}

export const singleObject: ValueFormat = {
  encode: (_, message) => encode(message),
  decode,
  prepare: () => Promise.resolve(),
}

/** Bytes in a topic that are no message of it. */
export type Unreadable = {
  readonly kind: 'unreadable'
  readonly why: DecodeFailure['why'] | 'no_value' | 'no_batch' | 'unexpected_message'
  readonly detail: string
}

export const isUnreadable = (read: Arrived | Unreadable): read is Unreadable => 'kind' in read

/** @throws {EncodeError} when a message is not what its type says: a fault of ours. */
export const written = (
  outgoing: Outgoing,
  id: string,
  format: ValueFormat,
): Written & { readonly value: Buffer; readonly partition: number } => {
  const headers: IHeaders = { [messageIdHeader]: id }
  if (outgoing.causation !== undefined) headers[causationHeader] = outgoing.causation
  if (outgoing.traceparent !== undefined) headers[traceparentHeader] = outgoing.traceparent
  const { partition, key = null } = outgoing
  if (outgoing.topic !== 'records')
    return { partition, key, headers, value: format.encode(outgoing.topic, outgoing.message) }
  headers[batchHeader] = Buffer.concat([batchMark, encodeValue('Batch', outgoing.batch)])
  return { partition, key, headers, value: joined(outgoing.payload) }
}

const fingerprintBytes = 8
const batchMark = Buffer.alloc(fingerprintBytes)
batchMark.writeBigUInt64LE(fingerprintOf('Batch'))

const joined = (pieces: readonly Uint8Array[]): Buffer => {
  const [first] = pieces
  if (first === undefined || pieces.length > 1) return Buffer.concat(pieces)
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength)
}

export const readFrom = (
  source: { readonly topic: TopicName; readonly partition: number; readonly message: KafkaMessage },
  format: ValueFormat,
): Arrived | Unreadable => {
  const { topic, partition, message } = source
  const headers = message.headers ?? {}
  const common = {
    partition,
    offset: Number(message.offset),
    atMs: Number(message.timestamp),
    id: textIn(headers, messageIdHeader) ?? '',
    causation: textIn(headers, causationHeader),
    traceparent: textIn(headers, traceparentHeader),
  }
  if (message.value === null) return unreadable('no_value', 'the message has no value')
  if (topic === 'records') {
    const batch = batchIn(headers)
    return 'kind' in batch ? batch : { ...common, topic, batch, payload: message.value }
  }
  const read = format.decode(message.value)
  if (isDecodeFailure(read)) return unreadable(read.why, read.detail)
  const carries: readonly MessageType[] = topics[topic].carries
  if (!carries.includes(read.type))
    return unreadable('unexpected_message', `"${read.type}" does not belong into ${topic}`)
  return { ...common, topic, message: read }
}

const unreadable = (why: Unreadable['why'], detail: string): Unreadable => ({
  kind: 'unreadable',
  why,
  detail,
})

const batchIn = (headers: IHeaders) => {
  const header = bytesIn(headers, batchHeader)
  if (header === null || header.length < fingerprintBytes)
    return unreadable('no_batch', `the header "${batchHeader}" is not there`)
  const body = header.subarray(fingerprintBytes)
  const batch = decodeValue('Batch', body, header.readBigUInt64LE())
  return isDecodeFailure(batch) ? unreadable(batch.why, batch.detail) : batch
}

const bytesIn = (headers: IHeaders, name: string): Buffer | null => {
  const header = headers[name]
  const value = Array.isArray(header) ? header[0] : header
  if (value === undefined) return null
  return typeof value === 'string' ? Buffer.from(value) : value
}
const textIn = (headers: IHeaders, name: string): string | null =>
  bytesIn(headers, name)?.toString() ?? null
