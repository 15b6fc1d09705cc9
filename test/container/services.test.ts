/** The services, each a process, on a real broker: killed and started anew while records come in. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { idsTaken, missingOf } from '../support/deliveries.ts'
import { cli } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { openCluster } from './cluster.ts'
import { withoutDocker } from './docker.ts'
import { startKafka } from './kafka.ts'
import { adminToken, type Service } from './service.ts'

const streams = [
  { tenant: 'acme', service: 'auth' },
  { tenant: 'acme', service: 'web' },
  { tenant: 'blue', service: 'web' },
]

type Arrow = {
  readonly kind: 'inside' | 'crossing'
  readonly from: { readonly name: string } | null
  readonly to: { readonly name: string }
  readonly message: string
  readonly messageId: string
  readonly causationId: string | null
}

/** What the command draws of two processes: each way over Kafka, and on from where it came. */
const joinedByIds = async (
  t: TestContext,
  given: Readonly<Record<'cache' | 'dispatcher' | 'collector', Service>>,
): Promise<void> => {
  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'seen' }],
    recordsPerRequest: 1,
    recordBytes: 200,
  })
  t.after(load.close)
  let state: 'looking' | 'seen' = 'looking'
  const sending = load.send({
    to: () => given.collector.otlp,
    connections: 1,
    goOn: () => state === 'looking',
    pauseMs: 100,
  })
  try {
    const admin = `${given.cache.admin},${given.dispatcher.admin}`
    const words = [cli, 'sequence', '--admin', admin, '--for', '3s', '--last', '2000', '--json']
    const environment = { ...process.env, HOLDFAST_ADMIN_TOKEN: adminToken }
    const { stdout } = await run(process.execPath, words, { env: environment })
    const { arrows } = JSON.parse(stdout) as { readonly arrows: readonly Arrow[] }
    const said = new Set(
      arrows
        .filter(({ kind }) => kind === 'crossing')
        .map(({ from, message, to }) =>
          `${from?.name} ${message} ${to.name}`.replaceAll(/\/\d+/g, ''),
        ),
    )
    for (const line of ['cache batches.leased dispatcher', 'dispatcher batches.settled cache'])
      assert.ok(said.has(line), `${line}, of ${[...said].join('; ')}`)
    // From the end of a batch in one process back to its lease in the other.
    const byId = new Map(arrows.map((arrow) => [arrow.messageId, arrow]))
    const isTraced = (arrow: Arrow): boolean => {
      const cause = arrow.causationId === null ? undefined : byId.get(arrow.causationId)
      return cause !== undefined && (cause.message === 'batches.leased' || isTraced(cause))
    }
    assert.ok(arrows.some((arrow) => arrow.message === 'batches.settled' && isTraced(arrow)))
  } finally {
    state = 'seen'
    await sending
  }
}
const run = promisify(execFile)

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
    await joinedByIds(t, { cache, dispatcher, collector })
    for (const service of [collector, dispatcher, cache, manager, auditor])
      assert.equal(await service.stop(), 0)
  })
})
