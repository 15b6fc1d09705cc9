/**
 * Confluent's wire format: 0, the id that a schema registry gave to the writer's schema (4 bytes, big
 * endian), the body. It is read by way of the single-object encoding, which has the schema's fingerprint
 * in the place of its id: so what former releases wrote is read, and what is no message of ours is not.
 * Each message is registered under `<topic>-<record>` (TopicRecordNameStrategy).
 * @see https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html
 */
import { type DecodeFailure, decode, EncodeError, encode } from '../../schemas/codec.ts'
import type { Message, MessageType } from '../../schemas/messages.ts'
import { fingerprintOfSchema, registeredSchema } from '../../schemas/registered.ts'
import { topicNames, topics } from '../../schemas/topics.ts'
import type { SchemaRegistry } from './schema-registry.ts'
import type { Names } from './topic-names.ts'
import type { ValueFormat } from './wire.ts'

const magic = 0
const idHeaderBytes = 5
const singleObjectHeaderBytes = 10
/** For so long an id that the registry does not know is not asked for again. */
const unknownMs = 30_000

/** Ids that are remembered, more or less: those that lead to a schema are as few as there are schemas. */
const idsMax = 10_000

/** The fingerprint by id; where the registry has no Avro schema of an id, since when we know. */
type ReadIds = Map<number, bigint | { readonly unknownSinceMs: number }>

const forgetUnknown = (ids: ReadIds): void => {
  for (const [id, known] of ids) if (typeof known !== 'bigint') ids.delete(id)
}

/** @throws {KafkaError} when a schema cannot be registered. */
export const openConfluentFormat = async (options: {
  readonly registry: SchemaRegistry
  readonly names: Names
  readonly now: () => number
}): Promise<ValueFormat> => {
  const { registry, names, now } = options
  const written = new Map<string, number>()
  const read: ReadIds = new Map()
  for (const topic of topicNames)
    for (const type of topics[topic].carries as readonly MessageType[]) {
      const schema = registeredSchema(type)
      const id = await registry.idOf(`${names.topic(topic)}-${schema.name}`, schema.text)
      written.set(`${topic} ${type}`, id)
      read.set(id, fingerprintOfSchema(schema.text) ?? { unknownSinceMs: now() })
    }

  return {
    encode: (topic, message) => {
      const id = written.get(`${topic} ${message.type}`)
      if (id === undefined)
        throw new EncodeError(`a message "${message.type}"`, `${topic} does not carry it`)
      const bytes = encode(message).subarray(singleObjectHeaderBytes - idHeaderBytes)
      bytes.writeUInt8(magic, 0)
      bytes.writeUInt32BE(id, 1)
      return bytes
    },
    decode: (bytes): Message | DecodeFailure => {
      if (bytes[0] !== magic || bytes.length < idHeaderBytes) return decode(bytes)
      const id = bytes.readUInt32BE(1)
      const fingerprint = read.get(id)
      if (typeof fingerprint !== 'bigint')
        return {
          type: 'decode.failed',
          why: 'unknown_schema',
          detail: `the schema registry has no Avro schema ${id}`,
        }
      const body = bytes.subarray(idHeaderBytes)
      const single = Buffer.allocUnsafe(singleObjectHeaderBytes + body.length)
      single.writeUInt16BE(0xc301)
      single.writeBigUInt64LE(fingerprint, 2)
      body.copy(single, singleObjectHeaderBytes)
      return decode(single)
    },
    prepare: async (values) => {
      const ids = new Set<number>()
      for (const value of values)
        if (value !== null && value[0] === magic && value.length >= idHeaderBytes)
          ids.add(value.readUInt32BE(1))
      for (const id of ids) {
        const known = read.get(id)
        if (typeof known === 'bigint') continue
        if (known !== undefined && now() - known.unknownSinceMs < unknownMs) continue
        const schema = await registry.schemaOf(id)
        const fingerprint = schema === null ? null : fingerprintOfSchema(schema)
        if (read.size >= idsMax) forgetUnknown(read)
        read.set(id, fingerprint ?? { unknownSinceMs: now() })
      }
    },
  }
}
