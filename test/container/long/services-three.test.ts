/** The services on three brokers, of which one is killed under load. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withoutDocker } from '../docker.ts'
import { startKafka } from '../kafka.ts'
import { openPlant } from '../plant.ts'

describe('the services on three brokers', { skip: withoutDocker }, () => {
  test('go on when one of them is killed, and lose nothing that they promised', async () => {
    await using kafka = await startKafka({ brokers: 3 })
    const replicas = { replicationFactor: 3, minInsyncReplicas: 2 }
    await using plant = await openPlant({ brokers: kafka.addresses, replicas })
    const sending = plant.send()
    await plant.promisedMore(100)
    await kafka.nodes[2]?.kill()
    await plant.promisedMore(200)
    await kafka.nodes[2]?.start()
    await plant.promisedMore(100)
    await sending.stop()
    assert.equal((await plant.balanced()).dropped, 0)
    for (const service of Object.values(plant.services)) assert.equal(await service.stop(), 0)
  })
})
