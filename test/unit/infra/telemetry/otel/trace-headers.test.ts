import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  headersOf,
  placeIn,
  unrecordedHeaders,
} from '../../../../../infra/telemetry/otel/trace-headers.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const span = 'b7ad6b7169203331'

test('what a client says of its trace is read and goes out as it came', () => {
  const headers = { traceparent: `00-${trace}-${span}-01`, tracestate: 'congo=t61,rojo=00f0' }
  const place = placeIn(headers)
  assert.ok(place !== undefined)
  assert.deepEqual([place.traceId, place.spanId, place.traceFlags], [trace, span, 1])
  assert.deepEqual(headersOf(place), headers)
})

test('a later version is read as far as this one goes', () => {
  assert.equal(placeIn({ traceparent: `cc-${trace}-${span}-03-more` })?.traceFlags, 1)
})

test('what is no traceparent is none', () => {
  for (const traceparent of [
    undefined,
    '',
    [`00-${trace}-${span}-01`, `00-${trace}-${span}-01`],
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace}-${span}`,
    `00-${trace}-${span}-0x`,
    'x'.repeat(100_000),
  ])
    assert.equal(placeIn({ traceparent }), undefined, String(traceparent).slice(0, 80))
})

test('headers of nobody name another trace each time, and say that it is not recorded', () => {
  const seen = new Set(Array.from({ length: 100 }, () => unrecordedHeaders().traceparent))
  assert.equal(seen.size, 100)
  for (const traceparent of seen) assert.equal(placeIn({ traceparent })?.traceFlags, 0)
})
