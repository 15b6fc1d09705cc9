/** The services, each a process, on a real broker: killed and started anew while records come in. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { idsTaken, missingOf } from '../support/deliveries.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { openCluster } from './cluster.ts'
import { withoutDocker } from './docker.ts'
import { startKafka } from './kafka.ts'

const streams = [
  { tenant: 'acme', service: 'auth' },
  { tenant: 'acme', service: 'web' },
  { tenant: 'blue', service: 'web' },
]

describe('the services on Kafka', { skip: withoutDocker }, () => {
  test('each is killed under load and started anew, and everything that was promised arrives', async (t) => {
    await using kafka = await startKafka()
    const sink = await openSink({ keep: 'bodies' })
    t.after(sink.close)
    const dispatch = { backoff: { initial: '20ms', max: '200ms' }, attempt_timeout: '2s' }
    await using cluster = await openCluster({
      brokers: kafka.addresses,
      config: { endpoint: { url: sink.url }, dispatch, sentinel: { stall_after: '5s' } },
    })
    const [auditor, manager, cache, dispatcher, collector] = await Promise.all([
      cluster.start('auditor'),
      cluster.start('endpoint-manager'),
      cluster.start('cache'),
      cluster.start('dispatcher'),
      cluster.start('collector'),
    ])
    const load = openLoad({ streams, recordsPerRequest: 10, recordBytes: 200 })
    t.after(load.close)
    let going = true
    const to = () => collector.otlp
    const sending = load.send({ to, connections: 3, goOn: () => going, pauseMs: 20 })
    for (const service of [dispatcher, cache, manager, collector, auditor]) {
      await service.kill()
      await service.start()
    }
    going = false
    await sending
    const totals = await cluster.settled(auditor, load.promisedRecords())
    assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
    assert.equal(totals.dropped, 0)
    assert.equal(totals.unaccounted, 0)
    for (const service of [collector, dispatcher, cache, manager, auditor])
      assert.equal(await service.stop(), 0)
  })
})
