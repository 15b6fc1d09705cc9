/** One service is cut off from the broker for longer than its session lasts, while the others are well. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { assertExactIds } from '../../support/deliveries.ts'
import { until } from '../../support/holdfast-process.ts'
import { withoutDocker } from '../docker.ts'
import { startKafka, type TestKafka } from '../kafka.ts'
import { watchPassage } from '../passage.ts'
import { openPlant, type Plant, waitMsMax } from '../plant.ts'
import type { NetworkProxy } from '../proxy.ts'
import type { Service } from '../service.ts'
import { haveShards, type SharingRole } from '../shards.ts'
import { demands } from '../transport.ts'

/** What one of a role has that has all there is. */
const all = (role: SharingRole): number => (role === 'endpoint-manager' ? 1 : demands.shards)

/** Whether a service knows that it is cut off. */
const isDeaf = (reasons: Awaited<ReturnType<Service['unready']>>): boolean =>
  reasons.some(({ actor }) => actor === 'kafka')

/** An operator is obeyed, and records arrive. */
const works = async ({ cluster, services, sink }: Plant): Promise<void> => {
  await until(
    async () => (await services.auditor.redirect(sink.url)).status,
    (status) => status === 202,
    waitMsMax,
  )
  const { delivered } = await cluster.totals(services.auditor)
  await until(
    () => cluster.totals(services.auditor),
    (seen) => seen.delivered >= delivered + 100,
    waitMsMax,
  )
}

describe('a service that is cut off from its broker', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  before(async () => {
    kafka = await startKafka({ proxy: true })
  })
  after(() => kafka?.[Symbol.asyncDispose]())

  test('hands over what it has, does no harm, and works again by itself, whatever it is', async (t) => {
    await using plant = await openPlant({ brokers: kafka.addresses })
    const { cluster, services } = plant
    await using passage = await watchPassage(kafka.addresses, cluster.namespace)
    const [way] = kafka.proxies
    assert.ok(way)
    const sending = plant.send()
    for (const role of ['cache', 'dispatcher'] as const) {
      const far = await cluster.start(role, { brokers: kafka.proxied })
      await cutOff({ t, plant, way, role, far })
    }
    // A collector shares nothing with a manager, so that their turns can be one.
    const manager = await cluster.start('endpoint-manager', { brokers: kafka.proxied })
    const collector = await cluster.start('collector', { brokers: kafka.proxied })
    const clients = plant.send(collector)
    const meanwhile = async () => {
      const refused = () => plant.load.refusals.get(503) ?? 0
      const before = refused()
      await until(refused, (seen) => seen > before, waitMsMax)
    }
    await cutOff({ t, plant, way, role: 'endpoint-manager', far: manager, meanwhile })
    await sending.stop()
    await plant.promisedMore(100)
    await clients.stop()
    assert.equal(await collector.stop(), 0)

    const { accepted, dropped } = await plant.balanced()
    assert.equal(dropped, 0)
    assertExactIds(plant.sink.requests)
    // What Kafka was sent and could not answer for is in the record log. If its collector still heard of
    // it, it was announced and counts, whatever its clients were told; else nobody sends it.
    const silent = passage.written.difference(new Set(passage.announced.keys()))
    const doubtful = accepted - plant.load.promisedRecords()
    t.diagnostic(
      `kept though refused: ${doubtful} records; never announced: ${silent.size} batches`,
    )
    assert.ok(doubtful + silent.size > 0)
    assert.deepEqual(
      [...silent].filter((id) => plant.sink.batches.has(id)),
      [],
    )
    const announced = [...passage.announced.values()].reduce((sum, records) => sum + records, 0)
    assert.equal(accepted, announced)
    for (const service of Object.values(services)) assert.equal(await service.stop(), 0)
  })
})

/** Two of a role share what there is; the one that is far away is cut off, and comes back. */
const cutOff = async ({
  t,
  plant,
  way,
  role,
  far,
  meanwhile,
}: {
  readonly t: TestContext
  readonly plant: Plant
  readonly way: NetworkProxy
  readonly role: SharingRole
  readonly far: Service
  readonly meanwhile?: () => Promise<void>
}): Promise<void> => {
  const near = plant.services[role]
  // Of two managers one has nothing to do.
  const giveWay = async (): Promise<void> => {
    if (role === 'endpoint-manager') await near.stop()
    await haveShards(far, role, (seen) => seen > 0)
    if (role === 'endpoint-manager') await near.start()
  }
  await giveWay()
  await works(plant)

  await way.swallow()
  const { tookMs } = await haveShards(near, role, (seen) => seen === all(role))
  t.diagnostic(`the other ${role} had everything after ${tookMs} ms`)
  await until(() => far.unready(), isDeaf, waitMsMax)
  await haveShards(far, role, (seen) => seen === 0)
  await works(plant)
  await meanwhile?.()

  await way.heal()
  await giveWay()
  await works(plant)
  await until(
    () => far.unready(),
    (reasons) => reasons.length === 0,
    waitMsMax,
  )
  assert.equal(await far.stop(), 0)
  await haveShards(near, role, (seen) => seen === all(role))
}
