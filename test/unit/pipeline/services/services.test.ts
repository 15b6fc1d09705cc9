import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLoad } from '../../../support/load.ts'
import { openMemoryKafka } from '../../../support/memory-kafka.ts'
import { type Started, startRoles } from '../../../support/memory-services.ts'
import { openSink } from '../../../support/sink.ts'

const until = async (what: string, isSo: () => boolean, limitMs = 20_000): Promise<void> => {
  const endMs = Date.now() + limitMs
  while (!isSo()) {
    if (Date.now() > endMs) assert.fail(`Not within ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

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
  const auditor = await startRoles(kafka, ['auditor'], settings)
  const manager = await startRoles(kafka, ['endpoint-manager'], settings)
  const cache = await startRoles(kafka, ['cache'], settings)
  const dispatcher = await startRoles(kafka, ['dispatcher'], settings)
  const collector = await startRoles(kafka, ['collector'], settings)
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
