/** What is said of several workers together: true of all of them, or not at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Completeness } from '../../../../pipeline/account/completeness.ts'
import type { ShownDrop } from '../../../../pipeline/admin/account-routes.ts'
import type { ShownEndpoint } from '../../../../pipeline/admin/endpoint-routes.ts'
import { mergedAccount, mergedCompleteness } from '../../../../pipeline/workers/merged-account.ts'
import { dropPage, placesIn } from '../../../../pipeline/workers/merged-drops.ts'
import { mergedEndpoint } from '../../../../pipeline/workers/merged-endpoint.ts'
import { mergedMetrics } from '../../../../pipeline/workers/merged-metrics.ts'

const counts = { accepted: 5, delivered: 3, dropped: 1, pending: 1, unaccounted: 0 }

test('accounts add up, and streams of one name are one only where nobody can tell them apart', () => {
  const account = (producer: string) => ({
    totals: { ...counts, refused: 2 },
    streams: ['*', producer].map((it) => ({
      tenant: 'acme',
      service: 'auth',
      producer: it,
      ...counts,
    })),
  })
  const { totals, streams } = mergedAccount([account('a-0'), account('a-1')])
  assert.deepEqual(totals, {
    accepted: 10,
    delivered: 6,
    dropped: 2,
    pending: 2,
    refused: 4,
    unaccounted: 0,
  })
  assert.deepEqual(
    streams.map(({ producer, accepted }) => [producer, accepted]),
    [
      ['*', 10],
      ['a-0', 5],
      ['a-1', 5],
    ],
  )
})

const completeness = (changed: Partial<Completeness>): Completeness => ({
  verdict: 'complete',
  watermark: '2026-11-25T10:00:00.000Z',
  asOf: '2026-11-25T10:00:00.000Z',
  accepted: 5,
  pending: { batches: 0, records: 0 },
  lost: { events: 0, records: 0, unlisted: 0 },
  gaps: [],
  doubts: [],
  ...changed,
})

test('what is not complete in one worker is not complete', () => {
  const early = '2026-11-25T09:00:00.000Z'
  const merged = mergedCompleteness([
    completeness({}),
    completeness({
      verdict: 'pending',
      watermark: early,
      asOf: early,
      pending: { batches: 1, records: 7 },
    }),
  ])
  assert.deepEqual(
    [merged.verdict, merged.watermark, merged.asOf, merged.accepted, merged.pending.records],
    ['pending', early, early, 10, 7],
  )
  const doubtful = completeness({ verdict: 'incomplete', watermark: null, doubts: ['a doubt'] })
  const worst = mergedCompleteness([merged, doubtful, doubtful])
  assert.deepEqual(
    [worst.verdict, worst.watermark, worst.doubts],
    ['incomplete', null, ['a doubt']],
  )
})

const dropAt = (id: string): ShownDrop =>
  ({ id, at: new Date(Number.parseInt(id, 36)).toISOString() }) as ShownDrop

/** As a pipeline answers: what comes after a cursor, and a cursor only where there is more. */
const reading =
  (drops: readonly (readonly string[])[]) =>
  async (worker: number, { place, limit }: { place: string; limit: number }) => {
    const after = (drops[worker] ?? []).filter((id) => id > place)
    const page = after.slice(0, limit)
    return { drops: page.map(dropAt), cursor: after.length > limit ? (page.at(-1) ?? null) : null }
  }

test('page by page every drop event is seen once, one written down late among them', async () => {
  const drops = [['0a-0', '0c-0', '0e-0'], [], ['0b-0', '0c-0', '0d-0', '0f-0']]
  for (const limit of [1, 2, 3, 100]) {
    let cursor: string | null = '~~'
    let next = cursor
    const seen: string[] = []
    for (let pages = 0; cursor !== null && pages < 20; pages += 1) {
      const places = placesIn(cursor, 3)
      assert.ok(places)
      const page = await dropPage<{ error: string }>({
        places,
        limit,
        order: 'oldest',
        read: reading(drops),
      })
      assert.ok('drops' in page)
      assert.ok(page.drops.length <= limit)
      seen.push(...page.drops.map(({ worker, id }) => `${worker}/${id}`))
      cursor = page.cursor
      next = page.next
    }
    assert.equal(cursor, null)
    assert.equal(new Set(seen).size, 7)
    assert.equal(seen.length, 7)
    // Worker 1 has an older event than the newest that was seen, and was slow to write it down.
    const late = [drops[0] ?? [], ['0b-1'], drops[2] ?? []]
    const places = placesIn(next, 3)
    assert.ok(places)
    const page = await dropPage<{ error: string }>({
      places,
      limit,
      order: 'oldest',
      read: reading(late),
    })
    assert.ok('drops' in page)
    assert.deepEqual(
      page.drops.map(({ worker, id }) => [worker, id]),
      [[1, '0b-1']],
    )
  }
})

test('newest first, a page of several workers begins with the newest of them all', async () => {
  const drops = [['0a-0'], [], ['0c-0', '0b-0']]
  const read = async (worker: number) => ({
    drops: (drops[worker] ?? []).map(dropAt),
    cursor: null,
  })
  const page = await dropPage<{ error: string }>({
    places: ['', '', ''],
    limit: 10,
    order: 'newest',
    read,
  })
  assert.ok('drops' in page)
  assert.deepEqual(
    page.drops.map(({ id }) => id),
    ['0c-0', '0b-0', '0a-0'],
  )
})

test('a cursor of one pipeline, or of fewer workers, is no cursor', () => {
  for (const cursor of ['0a-0', '0a-0~', '~~~', '~x~', ''])
    assert.equal(placesIn(cursor, 3), undefined)
  assert.deepEqual(placesIn('0a-0~~0b-0', 3), ['0a-0', '', '0b-0'])
})

test('a page fails with the worker that could not be read', async () => {
  const failure = { error: 'away' }
  const page = await dropPage({
    places: ['', ''],
    limit: 10,
    order: 'oldest',
    read: async (worker) => (worker === 1 ? failure : { drops: [], cursor: null }),
  })
  assert.equal(page, failure)
})

test('an endpoint that the workers do not agree on is none', () => {
  const one: ShownEndpoint = {
    url: 'http://a.example',
    epoch: 3,
    state: 'active',
    pinned: true,
    pending: 1,
    history: [],
  }
  const same = mergedEndpoint([
    { worker: 0, endpoint: one },
    { worker: 1, endpoint: { ...one, epoch: 5 } },
  ])
  assert.deepEqual([same.url, same.epoch, same.pinned, same.pending], [one.url, 5, true, 2])
  const differing = mergedEndpoint([
    { worker: 0, endpoint: one },
    { worker: 1, endpoint: { ...one, url: 'http://b.example', state: 'probation', pinned: false } },
  ])
  assert.deepEqual([differing.url, differing.state, differing.pinned], [null, 'differing', false])
})

test('a page of metrics has every series of every worker, by its family', () => {
  const text =
    '# HELP a Of a {b}.\n# TYPE a counter\na{tenant="x{} 1"} 1\n# HELP b Of b.\n# TYPE b gauge\nb 2\n'
  assert.equal(
    mergedMetrics([
      { worker: 0, text },
      { worker: 1, text },
    ]),
    '# HELP a Of a {b}.\n# TYPE a counter\na{worker="0",tenant="x{} 1"} 1\na{worker="1",tenant="x{} 1"} 1\n# HELP b Of b.\n# TYPE b gauge\nb{worker="0"} 2\nb{worker="1"} 2\n',
  )
})
