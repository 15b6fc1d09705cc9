import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../../infra/clock/clock.ts'
import { realWorld, type World } from '../../../../pipeline/world.ts'
import { instant } from '../../../../schemas/brand.ts'
import { until } from '../../../support/holdfast-process.ts'
import { openLoad } from '../../../support/load.ts'
import { openMemoryKafka } from '../../../support/memory-kafka.ts'
import { startRoles } from '../../../support/service-process.ts'
import { openSink } from '../../../support/sink.ts'

const behindMs = 10 * 60_000
const onASlowMachine: World = {
  ...realWorld,
  clock: {
    ...systemClock,
    now: () => instant(systemClock.now() - behindMs),
    at: (atMs, call) => systemClock.at(instant(atMs + behindMs), call),
  },
  // Sends go by the clock of the machine that the test runs on.
  endpoint: (config, log) => {
    const endpoint = realWorld.endpoint(config, log)
    return {
      ...endpoint,
      attempt: ({ deadlineMs, ...request }) =>
        endpoint.attempt({ ...request, deadlineMs: instant(deadlineMs + behindMs) }),
    }
  },
}

test('a dispatcher whose clock is behind that of the one before gets what there is to send', async (t) => {
  const kafka = openMemoryKafka(1)
  const sink = await openSink()
  t.after(() => sink.close())
  const settings = { endpoint: { url: sink.url } }
  const roles = ['auditor', 'endpoint-manager', 'cache', 'collector'] as const
  const base = await startRoles(kafka.client(), roles, settings)
  t.after(() => base.stop())
  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'web' }],
    recordsPerRequest: 10,
    recordBytes: 200,
  })
  t.after(() => load.close())
  const to = () => base.sources['otlp_http'] ?? ''
  const deliver = async () => {
    await load.send({ to, connections: 1, goOn: (requests) => requests < 10 })
    await until(sink.records, (records) => records === load.promisedRecords())
  }
  const former = await startRoles(kafka.client(), ['dispatcher'], settings)
  await deliver()
  await former.stop()
  const next = await startRoles(kafka.client(), ['dispatcher'], settings, onASlowMachine)
  t.after(() => next.stop())
  await deliver()
  assert.equal(load.promisedRecords(), 200)
})
