/**
 * Messages as bytes, in Avro's single-object encoding: C3 01, the fingerprint of the writer's schema
 * (CRC-64-AVRO of its parsing canonical form, 8 bytes, little endian), the body. What a former release
 * wrote is read as today's message, by Avro's schema resolution.
 * @see Apache Avro 1.12 specification, "Single-object encoding"
 */
import type { Type } from 'avsc'
import { definitions, formerVersions } from './avro.ts'
import { fingerprintOfType, typesOf } from './avro-types.ts'
import { byName, type Definition } from './definition.ts'
import { type Fits, fitsOf, type Misfit } from './extent.ts'
import { inexactLongOf } from './long-guard.ts'
import type { Message, Values } from './messages.ts'

/** Bytes that are no message. Nothing was guessed; the bytes are as they were. */
export type DecodeFailure = {
  readonly type: 'decode.failed'
  readonly why: 'not_single_object' | 'unknown_schema' | Misfit['why']
  /** A sentence for people. */
  readonly detail: string
}

export type Codec = {
  /** @throws {EncodeError} when the message is not what its type says: a fault of ours. */
  readonly encode: (message: Message) => Buffer
  readonly decode: (bytes: Uint8Array) => Message | DecodeFailure
  /**
   * The plain binary encoding, without marker and fingerprint: whoever stores it says elsewhere, with
   * `fingerprintOf`, which schema wrote it.
   * @throws {EncodeError} when the value is not what its type says: a fault of ours.
   */
  readonly encodeValue: <Name extends keyof Values>(name: Name, value: Values[Name]) => Buffer
  /** @param writer the fingerprint of the schema that wrote the bytes; by default today's. */
  readonly decodeValue: <Name extends keyof Values>(
    name: Name,
    bytes: Uint8Array,
    writer?: bigint,
  ) => Values[Name] | DecodeFailure
  readonly fingerprintOf: (name: keyof Values) => bigint
}

export class EncodeError extends Error {
  override readonly name = 'EncodeError'

  constructor(what: string, cause: unknown) {
    const seen = cause instanceof Error ? cause.message : String(cause)
    super(`Encoding ${what} failed: ${seen}. Nothing was written.`, { cause })
  }
}

export const isDecodeFailure = (decoded: object): decoded is DecodeFailure =>
  'type' in decoded && decoded.type === 'decode.failed'

/** How one version of one schema is read, as today's type. */
type Reader = {
  readonly fits: Fits
  readonly read: (body: Buffer) => object
  /** Set when the record is a message. */
  readonly event: string | undefined
}
type Writer = {
  readonly type: Type
  /** @throws {RangeError} when the value holds a long that would be written as another one. */
  readonly guard: (value: unknown) => void
  readonly header: Buffer
  readonly readers: Map<bigint, Reader>
}

const marker = [0xc3, 0x01] as const
const headerBytes = 10
const scratchBytesInitial = 64 * 1024
const scratchBytesMax = 1024 * 1024

/** @param schemas today's definitions in order, and versions of them that were written formerly. */
export const openCodec = (schemas: {
  readonly definitions: readonly Definition[]
  readonly formerVersions: readonly Definition[]
}): Codec => {
  const { writers, messageReaders, names } = compiled(schemas)
  let scratch = Buffer.allocUnsafe(scratchBytesInitial)

  const write = ({ type, guard }: Writer, value: unknown, offset: number): Buffer => {
    guard(value)
    const end = type.encode(value, scratch, offset)
    if (end >= 0) return scratch.subarray(0, end)
    // avsc answers the bytes that are missing, as a negative number.
    const larger = Buffer.allocUnsafe(scratch.length - end)
    if (larger.length <= scratchBytesMax) scratch = larger
    return larger.subarray(0, type.encode(value, larger, offset))
  }
  const writerOf = (name: string): Writer => {
    const writer = writers.get(name)
    if (writer === undefined) throw new EncodeError(`"${name}"`, 'no schema has this name')
    return writer
  }

  return {
    encode: (message) => {
      const writer = writerOf(names.get(message.type) ?? message.type)
      try {
        const written = Buffer.from(write(writer, message, headerBytes))
        writer.header.copy(written)
        return written
      } catch (cause) {
        throw new EncodeError(`a message "${message.type}"`, cause)
      }
    },
    decode: (bytes) => {
      const buffer = asBuffer(bytes)
      if (marker.some((byte, index) => (buffer[index] ?? byte) !== byte))
        return failure('not_single_object', 'the bytes do not begin with C3 01')
      if (buffer.length < headerBytes)
        return failure('truncated', `${buffer.length} bytes hold no marker and fingerprint`)
      const fingerprint = buffer.readBigUInt64LE(marker.length)
      const reader = messageReaders.get(fingerprint)
      if (reader === undefined) return unknownSchema(fingerprint)
      const body = read(reader, buffer, headerBytes)
      if (isDecodeFailure(body)) return body
      return { type: reader.event, ...body } as Message
    },
    encodeValue: (name, value) => {
      const writer = writerOf(name)
      try {
        return Buffer.from(write(writer, value, 0))
      } catch (cause) {
        throw new EncodeError(`a value "${name}"`, cause)
      }
    },
    decodeValue: <Name extends keyof Values>(
      name: Name,
      bytes: Uint8Array,
      fingerprint?: bigint,
    ) => {
      const { header, readers } = writerOf(name)
      const writer = fingerprint ?? header.readBigUInt64LE(marker.length)
      const reader = readers.get(writer)
      if (reader === undefined) return unknownSchema(writer)
      return read(reader, asBuffer(bytes), 0) as Values[Name] | DecodeFailure
    },
    fingerprintOf: (name) => writerOf(name).header.readBigUInt64LE(marker.length),
  }
}

