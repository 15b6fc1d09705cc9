import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Coordinates, seq } from '../../../schemas/brand.ts'
import { type Seen, unreportedIn } from '../../torture/reckoning.ts'

const records = (firstSeq: number, lastSeq: number, producer = 'edge.1'): Coordinates => ({
  producer,
  tenant: 'acme',
  service: 'auth',
  firstSeq: seq(firstSeq),
  lastSeq: seq(lastSeq),
})
const calm: Seen = {
  accepted: [records(0, 99)],
  missing: [records(20, 29)],
  drops: [records(20, 24), records(25, 29)],
  promised: [{ tenant: 'acme', service: 'auth', records: 100 }],
}

test('what is missing and in drop events is reported, in however many of them', () => {
  assert.equal(unreportedIn(calm), 0)
  assert.equal(unreportedIn({ ...calm, drops: [records(10, 50)] }), 0)
})

test('a record that is missing and in no drop event is counted', () => {
  assert.equal(unreportedIn({ ...calm, drops: [records(20, 28)] }), 1)
  assert.equal(unreportedIn({ ...calm, drops: [] }), 10)
  assert.equal(unreportedIn({ ...calm, missing: [...calm.missing, records(40, 41)] }), 2)
})

test('a drop event of another producer, or of what arrived, reports nothing', () => {
  assert.equal(unreportedIn({ ...calm, drops: [records(20, 29, 'edge.2')] }), 10)
  assert.equal(unreportedIn({ ...calm, drops: [records(50, 99)] }), 10)
})

test('what was promised and is in no account is counted; what was kept unheard is not', () => {
  const promised = (count: number) => [{ tenant: 'acme', service: 'auth', records: count }]
  assert.equal(unreportedIn({ ...calm, promised: promised(107) }), 7)
  assert.equal(unreportedIn({ ...calm, promised: promised(90) }), 0)
})
