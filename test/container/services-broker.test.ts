/** The services while their broker is away: clients are refused or wait, and nothing promised is lost. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { withoutDocker } from './docker.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { openPlant, sessionMs } from './plant.ts'

describe('the services without their broker', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  before(async () => {
    kafka = await startKafka()
  })
  after(() => kafka?.[Symbol.asyncDispose]())

  test('go on by themselves when it was stopped, paused and killed under load', async () => {
    const [broker] = kafka.nodes
    assert.ok(broker)
    await using plant = await openPlant({ brokers: kafka.addresses })
    const { services, load, promisedMore } = plant
    const sending = plant.send()
    await promisedMore(200)

    await broker.stop()
    await sleep(sessionMs)
    await broker.start()
    await promisedMore(200)

    await broker.pause()
    await sleep(sessionMs * 2)
    await broker.unpause()
    await promisedMore(200)

    await broker.kill()
    await broker.start()
    await promisedMore(200)

    await sending.stop()
    const totals = await plant.balanced()
    assert.equal(totals.dropped, 0)
    // They are the processes that they were: a client that was refused was told so by a status.
    assert.deepEqual(
      [...load.refusals.keys()].filter((status) => status !== 503),
      [],
    )
    for (const service of Object.values(services)) assert.equal(await service.stop(), 0)
  })
})
