/** The ring over its budget, on a real broker, while caches are killed and frozen. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { topicNames } from '../../schemas/topics.ts'
import { acceptedIn, accountOf, dropsOf, normalRanges } from '../support/account.ts'
import { until } from '../support/holdfast-process.ts'
import { accept, type Behaviour } from '../support/sink-behaviour.ts'
import { withoutDocker } from './docker.ts'
import { spoil } from './garbage.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { openPlant, type Plant, waitMsMax } from './plant.ts'
import { haveShards } from './shards.ts'
import { demands, failed, openTransport } from './transport.ts'

const small = { batch: { max_bytes: '64KiB' } }
const unavailable: Behaviour = () => ({ kind: 'status', status: 503 })

/** Resolves when more records were dropped than were when it was asked. */
const droppedMore = async ({ cluster, services }: Plant): Promise<void> => {
  const { dropped } = await cluster.totals(services.auditor)
  await until(
    () => cluster.totals(services.auditor),
    (seen) => seen.dropped > dropped,
    waitMsMax,
  )
}

describe('the ring of the services', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  before(async () => {
    kafka = await startKafka()
  })
  after(() => kafka?.[Symbol.asyncDispose]())

  test('over its budget names what it loses, to the record, though its caches die and freeze', async (t) => {
    await using plant = await openPlant({
      brokers: kafka.addresses,
      config: { ...small, cache: { capacity: '2MiB' } },
      recordBytes: 4_000,
    })
    const { cluster, services, sink } = plant
    sink.behave(unavailable)
    const sending = plant.send()
    await droppedMore(plant)
    await services.cache.kill()
    await services.cache.start()
    await droppedMore(plant)

    const second = await cluster.start('cache')
    await haveShards(second, 'cache', (seen) => seen > 0)
    await droppedMore(plant)
    await services.cache.pause()
    await haveShards(second, 'cache', (seen) => seen === demands.shards)
    await droppedMore(plant)
    await services.cache.unpause()
    await haveShards(services.cache, 'cache', (seen) => seen > 0)
    await droppedMore(plant)
    await sending.stop()

    sink.behave(accept)
    const totals = await plant.balanced()
    const drops = await dropsOf(services.auditor)
    t.diagnostic(`${totals.accepted} records, of which ${totals.dropped} in ${drops.length} events`)
    const accepted = acceptedIn(await accountOf(services.auditor))
    assert.deepEqual(normalRanges(drops), normalRanges(sink.missing(accepted)))
    assert.equal(
      drops.reduce((sum, { records }) => sum + records, 0),
      totals.dropped,
    )
    assert.deepEqual([...new Set(drops.map(({ reason }) => reason))], ['cache_overwritten'])
    for (const service of [...Object.values(services), second])
      assert.equal(await service.stop(), 0)
  })

  test('that refuses loses nothing, and messages that nobody can read stop nobody', async () => {
    await using plant = await openPlant({
      brokers: kafka.addresses,
      config: { ...small, cache: { capacity: '2MiB', when_full: 'refuse' } },
      recordBytes: 4_000,
    })
    const { cluster, services, sink, load, promisedMore } = plant
    const { auditor } = services
    sink.behave(unavailable)
    const sending = plant.send()
    await until(
      () => load.refusals.get(503) ?? 0,
      (refused) => refused > 0,
      waitMsMax,
    )
    assert.deepEqual([...load.refusals.keys()], [503])
    const places = await spoil(kafka.addresses, {
      namespace: cluster.namespace,
      topics: topicNames.filter((topic) => topic !== 'dead-letters'),
    })
    sink.behave(accept)
    await promisedMore(100)
    // Some topics are read by those alone that have just been started.
    assert.equal(await auditor.stop(), 0)
    await auditor.start()
    await promisedMore(100)
    await sending.stop()
    const totals = await plant.balanced()
    assert.equal(totals.dropped, 0)

    await using reader = await openTransport(kafka.addresses, cluster.namespace)
    const buried = new Set<string>()
    await reader.follow({
      topics: ['dead-letters'],
      from: 'earliest',
      received: async (arrived) => {
        for (const it of arrived)
          if (it.topic !== 'records' && it.message.type === 'letter.died')
            buried.add(`${it.message.topic}/${it.message.partition}/${it.message.offset}`)
      },
      failed,
    })
    await until(
      () => places.filter((place) => !buried.has(place)),
      (missing) => missing.length === 0,
      waitMsMax,
    )
    const said = Object.values(services).flatMap((it) => it.logged())
    assert.ok(said.some(({ event, level }) => event === 'letter.died' && level === 'error'))
    for (const service of Object.values(services)) assert.equal(await service.stop(), 0)
  })
})
