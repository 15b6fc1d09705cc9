import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completenessIn } from '../../../../pipeline/account/completeness.ts'
import { completenessOf } from '../../../../pipeline/account/completeness-client.ts'
import { instant } from '../../../../schemas/brand.ts'
import { call, open } from '../call-admin.ts'
import { dropped, heldBatch, observedWith, row } from './bookkeeping.ts'

const rows = [row({ accepted: 10, delivered: 10 })]
const nowMs = 1_000_000
const at = (fromMs: number, toMs: number) => ({ fromMs, toMs })
const times = (fromMs: number, toMs: number) => ({ fromMs: instant(fromMs), toMs: instant(toMs) })

test('a window is complete when nothing of it is held or lost', async () => {
  const found = await completenessIn(
    observedWith({
      rows,
      held: [heldBatch({ from: 90, to: 99 }, times(60_000, 70_000))],
      drops: [dropped({ from: 1, to: 2 }, times(10_000, 20_000))],
    }),
    at(20_001, 59_999),
    nowMs,
  )
  assert.equal(found.verdict, 'complete')
  assert.equal(found.watermark, '1970-01-01T00:01:00.000Z')
  assert.deepEqual([found.gaps, found.doubts, found.accepted], [[], [], 10])
})

test('both ends of a window, and of what it is compared with, belong to it', async () => {
  const observed = observedWith({
    held: [heldBatch({ from: 90, to: 99 }, times(60_000, 70_000))],
    drops: [dropped({ from: 1, to: 2 }, times(10_000, 20_000))],
  })
  for (const [fromMs, toMs, verdict] of [
    [20_000, 30_000, 'incomplete'],
    [5_000, 10_000, 'incomplete'],
    [14_000, 15_000, 'incomplete'],
    [5_000, 9_999, 'complete'],
    [70_000, 80_000, 'pending'],
    [50_000, 60_000, 'pending'],
    [70_001, nowMs, 'complete'],
    [70_001, nowMs + 1, 'pending'],
    [0, nowMs, 'incomplete'],
  ] as const)
    assert.equal(
      (await completenessIn(observed, at(fromMs, toMs), nowMs)).verdict,
      verdict,
      `${fromMs}`,
    )
})

test('a gap names the drop event, its range, its reason and its times', async () => {
  const observed = observedWith({ drops: [dropped({ from: 1, to: 2 }, times(10_000, 20_000))] })
  const { gaps, lost } = await completenessIn(observed, at(0, nowMs), nowMs)
  assert.deepEqual(lost, { events: 1, records: 2, unlisted: 0 })
  assert.deepEqual(gaps, [
    {
      ...{ id: '000000001-0000', tenant: 'acme', service: 'web', producer: 'edge-1-x' },
      ...{ firstSeq: 1, lastSeq: 2, records: 2, reason: 'cache_overwritten' },
      at: '1970-01-01T00:00:05.000Z',
      from: '1970-01-01T00:00:10.000Z',
      to: '1970-01-01T00:00:20.000Z',
    },
  ])
})

test('records without a time are of when they were accepted, or since their producer started', async () => {
  const producer = `edge-${(100_000_000_000).toString(36)}abcde`
  const drop = dropped({ from: 1, to: 2 }, { producer, atMs: instant(100_000_005_000) })
  const held = heldBatch({ from: 3, to: 4 }, { acceptedAtMs: instant(100_000_009_000) })
  const observed = observedWith({ held: [held], drops: [drop] })
  const verdictOf = async (ms: number) =>
    (await completenessIn(observed, at(ms, ms), 100_000_010_000)).verdict
  assert.equal(await verdictOf(99_999_999_999), 'complete')
  assert.equal(await verdictOf(100_000_000_000), 'incomplete')
  assert.equal(await verdictOf(100_000_005_000), 'incomplete')
  assert.equal(await verdictOf(100_000_005_001), 'complete')
  assert.equal(await verdictOf(100_000_009_000), 'pending')
})

test('another tenant and another service are no part of the answer', async () => {
  const observed = observedWith({
    held: [heldBatch({ from: 1, to: 2 }, { tenant: 'globex', ...times(1, 2) })],
    drops: [dropped({ from: 1, to: 2 }, { service: 'db', ...times(1, 2) })],
  })
  const of = (scope: { tenant?: string; service?: string }) =>
    completenessIn(observed, { ...scope, ...at(0, 5) }, nowMs)
  const web = await of({ tenant: 'acme', service: 'web' })
  assert.deepEqual([web.verdict, web.watermark], ['complete', new Date(nowMs).toISOString()])
  assert.equal((await of({ tenant: 'acme' })).verdict, 'incomplete')
  assert.equal((await of({ tenant: 'globex' })).verdict, 'pending')
  assert.equal(JSON.stringify(await of({ tenant: 'acme' })).includes('globex'), false)
})

test('a doubt is no completeness', async () => {
  const observed = observedWith({ rows, doubts: ['The record log was damaged.'] })
  const { verdict, doubts } = await completenessIn(observed, at(0, 1), nowMs)
  assert.deepEqual([verdict, doubts], ['incomplete', ['The record log was damaged.']])
})

test('a loss whose drop event cannot be read is a doubt', async () => {
  const lossy = [row({ accepted: 10, delivered: 4, dropped: 6 })]
  const observed = observedWith({ rows: lossy, drops: [dropped({ from: 1, to: 2 })] })
  const { verdict, doubts } = await completenessIn(observed, at(900_000, 900_001), nowMs)
  assert.equal(verdict, 'incomplete')
  assert.deepEqual(doubts, ['4 records were dropped whose drop events cannot be read any more.'])
})

test('more gaps than are listed are counted', async () => {
  const drops = Array.from({ length: 1_005 }, (_, index) => dropped({ from: index, to: index }))
  const { gaps, lost } = await completenessIn(observedWith({ drops }), at(0, nowMs), nowMs)
  assert.equal(gaps.length, 1_000)
  assert.deepEqual(lost, { events: 1_005, records: 1_005, unlisted: 5 })
})

test('a client asks with dates, and is refused where the window is none', async (t) => {
  const admin = await open({ observed: observedWith({ rows }), token: 'secret' })
  t.after(() => admin.close())
  const window = { from: new Date(1_000), to: new Date(2_000) }
  const found = await completenessOf(admin.url, { ...window, tenant: 'acme', token: 'secret' })
  assert.deepEqual([found.verdict, found.accepted], ['complete', 10])
  await assert.rejects(completenessOf(admin.url, window), /401/)
  const headers = { authorization: 'Bearer secret' }
  for (const [query, error] of [
    ['', 'from is missing'],
    ['?from=1', 'to is missing'],
    ['?from=2&to=1', 'from is after to'],
    ['?from=soon&to=1', 'from: "soon" is no time'],
    ['?tenat=acme&from=1&to=2', 'there is no parameter "tenat"'],
  ]) {
    const { status, json } = await call(admin, `/api/v1/completeness${query}`, { headers })
    assert.deepEqual([status, json.error], [400, error])
  }
})
