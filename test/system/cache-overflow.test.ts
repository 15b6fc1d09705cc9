/** More comes in than the cache holds: what is lost is known to the record, and what is kept arrives. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { coordinatesOf } from '../../schemas/brand.ts'
import { acceptedIn, dropsOf, normalRanges, settledAccountOf } from '../support/account.ts'
import { idsTaken, missingOf } from '../support/deliveries.ts'
import { startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { type Load, type LoadStream, openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'

const mebibyte = 1024 * 1024
const recordBytes = 512
const recordsPerRequest = 100
const configFor = (url: string, whenFull: 'overwrite_oldest' | 'refuse') => ({
  endpoint: { url },
  cache: {
    capacity: '8MiB',
    when_full: whenFull,
    priorities: [{ match: { service: 'auth*' }, class: 'high' }],
  },
  dispatch: { backoff: { initial: '50ms', max: '200ms' } },
})

/** The URL of a sink that is not there yet: connections to it are refused. */
const absentSink = async (): Promise<{ readonly url: string; readonly port: number }> => {
  const sink = await openSink()
  await sink.close()
  return { url: sink.url, port: Number(new URL(sink.url).port) }
}

const loadOf = (t: TestContext, streams: readonly LoadStream[]): Load => {
  const load = openLoad({ streams, recordsPerRequest, recordBytes })
  t.after(load.close)
  return load
}

/** Ten requests make a round: nine of an ordinary service, one of an important one. */
const mostlyOrdinary: readonly LoadStream[] = [
  ...Array.from({ length: 9 }, () => ({ tenant: 'acme', service: 'checkout' })),
  { tenant: 'acme', service: 'auth-gateway' },
]

test('36 MB into 8 MiB, the endpoint away, then kill -9: the drop events name exactly what is missing', async (t) => {
  await using folder = await workspace()
  const { url, port } = await absentSink()
  const load = loadOf(t, mostlyOrdinary)
  const requests = Math.ceil(36_000_000 / (recordBytes * recordsPerRequest))
  const config = configFor(url, 'overwrite_oldest')
  {
    await using holdfast = await startHoldfast(folder.path, config)
    await load.send({ to: () => holdfast.otlp, connections: 4, goOn: (sent) => sent < requests })
    await holdfast.kill('SIGKILL')
  }
  assert.deepEqual([...load.refusals], [])

  await using holdfast = await startHoldfast(folder.path, config)
  const sink = await openSink({ port, keep: 'bodies' })
  t.after(sink.close)
  const account = await settledAccountOf(holdfast)
  const drops = await dropsOf(holdfast)
  const taken = idsTaken([sink], load)
  const missing = new Set(missingOf(load, taken))
  t.diagnostic(`${account.totals.accepted} records, ${drops.length} drop events`)

  await t.test('delivered + dropped = accepted, and both are as counted by others', () => {
    const { accepted, delivered, dropped } = account.totals
    assert.equal(accepted, load.promisedRecords())
    assert.equal(delivered + dropped, accepted)
    assert.ok(dropped > accepted / 2)
    assert.equal(taken.size, delivered)
    assert.equal(missing.size, dropped)
    assert.equal(
      drops.reduce((sum, { records }) => sum + records, 0),
      dropped,
    )
  })
  await t.test('the ranges of the drop events are those that the sink misses, and no other', () => {
    assert.deepEqual(normalRanges(drops), normalRanges(sink.missing(acceptedIn(account))))
    const ids = [...sink.batches.keys()].flatMap((id) => coordinatesOf(id) ?? [])
    assert.equal(ids.length, sink.batches.size)
    assert.deepEqual(normalRanges([...ids, ...drops]), normalRanges(acceptedIn(account)))
  })
  await t.test(
    'each drop event counts the records of its range, and says why they are gone',
    () => {
      assert.equal(new Set(drops.map(({ id }) => id)).size, drops.length)
      for (const { firstSeq, lastSeq, records, bytes, reason } of drops) {
        assert.equal(records, lastSeq - firstSeq + 1)
        assert.ok(bytes >= records * recordBytes * 0.9)
        assert.equal(reason, 'cache_overwritten')
      }
    },
  )
  await t.test('the newest survive', () => {
    // The last quarter of what the cache can hold is there to the record.
    const newest = load.promised.slice(
      -Math.floor((2 * mebibyte) / (recordBytes * recordsPerRequest)),
    )
    for (const { firstId, lastId } of newest)
      for (let id = firstId; id <= lastId; id += 1) assert.ok(taken.has(id), `record ${id}`)
  })
  await t.test('nothing of a high class is lost while there is something ordinary to lose', () => {
    assert.deepEqual([...new Set(drops.map(({ service }) => service))], ['checkout'])
    const important = account.streams.filter(({ service }) => service === 'auth-gateway')
    assert.equal(important.length, 1)
    for (const { accepted, delivered } of important) {
      assert.ok(accepted > 0)
      assert.equal(delivered, accepted)
    }
  })
})

test('a cache that refuses when it is full loses nothing, and opens again once there is room', async (t) => {
  await using folder = await workspace()
  const { url, port } = await absentSink()
  const load = loadOf(t, [{ tenant: 'acme', service: 'checkout' }])
  await using holdfast = await startHoldfast(folder.path, configFor(url, 'refuse'))
  const requestsMax = 1_000
  await load.send({
    to: () => holdfast.otlp,
    connections: 4,
    goOn: (sent) => sent < requestsMax && load.refusals.size === 0,
  })

  assert.deepEqual([...load.refusals.keys()], [503])
  assert.equal(load.retryAfters.length, load.refusals.get(503))
  for (const seconds of load.retryAfters) assert.match(seconds, /^[1-9]\d*$/)
  const held = load.promisedRecords() * recordBytes
  assert.ok(held > 6 * mebibyte && held < 8 * mebibyte, `${held} bytes were taken`)
  assert.equal((await fetch(`${holdfast.admin}/readyz`)).status, 503)

  const sink = await openSink({ port, keep: 'bodies' })
  t.after(sink.close)
  await until(
    async () => (await fetch(`${holdfast.admin}/readyz`)).status,
    (status) => status === 200,
  )
  const before = load.promised.length
  await load.send({ to: () => holdfast.otlp, connections: 1, goOn: (sent) => sent < 20 })
  assert.equal(load.promised.length, before + 20)

  const { totals } = await settledAccountOf(holdfast)
  const accepted = load.promisedRecords()
  const refused = (load.refusals.get(503) ?? 0) * recordsPerRequest
  assert.deepEqual(totals, {
    accepted,
    delivered: accepted,
    dropped: 0,
    pending: 0,
    refused,
    unaccounted: 0,
  })
  assert.deepEqual(await dropsOf(holdfast), [])
  assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
})
