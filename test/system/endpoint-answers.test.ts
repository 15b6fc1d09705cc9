/** What a whole pipeline makes of each answer: which records end how, and what the endpoint was sent. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { coordinatesOf } from '../../schemas/brand.ts'
import { dropsOf, normalRanges } from '../support/account.ts'
import { assertExactIds, batchesOf, idsTaken, missingOf } from '../support/deliveries.ts'
import { inTurn, openRoute } from '../support/route.ts'

const allDelivered = (accepted: number) => ({
  accepted,
  delivered: accepted,
  dropped: 0,
  pending: 0,
  refused: 0,
  unaccounted: 0,
})

/** Clocks count whole milliseconds, and may round. */
const roundingMs = 5

suite('an endpoint answers', { concurrency: 2 }, () => {
  test('2xx: delivered, of one tenant, with ids, epoch and trace in the headers', async (t) => {
    const { holdfast, sink, send, settled } = await openRoute(t, {
      behaviour: inTurn({ kind: 'status', status: 202 }),
      endpoint: { headers: { 'x-api-key': 'of the endpoint' } },
    })
    const load = await send()
    assert.deepEqual(await settled(), allDelivered(10))
    assert.deepEqual(await dropsOf(holdfast), [])
    const [request, ...more] = sink.requests
    assert.ok(request !== undefined && more.length === 0)
    const [id = ''] = request.ids
    const { producer, ...coordinates } = coordinatesOf(id) ?? assert.fail(id)
    assert.match(producer, /^test[.-]/)
    assert.deepEqual(coordinates, { tenant: 'acme', service: 'checkout', firstSeq: 0, lastSeq: 9 })
    assert.deepEqual(
      request.records,
      request.records.map((_, record) => load.recordOf(record)),
    )
    const { headers } = request
    const { traceparent } = headers
    assert.equal(headers['x-scope-orgid'], 'acme')
    assert.equal(headers['idempotency-key'], headers['holdfast-batch'])
    assert.equal(headers['holdfast-epoch'], '1')
    assert.equal(headers['content-type'], 'application/x-protobuf')
    assert.equal(headers['x-api-key'], 'of the endpoint')
    assert.match(String(traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })

  test('partial success: the rest is delivered, and what was rejected is a drop event', async (t) => {
    const { holdfast, sink, send, settled } = await openRoute(t, {
      behaviour: inTurn({ kind: 'partial', rejected: 3, message: 'three are too old' }),
    })
    await send()
    assert.deepEqual(await settled(), { ...allDelivered(10), delivered: 7, dropped: 3 })
    const [drop, ...more] = await dropsOf(holdfast)
    assert.ok(drop !== undefined && more.length === 0)
    const { reason, records, firstSeq, lastSeq } = drop
    assert.deepEqual([reason, records, firstSeq, lastSeq], ['partially_rejected', 3, 0, 9])
    assert.match(drop.detail, /three are too old/)
    assert.equal(sink.requests.length, 1)
  })

  test('400: dropped, with the exact range and the words of the endpoint; others go on', async (t) => {
    const { holdfast, sink, send, settled } = await openRoute(t)
    await send()
    await settled()
    sink.behave(
      inTurn({
        kind: 'status',
        status: 400,
        headers: { 'content-type': 'text/plain' },
        body: 'no such index',
      }),
    )
    await send({ records: 7 })
    await settled()
    await send({ records: 5 })
    assert.deepEqual(await settled(), { ...allDelivered(22), delivered: 15, dropped: 7 })
    const drops = await dropsOf(holdfast)
    assert.deepEqual(
      drops.map(({ reason, records, firstSeq, lastSeq }) => [reason, records, firstSeq, lastSeq]),
      [['rejected_by_endpoint', 7, 10, 16]],
    )
    assert.match(drops[0]?.detail ?? '', /400.*no such index/)
    assert.equal(sink.requests.length, 3)
  })

  test('413: split until it fits; a record that never will is dropped, by its number', async (t) => {
    const bytesMax = 2_000
    const { holdfast, sink, send, settled } = await openRoute(t)
    sink.behave(() => ({ kind: 'acceptUpTo', bytesMax }))
    const load = await send({ records: 64 })
    await send({ service: 'reports', records: 3, recordBytes: 5_000 })
    assert.deepEqual(await settled(), { ...allDelivered(67), delivered: 64, dropped: 3 })
    const drops = await dropsOf(holdfast)
    assert.ok(
      drops.every(({ reason, detail }) => reason === 'rejected_by_endpoint' && /413/.test(detail)),
    )
    assert.deepEqual(
      normalRanges(drops).map((range) => range.replace(/^[^/]*\//, '')),
      ['acme/reports 0-2'],
    )
    const taken = sink.requests.filter(({ bytes }) => bytes <= bytesMax)
    assertExactIds(taken)
    const ids = taken.flatMap(batchesOf)
    assert.deepEqual(
      normalRanges(ids).map((range) => range.replace(/^[^/]*\//, '')),
      ['acme/checkout 0-63'],
    )
    const records = ids
      .toSorted((a, b) => a.firstSeq - b.firstSeq)
      .flatMap((batch) => batch.records)
    assert.deepEqual(
      records,
      records.map((_, record) => load.recordOf(record)),
    )
  })

  for (const status of [429, 503])
    test(`${status} with Retry-After: nothing is sent until then, and then all of it`, async (t) => {
      const { sink, send, settled } = await openRoute(t, {
        behaviour: inTurn({ kind: 'status', status, headers: { 'retry-after': '1' } }),
      })
      await send()
      await send({ service: 'search' })
      assert.deepEqual(await settled(), allDelivered(20))
      const [first, ...rest] = sink.requests
      // A second request may have been on its way when the first was answered.
      const later = rest.filter(({ ids }) => ids.includes(first?.ids[0] ?? ''))
      assert.equal(later.length, 1)
      const waitedMs = (later[0]?.arrivedAtMs ?? 0) - (first?.arrivedAtMs ?? 0)
      assert.ok(waitedMs >= 1_000 - roundingMs, `${waitedMs} ms`)
      const inBetween = rest.filter(
        ({ arrivedAtMs }) => arrivedAtMs < (first?.arrivedAtMs ?? 0) + 1_000 - roundingMs,
      )
      assert.ok(inBetween.length <= 1, `${inBetween.length} requests in between`)
    })

  test('server errors, time-outs and redirects that are none: sent again under the same id', async (t) => {
    const statuses = [500, 502, 503, 504, 408, 301, 302, 303]
    const { holdfast, sink, send, settled } = await openRoute(t, {
      behaviour: inTurn(...statuses.map((status) => ({ kind: 'status', status }) as const)),
    })
    await send()
    assert.deepEqual(await settled(), allDelivered(10))
    assert.deepEqual(await dropsOf(holdfast), [])
    assert.equal(sink.requests.length, statuses.length + 1)
    assert.equal(new Set(sink.requests.map(({ ids }) => ids.join())).size, 1)
    assertExactIds(sink.requests)
  })

  test('nothing: sent again after the deadline, not before, under the same id', async (t) => {
    // The deadline counts from the attempt, which only the pipeline can time; its buckets end at 1 s.
    const { holdfast, sink, send, settled } = await openRoute(t, {
      behaviour: inTurn({ kind: 'hang' }, { kind: 'hang' }),
      dispatch: { attempt_timeout: '1050ms' },
    })
    const load = await send()
    assert.deepEqual(await settled(), allDelivered(10))
    assert.equal(sink.requests.length, 3)
    const page = await (await fetch(`${holdfast.admin}/metrics`)).text()
    const attempts = (within: string) =>
      Number(new RegExp(`^holdfast_attempt_duration_seconds${within} (\\d+)$`, 'm').exec(page)?.[1])
    assert.deepEqual([attempts('_count'), attempts('_bucket\\{le="1"\\}')], [3, 1])
    assertExactIds(sink.requests)
    assert.equal(new Set(sink.requests.flatMap(({ ids }) => ids)).size, 1)
    assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
  })

  test('a reset, before it took the records or after: sent again under the same id', async (t) => {
    const { sink, send, settled } = await openRoute(t, {
      behaviour: inTurn({ kind: 'reset' }, { kind: 'takeThenReset' }, { kind: 'takeThenReset' }),
    })
    const load = await send()
    assert.deepEqual(await settled(), allDelivered(10))
    assert.equal(new Set(sink.requests.flatMap(({ ids }) => ids)).size, 1)
    // The receiver had it three times, and can tell by the id.
    assert.deepEqual(sink.duplicates(), { batches: 2, records: 20 })
    assert.equal(sink.records(), 10)
    assertExactIds(sink.requests)
    assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
  })
})
