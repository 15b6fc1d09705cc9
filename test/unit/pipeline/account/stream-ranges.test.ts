import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rangesOf } from '../../../../pipeline/account/stream-ranges.ts'
import { dropped, heldBatch, observedWith, row } from './bookkeeping.ts'

const drops = [
  dropped({ from: 10, to: 19 }),
  dropped({ from: 30, to: 39 }),
  dropped({ from: 60, to: 69 }, { records: 4, reason: 'partially_rejected' }),
]

test('what is neither dropped nor held was delivered, to the record', async () => {
  const { streams } = await rangesOf(
    observedWith({
      rows: [row({ accepted: 100, delivered: 66, dropped: 24, pending: 10 })],
      held: [heldBatch({ from: 90, to: 99 })],
      drops,
    }),
    {},
  )
  assert.deepEqual(streams, [
    {
      ...{ tenant: 'acme', service: 'web', producer: 'edge-1-x', accepted: 100 },
      delivered: [
        { firstSeq: 0, lastSeq: 9 },
        { firstSeq: 20, lastSeq: 29 },
        { firstSeq: 40, lastSeq: 59 },
        { firstSeq: 70, lastSeq: 89 },
      ],
      dropped: [
        { firstSeq: 10, lastSeq: 19 },
        { firstSeq: 30, lastSeq: 39 },
      ],
      pending: [{ firstSeq: 90, lastSeq: 99 }],
      partlyRejected: [{ firstSeq: 60, lastSeq: 69, records: 4 }],
      doubt: null,
    },
  ])
})

test('what was accepted while it was read is left out; what was dropped meanwhile is dropped', async () => {
  const { streams } = await rangesOf(
    observedWith({
      rows: [row({ accepted: 100, delivered: 80, dropped: 10, pending: 10 })],
      held: [heldBatch({ from: 95, to: 104 }), heldBatch({ from: 10, to: 19 })],
      drops: [dropped({ from: 10, to: 19 })],
    }),
    { tenant: 'acme', service: 'web' },
  )
  assert.deepEqual(streams[0]?.pending, [{ firstSeq: 95, lastSeq: 99 }])
  assert.deepEqual(streams[0]?.dropped, [{ firstSeq: 10, lastSeq: 19 }])
  assert.match(streams[0]?.doubt ?? '', /80 delivered, the ranges 85/)
})

test('numbers that do not add up to the counts are a doubt, and never passed over', async () => {
  const rows = [row({ accepted: 10, delivered: 9 })]
  const { streams } = await rangesOf(observedWith({ rows }), {})
  assert.match(streams[0]?.doubt ?? '', /9 delivered, the ranges 10/)
})

test('of producers that were joined only the counts are told', async () => {
  const counts = { accepted: 7, delivered: 7 }
  const { streams, joined } = await rangesOf(
    observedWith({ rows: [row({ producer: '*', ...counts }), row({ service: 'db', ...counts })] }),
    { service: 'web' },
  )
  assert.deepEqual(streams, [])
  assert.deepEqual(joined, [{ tenant: 'acme', service: 'web', ...counts, dropped: 0, pending: 0 }])
})
