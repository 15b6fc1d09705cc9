import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMeters } from '../../../../infra/telemetry/meters.ts'
import type { Stall } from '../../../../pipeline/notices/happenings.ts'
import { watchUnheldShards } from '../../../../pipeline/services/unheld-shards.ts'
import { instant } from '../../../../schemas/brand.ts'
import { until } from '../../../support/holdfast-process.ts'
import { openLoad } from '../../../support/load.ts'
import { openMemoryKafka } from '../../../support/memory-kafka.ts'
import { startRoles } from '../../../support/service-process.ts'
import { openSink } from '../../../support/sink.ts'

const stallAfterMs = 1_000

const watched = () => {
  const seen = { missing: ['cache/1'], pendingRecords: 5, hears: true }
  const events: string[] = []
  const stalls: Stall[] = []
  const note = (event: string): void => void events.push(event)
  const log = { debug: note, info: note, warn: note, error: note, child: () => log }
  const watch = watchUnheldShards({
    missing: () => seen.missing,
    pendingRecords: () => seen.pendingRecords,
    hears: () => seen.hears,
    stallAfterMs,
    startedAtMs: instant(0),
    meters: openMeters(),
    log,
    stalled: (stall) => stalls.push(stall),
  })
  return { seen, events, stalls, ...watch }
}

test('a shard that no cache has is said once, after its time, and so is its end', () => {
  const { seen, events, stalls, look, complaints } = watched()
  look(instant(100))
  look(instant(900))
  assert.deepEqual([events, complaints()], [[], []])
  look(instant(1_100))
  look(instant(2_000))
  assert.deepEqual(events, ['shards.unheld'])
  assert.deepEqual(complaints(), [{ actor: 'cache', reason: 'no service has cache/1' }])
  seen.missing = []
  look(instant(3_000))
  assert.deepEqual([events, complaints()], [['shards.unheld', 'shards.held'], []])
  assert.deepEqual(
    stalls.map(({ announcement: { kind, stalledMs, records } }) => [kind, stalledMs, records]),
    [
      ['stalled', 1_100, 5],
      ['recovered', 3_000, 5],
    ],
  )
})

test('nothing is said where nothing is pending, of a handover, or by who hears nobody', () => {
  const { seen, events, look } = watched()
  seen.pendingRecords = 0
  look(instant(500))
  look(instant(5_000))
  seen.pendingRecords = 5
  look(instant(5_500))
  seen.missing = []
  look(instant(6_000))
  seen.missing = ['cache/0']
  seen.hears = false
  look(instant(6_500))
  look(instant(20_000))
  seen.hears = true
  look(instant(20_100))
  look(instant(20_900))
  assert.deepEqual(events, [])
})

test('the auditor says that records are accepted for shards that nobody has, until somebody has them', async (t) => {
  const kafka = openMemoryKafka(2)
  const sink = await openSink()
  t.after(() => sink.close())
  const settings = { endpoint: { url: sink.url }, sentinel: { stall_after: '2s' } }
  const auditor = await startRoles(kafka.client(), ['auditor'], settings)
  const rest = await startRoles(
    kafka.client(),
    ['endpoint-manager', 'dispatcher', 'collector'],
    settings,
  )
  const load = openLoad({
    streams: [
      { tenant: 'acme', service: 'auth' },
      { tenant: 'blue', service: 'web' },
    ],
    recordsPerRequest: 10,
    recordBytes: 100,
  })
  t.after(() => load.close())
  const to = () => rest.sources['otlp_http'] ?? ''
  await load.send({ to, connections: 1, goOn: (requests) => requests < 4 })
  const said = (event: string) => () => auditor.lines.some((line) => line.event === event)
  await until(said('shards.unheld'), (isSaid) => isSaid)
  assert.ok(auditor.observed.health().ready.some(({ actor }) => actor === 'cache'))

  const cache = await startRoles(kafka.client(), ['cache'], settings)
  t.after(() => Promise.all([rest, cache, auditor].map(({ stop }) => stop())))
  await until(said('shards.held'), (isSaid) => isSaid)
  const settled = await until(
    () => auditor.observed.ledger.totals(),
    ({ accepted, delivered }) => accepted > 0 && accepted === delivered,
  )
  assert.equal(settled.accepted, load.promisedRecords())
  assert.deepEqual(
    auditor.observed.health().ready.filter(({ actor }) => actor === 'cache'),
    [],
  )
})
