import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roles } from '../../../../pipeline/services/role.ts'
import { openLoad } from '../../../support/load.ts'
import { openMemoryKafka } from '../../../support/memory-kafka.ts'
import { type Started, startRoles } from '../../../support/service-process.ts'
import { openSink } from '../../../support/sink.ts'
import { accept, type Behaviour } from '../../../support/sink-behaviour.ts'

const until = async (what: string, isSo: () => boolean, limitMs = 20_000): Promise<void> => {
  const endMs = Date.now() + limitMs
  while (!isSo()) {
    if (Date.now() > endMs) assert.fail(`Not within ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const hang: Behaviour = () => ({ kind: 'hang' })
const unavailable: Behaviour = () => ({ kind: 'status', status: 503 })
const streams = [
  { tenant: 'acme', service: 'web' },
  { tenant: 'acme', service: 'auth' },
  { tenant: 'blue', service: 'web' },
]
const openWebLoad = () => openLoad({ streams, recordsPerRequest: 20, recordBytes: 200 })

const bad = ({ lines }: Started) => lines.filter(({ level }) => level === 'error')

test('five services, each by itself, deliver what a client was promised, and the auditor has the account', async (t) => {
  const kafka = openMemoryKafka(3)
  const sink = await openSink()
  t.after(() => sink.close())
  const settings = { endpoint: { url: sink.url } }
  const auditor = await startRoles(kafka.client(), ['auditor'], settings)
  const manager = await startRoles(kafka.client(), ['endpoint-manager'], settings)
  const cache = await startRoles(kafka.client(), ['cache'], settings)
  const dispatcher = await startRoles(kafka.client(), ['dispatcher'], settings)
  const collector = await startRoles(kafka.client(), ['collector'], settings)
  const all = [collector, dispatcher, cache, manager, auditor]
  t.after(() => Promise.all(all.map(({ stop }) => stop())))

  const load = openWebLoad()
  t.after(() => load.close())
  const to = () => collector.sources['otlp_http'] ?? ''
  await load.send({ to, connections: 4, goOn: (requests) => requests < 60 })
  assert.equal(load.promisedRecords(), 1_200)
  await until('all are delivered', () => sink.records() === 1_200)
  const totals = () => auditor.observed.ledger.totals()
  await until('the account says so', () => totals().delivered === 1_200)
  assert.deepEqual(totals(), {
    accepted: 1_200,
    delivered: 1_200,
    dropped: 0,
    pending: 0,
    refused: 0,
    unaccounted: 0,
  })
  for (const it of all) assert.deepEqual(bad(it), [])
})

test('redirects in quick succession while sends hang: nothing is lost, and the last one holds', async (t) => {
  const kafka = openMemoryKafka(2)
  const [slow, other, last] = await Promise.all([openSink(), openSink(), openSink()])
  t.after(() => Promise.all([slow.close(), other.close(), last.close()]))
  slow.behave(hang)
  const settings = {
    endpoint: { url: slow.url },
    dispatch: { attempt_timeout: '2s', backoff: { initial: '20ms', max: '100ms' } },
  }
  const pipeline = await startRoles(kafka.client(), [...roles], settings)
  t.after(() => pipeline.stop())
  const load = openWebLoad()
  t.after(() => load.close())
  const to = () => pipeline.sources['otlp_http'] ?? ''
  await load.send({ to, connections: 4, goOn: (requests) => requests < 30 })
  const isSeen = () =>
    pipeline.observed
      .actors()
      .some(({ machine, value }) => machine === 'dispatcher' && value === 'sending')
  await until('sends are out', isSeen)
  for (let turn = 0; turn < 10; turn += 1)
    for (const { url } of [other, last]) {
      const result = await pipeline.observed.command({ kind: 'set', url, reason: 'a test' })
      assert.equal(result.kind, 'assigned')
    }
  await load.send({ to, connections: 4, goOn: (requests) => requests < 30 })
  const delivered = () => pipeline.observed.ledger.totals().delivered
  await until('all are delivered', () => delivered() === load.promisedRecords())
  assert.equal(pipeline.observed.endpoint().url, last.url)
  const states = pipeline.observed.transitions().map((it) => it.to)
  assert.ok(states.includes('redirectInFlight'))
  assert.equal(pipeline.observed.ledger.totals().dropped, 0)
  assert.deepEqual(bad(pipeline), [])
})

test('a cache over its budget says what it loses, to the record, before a byte is cut off', async (t) => {
  const kafka = openMemoryKafka(1)
  const sink = await openSink()
  t.after(() => sink.close())
  sink.behave(unavailable)
  const settings = {
    endpoint: { url: sink.url },
    cache: { capacity: '1MiB' },
    batch: { max_bytes: '64KiB' },
    dispatch: { backoff: { initial: '20ms', max: '50ms' } },
  }
  const pipeline = await startRoles(kafka.client(), [...roles], settings)
  t.after(() => pipeline.stop())
  const load = openWebLoad()
  t.after(() => load.close())
  const to = () => pipeline.sources['otlp_http'] ?? ''
  await load.send({ to, connections: 2, goOn: () => load.promisedRecords() < 8_000 })
  const totals = () => pipeline.observed.ledger.totals()
  await until('all are accepted', () => totals().accepted === load.promisedRecords())
  await until('something is lost', () => totals().dropped > 0)
  sink.behave(accept)
  await until('nothing is pending', () => totals().pending === 0)
  const { accepted, delivered, dropped, unaccounted } = totals()
  assert.deepEqual({ accepted: delivered + dropped, unaccounted }, { accepted, unaccounted: 0 })
  assert.equal(sink.records(), delivered)
  const events = () =>
    kafka
      .messages('drops')
      .filter((it) => it.topic === 'drops' && it.message.type === 'drop.recorded')
  const dropsRead = () => pipeline.observed.ledger.drops({ limit: 1_000 })
  let { drops } = await dropsRead()
  while (drops.length < events().length) drops = (await dropsRead()).drops
  assert.equal(
    drops.reduce((sum, { records }) => sum + records, 0),
    dropped,
  )
  const lost = new Set(drops.map(({ reason }) => reason))
  assert.deepEqual([...lost], ['cache_overwritten'])
  assert.equal(events().length, drops.length)
  assert.ok(Math.max(...[0, 1, 2].map((lane) => kafka.firstOf('records', lane))) > 0)
  const said = () => bad(pipeline).filter(({ event }) => event === 'records.dropped')
  await until('each loss is said aloud', () => said().length === events().length)
  assert.deepEqual(bad(pipeline), said())
})

test('a cache that refuses has its collectors refuse, and loses nothing', async (t) => {
  const kafka = openMemoryKafka(1)
  const sink = await openSink()
  t.after(() => sink.close())
  sink.behave(unavailable)
  const settings = {
    endpoint: { url: sink.url },
    cache: { capacity: '1MiB', when_full: 'refuse' },
    batch: { max_bytes: '64KiB' },
    dispatch: { backoff: { initial: '20ms', max: '50ms' } },
  }
  const pipeline = await startRoles(kafka.client(), [...roles], settings)
  t.after(() => pipeline.stop())
  const load = openWebLoad()
  t.after(() => load.close())
  const to = () => pipeline.sources['otlp_http'] ?? ''
  const isRefused = () => (load.refusals.get(503) ?? 0) > 0
  await load.send({ to, connections: 2, goOn: (n) => n < 5_000 && !isRefused() })
  assert.ok(isRefused())
  sink.behave(accept)
  const totals = () => pipeline.observed.ledger.totals()
  await until('nothing is pending', () => totals().pending === 0 && totals().accepted > 0)
  assert.equal(totals().dropped, 0)
  assert.equal(totals().delivered, load.promisedRecords())
})

test('dispatchers and caches come and go under load, and every record arrives', async (t) => {
  const kafka = openMemoryKafka(4)
  const sink = await openSink()
  t.after(() => sink.close())
  const settings = { endpoint: { url: sink.url } }
  const base = await startRoles(
    kafka.client(),
    ['auditor', 'endpoint-manager', 'collector'],
    settings,
  )
  t.after(() => base.stop())
  const load = openWebLoad()
  t.after(() => load.close())
  const to = () => base.sources['otlp_http'] ?? ''
  let going = true
  const sending = load.send({ to, connections: 4, goOn: () => going, pauseMs: 5 })
  const cached = () => startRoles(kafka.client(), ['cache'], settings)
  const dispatching = () => startRoles(kafka.client(), ['dispatcher'], settings)
  let [cache, dispatcher] = [await cached(), await dispatching()]
  for (let turn = 0; turn < 4; turn += 1) {
    const [nextCache, nextDispatcher] = [await cached(), await dispatching()]
    await new Promise((resolve) => setTimeout(resolve, 150))
    await dispatcher.stop()
    await cache.stop()
    ;[cache, dispatcher] = [nextCache, nextDispatcher]
  }
  t.after(() => Promise.all([cache.stop(), dispatcher.stop()]))
  going = false
  await sending
  const totals = () => base.observed.ledger.totals()
  await until('all are delivered', () => totals().delivered === load.promisedRecords(), 30_000)
  assert.equal(totals().dropped, 0)
  assert.equal(totals().unaccounted, 0)
  assert.equal(sink.records(), load.promisedRecords())
})

test('an endpoint manager that comes back knows where it had been sent, and goes on counting', async (t) => {
  const kafka = openMemoryKafka(1)
  const [first, second] = await Promise.all([openSink(), openSink()])
  t.after(() => Promise.all([first.close(), second.close()]))
  const settings = { endpoint: { url: first.url } }
  const before = await startRoles(kafka.client(), ['endpoint-manager'], settings)
  await until('it has an endpoint', () => before.observed.endpoint().url === first.url)
  const told = await before.observed.command({ kind: 'set', url: second.url, reason: 'a test' })
  assert.equal(told.kind, 'assigned')
  const { epoch } = before.observed.endpoint()
  await before.stop()
  const after = await startRoles(kafka.client(), ['endpoint-manager'], settings)
  t.after(() => after.stop())
  await until('it is back', () => after.observed.endpoint().state !== 'stopped')
  assert.equal(after.observed.endpoint().url, second.url)
  const again = await after.observed.command({ kind: 'set', url: first.url, reason: 'and back' })
  assert.ok(again.kind === 'assigned' && again.assignment.epoch > (epoch ?? 0))
})
