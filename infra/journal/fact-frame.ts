/**
 * Facts as the payload of a frame. What is committed together is one frame, for two reasons: it is
 * kept or lost as one, and only the last frame of a file can be unfinished, since none is written
 * before the one in front of it is on stable storage. So a damaged frame with another behind it is
 * damage.
 *
 *     payload { fact … }
 *     fact    { bytes u32 little endian, Avro single-object encoding }
 */

import { decode, encode, isDecodeFailure } from '../../schemas/codec.ts'
import type { Messages, MessageType } from '../../schemas/messages.ts'
import { frameBytesOf } from '../disk/frame.ts'
import type { Fact } from './journal.ts'

const lengthBytes = 4

/**
 * Facts as pieces, to be joined with those of others. @throws {EncodeError} when one is no fact.
 */
export const encodeFacts = (facts: readonly Fact[]): readonly Buffer[] =>
  facts.flatMap((fact) => {
    const body = encode(fact)
    const length = Buffer.alloc(lengthBytes)
    length.writeUInt32LE(body.length)
    return [length, body]
  })

/** `isForeign`: it is whole, and another release wrote it. */
export type FactFault = { readonly fault: string; readonly isForeign?: boolean }

/** The facts in a payload whose checksum is right, or what is wrong with them all the same. */
export const decodeFacts = (payload: Buffer): readonly Fact[] | FactFault => {
  const facts: Fact[] = []
  for (let at = 0; at < payload.length; ) {
    if (at + lengthBytes > payload.length) return { fault: 'a length is cut short' }
    const end = at + lengthBytes + payload.readUInt32LE(at)
    if (end > payload.length) return { fault: 'a fact is longer than its frame' }
    const fact = decode(payload.subarray(at + lengthBytes, end))
    if (isDecodeFailure(fact))
      return { fault: fact.detail, isForeign: fact.why === 'unknown_schema' }
    if (!isFact(fact)) return { fault: `"${fact.type}" is no fact of a journal` }
    facts.push(fact)
    at = end
  }
  return facts
}

/** Bytes that facts take in a file, the frame around them included. */
export const factFrameBytes = (pieces: readonly Buffer[]): number =>
  frameBytesOf({ headerBytes: 0, payloadBytes: bytesOf(pieces) })

export const bytesOf = (pieces: readonly Buffer[]): number =>
  pieces.reduce((sum, { length }) => sum + length, 0)

const factTypes: Readonly<Record<Fact['type'], true>> = {
  'marks.recorded': true,
  'segment.evicted': true,
  'segment.retired': true,
  'segment.lost': true,
  'segments.grown': true,
  'assignment.recorded': true,
  'actor.persisted': true,
  'ledger.checkpointed': true,
  'account.begun': true,
}

const isFact = (message: Messages[MessageType]): message is Fact =>
  Object.hasOwn(factTypes, message.type)
