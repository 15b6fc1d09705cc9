import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cut, divide } from '../../../../infra/otlp/cut.ts'
import { countRecords } from '../../../../infra/otlp/split.ts'
import { decodeRequest, encode, encodeRequest, exportRequests, flatten } from './oracle.ts'

test('a cut has exactly the records asked for, with what stood around each', () => {
  fc.assert(
    fc.property(exportRequests, fc.nat(), fc.nat(), (request, one, other) => {
      const body = encodeRequest(request)
      const whole = flatten(decodeRequest(body))
      fc.pre(whole.length > 0)
      const [firstIndex = 0, lastIndex = 0] = [one % whole.length, other % whole.length].sort(
        (a, b) => a - b,
      )
      const payload = cut(body, { firstIndex, lastIndex })
      assert.deepEqual(flatten(decodeRequest(payload)), whole.slice(firstIndex, lastIndex + 1))
      assert.equal(countRecords(payload), lastIndex - firstIndex + 1)
    }),
    { numRuns: 300 },
  )
})

test('a record is cut out byte for byte, however its client encoded it', () => {
  // A length in two bytes instead of one, an unknown field, and fields out of order.
  const record = Buffer.from([
    0x12, 0x8a, 0x00, 0xf8, 0x3f, 0x07, 0x1a, 0x01, 0x61, 0x10, 0x09, 0x10, 0x0a,
  ])
  const content = Buffer.concat([record, record, encode('LogRecord', {}), record])
  const scope = Buffer.concat([Buffer.from([0x12, content.length]), content])
  const body = Buffer.concat([Buffer.from([0x0a, scope.length]), scope])
  const payload = cut(body, { firstIndex: 1, lastIndex: 1 })
  assert.deepEqual(payload, Buffer.concat([Buffer.from([0x0a, 15, 0x12, 13]), record]))
})

test('a cut outside of the payload is a mistake of the caller', () => {
  const body = encodeRequest({ resourceLogs: [{ scopeLogs: [{ logRecords: [{}, {}] }] }] })
  for (const [firstIndex, lastIndex] of [
    [0, 2],
    [-1, 0],
    [1, 0],
    [2, 2],
  ] as const)
    assert.throws(() => cut(body, { firstIndex, lastIndex }), RangeError)
})

test('division keeps every record in order and every piece within its limits', () => {
  const limits = fc.record({
    recordsMax: fc.integer({ min: 1, max: 8 }),
    bytesMax: fc.integer({ min: 1, max: 2_000 }),
  })
  const payloads = fc.array(exportRequests.map(encodeRequest), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(payloads, limits, (payload, { recordsMax, bytesMax }) => {
      const whole = flatten(decodeRequest(Buffer.concat(payload)))
      const pieces = divide(payload, { recordsMax, bytesMax })
      const flat = pieces.map((piece) => flatten(decodeRequest(piece)))
      assert.deepEqual(flat.flat(), whole)
      for (const [index, records] of flat.entries()) {
        assert.ok(records.length >= 1 && records.length <= recordsMax)
        const bytes = pieces[index]?.length ?? 0
        const [entry] = records
        const around = encodeRequest({
          resourceLogs: [{ ...entry?.resource, scopeLogs: [{ ...entry?.scope }] }],
        })
        const allowed = Math.max(bytesMax, ...records.map(() => 2 * (around.length + 12)))
        assert.ok(records.length === 1 || new Set(records).size > 1)
        if (records.length > 1 && new Set(records.map(({ scope }) => scope)).size === 1)
          assert.ok(bytes <= allowed, `${bytes} bytes where ${allowed} are allowed`)
      }
    }),
    { numRuns: 300 },
  )
})

test('many small records are divided in one pass', () => {
  const logRecords = Array.from({ length: 100_000 }, () => ({}))
  const body = encodeRequest({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
  const pieces = divide([body], { recordsMax: 10, bytesMax: 1_000_000 })
  assert.equal(pieces.length, 10_000)
})
