import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientAt } from '../../../../pipeline/commands/admin-client.ts'
import { openSampling } from '../../../../pipeline/top/sample.ts'
import { until } from '../../../support/holdfast-process.ts'
import { openLoad } from '../../../support/load.ts'
import { openMemoryKafka } from '../../../support/memory-kafka.ts'
import { startRoles } from '../../../support/service-process.ts'
import { openSink } from '../../../support/sink.ts'
import { open } from '../call-admin.ts'

test('where the account is kept the rings of all shards are known, and who holds each, also after a handover', async (t) => {
  const kafka = openMemoryKafka(3)
  const sink = await openSink({ behaviour: () => ({ kind: 'status', status: 503 }) })
  t.after(() => sink.close())
  const settings = { endpoint: { url: sink.url }, cache: { capacity: '12MiB' } }
  const auditor = await startRoles(kafka.client(), ['auditor'], settings)
  const one = await startRoles(kafka.client(), ['cache'], settings)
  const other = await startRoles(kafka.client(), ['cache'], settings)
  const rest = await startRoles(
    kafka.client(),
    ['endpoint-manager', 'dispatcher', 'collector'],
    settings,
  )
  t.after(() => Promise.all([rest, one, auditor].map(({ stop }) => stop())))
  const rings = () => auditor.observed.rings()
  const holders = () => new Set(rings().rings.map(({ service }) => service))
  await until(rings, ({ missing }) => missing.length === 0)
  await until(holders, ({ size }) => size === 2)

  const services = Array.from({ length: 12 }, (_, index) => `service-${index}`)
  const load = openLoad({
    streams: services.map((service) => ({ tenant: 'acme', service })),
    recordsPerRequest: 20,
    recordBytes: 200,
  })
  t.after(() => load.close())
  const to = () => rest.sources['otlp_http'] ?? ''
  await load.send({ to, connections: 4, goOn: (requests) => requests < 60 })

  const held = () => [...one.observed.rings().rings, ...other.observed.rings().rings]
  const bytesIn = (of: readonly { readonly bytes: number }[]): number =>
    of.reduce((sum, { bytes }) => sum + bytes, 0)
  await until(
    () => [bytesIn(rings().rings), bytesIn(held())],
    ([heard = 0, told]) => heard > 0 && heard === told,
  )
  const shards = ['cache/0', 'cache/1', 'cache/2']
  assert.deepEqual(
    rings().rings.map(({ cache, place, capacityBytes }) => [cache, place, capacityBytes]),
    shards.map((cache) => [cache, 'elsewhere', 4 * 1024 * 1024]),
  )
  assert.ok(rings().rings.every(({ classes }) => classes.some(({ batches }) => batches > 0)))
  assert.equal(one.observed.cache().bytes, bytesIn(one.observed.rings().rings))
  // What both say of their capacity adds up to what is configured.
  const capacity = [one, other].map(({ observed }) => observed.cache().capacityBytes)
  assert.equal((capacity[0] ?? 0) + (capacity[1] ?? 0), 12 * 1024 * 1024)
  for (const { cache } of one.observed.rings().rings) {
    assert.equal(one.observed.ring(cache)?.cache, cache)
    assert.equal(other.observed.ring(cache), undefined)
  }

  const admin = await open({ observed: auditor.observed })
  t.after(admin.close)
  const { cache: seen } = await openSampling(clientAt({ base: admin.url, option: '--admin' }))()
  assert.deepEqual([seen.bytes, seen.capacityBytes], [bytesIn(held()), 12 * 1024 * 1024])
  assert.ok(seen.oldestAgeSeconds > 0 && (seen.classes?.normal ?? 0) === seen.bytes)

  await other.stop()
  await until(holders, ({ size }) => size === 1)
  await until(rings, ({ missing }) => missing.length === 0)
  assert.equal(one.observed.cache().capacityBytes, 12 * 1024 * 1024)
})