const compiled = (schemas: {
  readonly definitions: readonly Definition[]
  readonly formerVersions: readonly Definition[]
}) => {
  const writers = new Map<string, Writer>()
  const messageReaders = new Map<bigint, Reader>()
  const names = new Map<string, string>()
  const events = new Map<string, string>()
  for (const [name, definition] of byName(schemas.definitions)) {
    if (definition.type !== 'record' || definition.event === undefined) continue
    names.set(definition.event, name)
    events.set(name, definition.event)
  }
  const add = (name: string, written: Type, reader: Reader): void => {
    const fingerprint = fingerprintOfType(written)
    writers.get(name)?.readers.set(fingerprint, reader)
    if (reader.event !== undefined) messageReaders.set(fingerprint, reader)
  }
  for (const [name, type] of typesOf(schemas.definitions)) {
    writers.set(name, { type, guard: guardOf(type), header: headerOf(type), readers: new Map() })
    const read = (body: Buffer): object => type.fromBuffer(body)
    add(name, type, { fits: fitsOf(type), read, event: events.get(name) })
  }
  for (const former of schemas.formerVersions) {
    const type = writers.get(former.name)?.type
    const written = typesOf([former]).get(former.name)
    if (type === undefined || written === undefined) continue
    if (fingerprintOfType(written) === fingerprintOfType(type)) continue
    const resolver = type.createResolver(written)
    const read = (body: Buffer): object => type.fromBuffer(body, resolver)
    add(former.name, written, { fits: fitsOf(written), read, event: events.get(former.name) })
  }
  return { writers, messageReaders, names }
}

const headerOf = (type: Type): Buffer => {
  const header = Buffer.from([...marker, 0, 0, 0, 0, 0, 0, 0, 0])
  header.writeBigUInt64LE(fingerprintOfType(type), marker.length)
  return header
}

const guardOf = (type: Type): Writer['guard'] => {
  const inexactLong = inexactLongOf(type)
  if (inexactLong === undefined) return () => undefined
  return (value) => {
    const long = inexactLong(value)
    if (long !== undefined) throw new RangeError(`the long ${long} is below -2^52`)
  }
}

const read = ({ fits, read: readBody }: Reader, bytes: Buffer, offset: number) => {
  const misfit = fits(bytes, offset)
  if (misfit !== undefined) return failure(misfit.why, misfit.detail)
  try {
    return readBody(bytes.subarray(offset))
  } catch (cause) {
    return failure('malformed', cause instanceof Error ? cause.message : String(cause))
  }
}

const failure = (why: DecodeFailure['why'], detail: string): DecodeFailure => ({
  type: 'decode.failed',
  why,
  detail,
})
const unknownSchema = (fingerprint: bigint): DecodeFailure =>
  failure(
    'unknown_schema',
    `no release known here wrote the schema ${fingerprint.toString(16).padStart(16, '0')}`,
  )

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const { encode, decode, encodeValue, decodeValue, fingerprintOf } = openCodec({
  definitions,
  formerVersions,
})
