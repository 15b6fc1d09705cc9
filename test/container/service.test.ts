/** The service as a user runs it: an image that is killed and stopped, and an endpoint beside it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { settledAccountOf } from '../support/account.ts'
import { idsTaken, missingOf } from '../support/deliveries.ts'
import { until } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { docker, withoutDocker } from './docker.ts'
import { startService } from './service.ts'

const requests = 20
const recordsPerRequest = 10

describe('the service', { skip: withoutDocker }, () => {
  for (const kind of ['container', 'process'] as const)
    test(`as a ${kind} delivers after it was killed what it promised before, and ends in order`, async (t) => {
      const callers = kind === 'container' ? 'containers' : 'machine'
      const away = () => ({ kind: 'status', status: 503 }) as const
      const sink = await openSink({ behaviour: away, keep: 'bodies', callers })
      t.after(sink.close)
      await using service = await startService({
        kind,
        config: {
          endpoint: { url: sink.url },
          dispatch: { backoff: { initial: '20ms', max: '100ms' } },
        },
      })
      const streams = [{ tenant: 'acme', service: 'auth' }]
      const load = openLoad({ streams, recordsPerRequest, recordBytes: 200 })
      t.after(load.close)
      const goOn = (sent: number) => sent < requests
      await load.send({ to: () => service.otlp, connections: 2, goOn })
      assert.equal(load.promisedRecords(), requests * recordsPerRequest)
      await until(
        () => sink.stats().requests,
        (seen) => seen > 0,
      )

      await service.kill()
      await service.start()
      sink.behave(() => ({ kind: 'accept' }))
      const { totals } = await settledAccountOf(service)
      assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
      assert.deepEqual(
        { accepted: totals.accepted, delivered: totals.delivered, dropped: totals.dropped },
        { accepted: load.promisedRecords(), delivered: load.promisedRecords(), dropped: 0 },
      )
      assert.equal(await service.stop(), 0)
    })

  test('runs in its image as nobody in particular, may write its data alone, and says that it is well', async () => {
    await using service = await startService({
      kind: 'container',
      config: { endpoint: { url: 'http://127.0.0.1:9' } },
    })
    const container = docker().container.getById(service.id)
    const { Config } = await container.inspect()
    assert.deepEqual(Config.Entrypoint, ['holdfast'])
    const inside = async (...command: readonly string[]) =>
      docker().container.exec(container, [...command])
    assert.equal((await inside('id', '-u')).output.trim(), '10001')
    assert.equal((await inside('touch', '/var/lib/holdfast/writable')).exitCode, 0)
    assert.notEqual((await inside('touch', '/opt/holdfast/writable')).exitCode, 0)
    await until(
      async () => (await container.inspect()).State.Health?.Status,
      (status) => status === 'healthy',
      60_000,
    )
  })
})
