import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchId, epoch, instant, seq } from '../../../schemas/brand.ts'
import {
  decode,
  decodeValue,
  EncodeError,
  encode,
  encodeValue,
  fingerprintOf,
  isDecodeFailure,
} from '../../../schemas/codec.ts'
import type { Batch, Message } from '../../../schemas/messages.ts'

const coordinates = {
  producer: 'edge-1.7f3a',
  tenant: 'acme',
  service: 'auth',
  firstSeq: seq(0),
  lastSeq: seq(99),
}
const batch: Batch = {
  id: batchId(coordinates),
  ...coordinates,
  bytes: 51_200,
  priority: 'high',
  fromMs: instant(1_725_000_000_000),
  toMs: instant(1_725_000_060_000),
  acceptedAtMs: instant(1_725_000_060_500),
}
const leased: Message = {
  type: 'batches.leased',
  lease: 7,
  held: [{ batch, at: { segment: 3, offset: 4096 } }],
  untilMs: instant(1_725_000_090_000),
}
const redirected: Message = {
  type: 'redirect.reported',
  sendId: 's-1',
  epoch: epoch(4),
  status: 307,
  location: null,
}
const done = (appendId: number): Message => ({ type: 'append.done', appendId })
const whyOf = (bytes: Uint8Array): string => {
  const decoded = decode(bytes)
  return isDecodeFailure(decoded) ? decoded.why : decoded.type
}
/** An append.done whose body is these bytes. */
const withBody = (...body: number[]): Buffer =>
  Buffer.concat([encode(done(0)).subarray(0, 10), Buffer.from(body)])

test('a message comes back as it was, as plain objects', () => {
  for (const message of [leased, redirected, done(0)]) {
    assert.deepEqual(decode(encode(message)), message)
  }
})

test('an encoded message is its own: encoding another does not change it', () => {
  const first = encode(done(1))
  encode(done(2))
  assert.deepEqual(decode(first), done(1))
})

test('a message larger than the buffer that is kept for encoding comes back as it was', () => {
  const detail = 'x'.repeat(3 * 1024 * 1024)
  const message: Message = { type: 'attempt.reported', epoch: epoch(1), healthy: false, detail }
  assert.deepEqual(decode(encode(message)), message)
  assert.deepEqual(decode(encode(leased)), leased)
})

test('a message can be decoded from a view into a larger buffer', () => {
  const padded = Buffer.concat([Buffer.alloc(5), encode(leased), Buffer.alloc(5)])
  const view = new Uint8Array(padded.buffer, padded.byteOffset + 5, padded.length - 10)
  assert.deepEqual(decode(view), leased)
})

test('a value comes back as it was', () => {
  assert.deepEqual(decodeValue('Batch', encodeValue('Batch', batch)), batch)
})

test('a value by an unknown writer is a failure, not a guess', () => {
  const decoded = decodeValue('Batch', encodeValue('Batch', batch), 1n)
  assert.ok(isDecodeFailure(decoded))
  assert.equal(decoded.why, 'unknown_schema')
  assert.deepEqual(decodeValue('Batch', encodeValue('Batch', batch), fingerprintOf('Batch')), batch)
})

test('bytes without the marker are no message', () => {
  assert.equal(whyOf(Buffer.from('{"type":"append.done"}')), 'not_single_object')
  assert.equal(whyOf(Buffer.from([0xc3, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0])), 'not_single_object')
})

test('a fingerprint that no release had is an unknown schema, and is named', () => {
  const bytes = encode(done(1))
  bytes.writeBigUInt64LE(0xabcdn, 2)
  const decoded = decode(bytes)
  assert.ok(isDecodeFailure(decoded))
  assert.equal(decoded.why, 'unknown_schema')
  assert.match(decoded.detail, /000000000000abcd/)
})

test('a message cut short anywhere is truncated', () => {
  const bytes = encode(leased)
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(whyOf(bytes.subarray(0, length)), 'truncated', `${length} bytes`)
  }
})

test('bytes after the message are trailing bytes', () => {
  assert.equal(whyOf(Buffer.concat([encode(leased), Buffer.from([0])])), 'trailing_bytes')
})

test('an array that claims more items than there are bytes is truncated, at once', () => {
  const header = encode(leased).subarray(0, 10)
  const lease = Buffer.from([2])
  const itemsClaimed = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])
  assert.equal(whyOf(Buffer.concat([header, lease, itemsClaimed])), 'truncated')
})

test('text that is no UTF-8, and a boolean that is neither 0 nor 1, are malformed', () => {
  const message: Message = { type: 'attempt.reported', epoch: epoch(1), healthy: true, detail: 'é' }
  const bytes = encode(message)
  const boolean = Buffer.from(bytes)
  boolean[11] = 7
  assert.equal(whyOf(boolean), 'malformed')
  const text = Buffer.from(bytes)
  text[bytes.length - 1] = 0x20
  assert.equal(whyOf(text), 'malformed')
})

test('an enum symbol or a union branch that does not exist is malformed', () => {
  const priority = encodeValue('Batch', batch)
  const at = priority.length - 3 * 6 - 1
  assert.equal(priority[at], 0)
  priority[at] = 20
  const decoded = decodeValue('Batch', priority)
  assert.ok(isDecodeFailure(decoded))
  assert.equal(decoded.why, 'malformed')
  const union = encode(redirected)
  union[union.length - 1] = 4
  assert.equal(whyOf(union), 'malformed')
})

test('longs come back exactly between -2^52 and 2^53 - 2', () => {
  for (const appendId of [0, -1, 2 ** 31, 2 ** 53 - 2, -(2 ** 52)])
    assert.deepEqual(decode(encode(done(appendId))), done(appendId))
})

test('a long that a number does not hold exactly is refused by the encoder', () => {
  for (const appendId of [2 ** 53, 2 ** 53 - 1, -(2 ** 52) - 1, -(2 ** 53), 1.5, Number.NaN])
    assert.throws(() => encode(done(appendId)), EncodeError, String(appendId))
  const drop = { at: { segment: -(2 ** 53) + 2, offset: 0 }, delivered: 0, dropped: 0 }
  const mark = { ...drop, producer: '', tenant: '', service: '', firstSeq: 0 }
  const marks: Message = { type: 'marks.recorded', marks: [mark], drops: [] }
  assert.throws(() => encode(marks), /marks\.recorded.*below -2\^52.*Nothing was written/)
})

test('a long that a number does not hold exactly is refused by the decoder', () => {
  const most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
  assert.equal(whyOf(withBody(...most, 0x01)), 'malformed')
  assert.equal(whyOf(withBody(...most, 0xff, 0x01)), 'malformed')
  const below = Buffer.from([0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10])
  assert.equal(whyOf(withBody(...below)), 'malformed')
})

test('a message with a field of a wrong type is not encoded', () => {
  assert.throws(
    () => encode({ type: 'append.done', appendId: '7' } as never),
    /append\.done.*Nothing was written/,
  )
  assert.throws(() => encode({ type: 'no.such' } as never), /no\.such.*no schema has this name/)
})

test('whatever one byte is changed to, decoding answers, and what it takes it writes again', () => {
  const bytes = encode(leased)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(bytes)
      changed[at] = byte
      const decoded = decode(changed)
      if (!isDecodeFailure(decoded)) assert.deepEqual(decode(encode(decoded)), decoded)
    }),
    { numRuns: 5_000 },
  )
})

test('random bytes behind a good header are answered too', () => {
  const header = encode(leased).subarray(0, 10)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      assert.equal(typeof whyOf(Buffer.concat([header, body])), 'string')
    }),
    { numRuns: 5_000 },
  )
})
