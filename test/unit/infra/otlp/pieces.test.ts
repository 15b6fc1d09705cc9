import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seenAsOne, slicesOf } from '../../../../infra/otlp/pieces.ts'
import { type Split, split, splitPieces } from '../../../../infra/otlp/split.ts'
import { encodeRequest } from './oracle.ts'

const tenancy = { named: undefined, resourceAttribute: 'tenant.id', defaultTenant: 'default' }

const service = (name: string, records: number) => ({
  resource: { attributes: [{ key: 'service.name', value: { stringValue: name } }] },
  scopeLogs: [
    { logRecords: Array.from({ length: records }, (_, n) => ({ body: { stringValue: `${n}` } })) },
  ],
})
const body = encodeRequest({
  resourceLogs: [service('a', 3), service('b', 2), service('a', 1), service('b', 4)],
})

const cutAt = (bytes: Buffer, every: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / every) }, (_, index) =>
    // A copy of its own, so that nothing can be read from behind its end.
    Buffer.from(bytes.subarray(index * every, (index + 1) * every)),
  )

const joined = (result: Split) =>
  result.kind === 'split'
    ? result.parts.map((part) => ({ ...part, payload: Buffer.concat(part.payload) }))
    : result

test('wherever a body breaks into pieces, it splits into the same parts', () => {
  const bytes = Buffer.from(body)
  const whole = joined(split(bytes, tenancy))
  for (let every = 1; every <= bytes.length; every += 1) {
    assert.deepEqual(joined(splitPieces(cutAt(bytes, every), tenancy)), whole)
  }
})

test('wherever a body breaks into pieces, what is wrong with it is told at the same place', () => {
  const bytes = Buffer.concat([body, Buffer.from([0x0a, 0x7f, 0x01])])
  const whole = split(bytes, tenancy)
  assert.equal(whole.kind, 'malformed')
  for (let every = 1; every <= bytes.length; every += 7) {
    assert.deepEqual(splitPieces(cutAt(bytes, every), tenancy), whole)
  }
})

test('the parts of one body stay as they are when the next one is split', () => {
  const first = splitPieces(cutAt(Buffer.from(body), 64), tenancy)
  const before = joined(first)
  const other = Buffer.from(encodeRequest({ resourceLogs: [service('other', 20)] }))
  assert.equal(splitPieces(cutAt(other, 64), tenancy).kind, 'split')
  assert.deepEqual(joined(first), before)
})

test('bytes without a piece are none, and a slice beyond the pieces is refused', () => {
  assert.equal(
    seenAsOne([], (bytes) => bytes.length),
    0,
  )
  assert.deepEqual(slicesOf([], []), [])
  assert.throws(() => slicesOf([Buffer.from('ab')], [1, 3]), RangeError)
})

test('a body larger than the memory that is used again is seen as one, too', () => {
  const large = Buffer.alloc(5 * 1024 * 1024, 'holdfast ')
  seenAsOne(cutAt(large, 65_536), (bytes) => assert.ok(bytes.equals(large)))
})
