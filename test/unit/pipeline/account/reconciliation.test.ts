import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReceivedRanges } from '../../../../infra/receiver/inventory.ts'
import { reconciliationOf } from '../../../../pipeline/account/reconciliation.ts'
import type { StreamRanges } from '../../../../pipeline/account/stream-ranges.ts'
import { seq } from '../../../../schemas/brand.ts'
import type { RangeSet } from '../../../../schemas/range-set.ts'

const name = { tenant: 'acme', service: 'web', producer: 'edge-1-x' }
const set = (...ranges: readonly (readonly [number, number])[]): RangeSet =>
  ranges.map(([first, last]) => ({ firstSeq: seq(first), lastSeq: seq(last) }))
const stream = (change: Partial<StreamRanges>): StreamRanges => ({
  ...{ ...name, accepted: 100, delivered: set([0, 99]), dropped: [], pending: [] },
  ...{ partlyRejected: [], doubt: null },
  ...change,
})
const received = (ranges: RangeSet, change: Partial<ReceivedRanges> = {}): ReceivedRanges => ({
  streams: [{ ...name, received: ranges, repeated: [] }],
  ...{ nameless: 0, forgotten: false },
  ...change,
})

test('what was delivered and received is reconciled', () => {
  const found = reconciliationOf({ streams: [stream({})], joined: [] }, received(set([0, 120])))
  assert.equal(found.reconciled, true)
  assert.deepEqual(found.streams[0]?.missing, [])
})

test('what is missing, dropped but received, held but received, and repeated is named', () => {
  const ledger = stream({
    delivered: set([0, 59]),
    dropped: set([60, 79]),
    pending: set([80, 99]),
  })
  const found = reconciliationOf(
    { streams: [ledger], joined: [] },
    {
      ...received([]),
      streams: [{ ...name, received: set([0, 9], [12, 61], [99, 99]), repeated: set([3, 4]) }],
    },
  )
  const [of] = found.streams
  assert.deepEqual(of?.missing, set([10, 11]))
  assert.deepEqual(of?.receivedThoughDropped, set([60, 61]))
  assert.deepEqual(of?.receivedThoughPending, set([99, 99]))
  assert.deepEqual(of?.repeated, set([3, 4]))
  assert.deepEqual(found.totals, {
    ...{ delivered: 60, received: 61, missing: 2 },
    ...{ receivedThoughDropped: 2, receivedThoughPending: 1, repeated: 2 },
  })
  assert.equal(found.reconciled, false)
})

test('a stream of which nothing was received is missing as a whole', () => {
  const found = reconciliationOf(
    { streams: [stream({})], joined: [] },
    { ...received([]), streams: [] },
  )
  assert.deepEqual(found.streams[0]?.missing, set([0, 99]))
})

test('of a range that was rejected in part, only what is lacking beyond that is missing', () => {
  const ledger = stream({
    delivered: set([0, 89]),
    partlyRejected: [{ firstSeq: seq(90), lastSeq: seq(99), records: 4 }],
  })
  const all = reconciliationOf({ streams: [ledger], joined: [] }, received(set([0, 95])))
  assert.equal(all.reconciled, true)
  const less = reconciliationOf({ streams: [ledger], joined: [] }, received(set([0, 93])))
  assert.deepEqual(less.streams[0]?.missingSomewhere, [{ firstSeq: 90, lastSeq: 99, records: 2 }])
  assert.equal(less.totals.missing, 2)
})

test('what the ledger does not know is a stranger, or of producers that were joined', () => {
  const counts = { accepted: 50, delivered: 50, dropped: 0, pending: 0 }
  const joined = [{ tenant: 'acme', service: 'web', ...counts }]
  const other = { ...name, service: 'db', received: set([0, 4]), repeated: [] }
  const found = reconciliationOf(
    { streams: [], joined },
    {
      ...received([]),
      streams: [other, { ...name, received: set([0, 39]), repeated: [] }],
    },
  )
  assert.deepEqual(found.joined, [
    { tenant: 'acme', service: 'web', delivered: 50, received: 40, missing: 10 },
  ])
  assert.deepEqual(found.strangers, [{ ...name, service: 'db', received: 5 }])
})

test('a doubt is said, and keeps it from being reconciled', () => {
  for (const [ledger, got] of [
    [stream({ doubt: 'numbers are missing' }), received(set([0, 99]))],
    [stream({}), received(set([0, 99]), { nameless: 3 })],
    [stream({}), received(set([0, 99]), { forgotten: true })],
  ] as const) {
    const found = reconciliationOf({ streams: [ledger], joined: [] }, got)
    assert.equal(found.doubts.length, 1)
    assert.deepEqual([found.totals.missing, found.reconciled], [0, false])
  }
})
