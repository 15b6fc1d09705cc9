/**
 * The incident, on a real broker: redirects in quick succession while sends hang, and meanwhile services
 * of a kind join, leave, die and come back.
 */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { assertExactIds } from '../support/deliveries.ts'
import { until } from '../support/holdfast-process.ts'
import { openSink, type Sink } from '../support/sink.ts'
import type { Behaviour } from '../support/sink-behaviour.ts'
import { withoutDocker } from './docker.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { openPlant, type Plant, waitMsMax } from './plant.ts'
import type { Service } from './service.ts'
import { haveShards, type SharingRole, shardsOf } from './shards.ts'
import { demands } from './transport.ts'

const hang: Behaviour = () => ({ kind: 'hang' })
/** Takes what it is sent, and says so when the attempt is over: `attempt_timeout` is 2 s. */
const late: Behaviour = () => ({ kind: 'accept', delayMs: 3_000 })

const openStormSink = async (t: TestContext, behaviour?: Behaviour): Promise<Sink> => {
  const sink = await openSink({ keep: 'bodies', ...(behaviour && { behaviour }) })
  t.after(sink.close)
  return sink
}

describe('the services in a storm of redirects', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  before(async () => {
    kafka = await startKafka()
  })
  after(() => kafka?.[Symbol.asyncDispose]())

  test('lose nothing while others join and leave, and go by the last command', async (t) => {
    const [hanging, slow, last] = await Promise.all([
      openStormSink(t, hang),
      openStormSink(t, late),
      openStormSink(t),
    ])
    await using plant = await openPlant({ brokers: kafka.addresses })
    const { services, promisedMore } = plant
    const sinks = [plant.sink, slow, last]
    const sending = plant.send()
    await promisedMore(100)
    const others = await secondOfEach(plant)
    const storm = redirecting(plant, {
      to: [hanging, slow, plant.sink, last],
      // It is there all the time.
      watched: others.dispatcher,
    })
    await joinAndLeave(plant, others)
    const { commands, refused, states } = await storm.stop()
    t.diagnostic(`${commands} redirects, ${refused} of them not answered in time`)
    assert.ok(commands - refused > 10)
    assert.ok(states.has('redirectInFlight'), [...states].join(', '))

    // Where the manager's place changes hands just now the answer may come too late; obeyed it is.
    const { status } = await services.collector.redirect(last.url)
    assert.ok(status === 202 || status === 503, `${status}`)
    for (const service of [...Object.values(services), ...Object.values(others)])
      await until(
        () => urlOf(service),
        (url) => url === last.url,
        waitMsMax,
      )
    await promisedMore(100)
    await sending.stop()
    const totals = await plant.balanced(sinks)
    assert.equal(totals.dropped, 0)
    assert.equal(await urlOf(services.auditor), last.url)
    assertExactIds(sinks.flatMap(({ requests }) => requests))
    // What an endpoint took when its attempt was over is there twice, under one id, and counts once.
    const twice = [...slow.batches.keys()].filter((id) =>
      [plant.sink, last].some(({ batches }) => batches.has(id)),
    )
    t.diagnostic(`${twice.length} batches were taken late, and sent to another endpoint too`)
    assert.ok(twice.length > 0)
    for (const service of [...Object.values(others), ...Object.values(services)])
      assert.equal(await service.stop(), 0)
  })
})

const urlOf = async (service: Service): Promise<string> =>
  (await service.get<{ readonly url: string }>('/api/v1/endpoint')).url

type Live = { readonly transitions: readonly { readonly machine: string; readonly to: string }[] }

/** Commands one endpoint after the other, of one service after the other, until it is stopped. */
const redirecting = (
  { services }: Plant,
  { to, watched }: { readonly to: readonly Sink[]; readonly watched: Service },
) => {
  const givers = [services.auditor, services.collector]
  const states = new Set<string>()
  let going = true
  let [commands, refused] = [0, 0]
  const done = (async () => {
    while (going) {
      const giver = givers[commands % givers.length]
      const sink = to[commands % to.length]
      assert.ok(giver && sink)
      commands += 1
      const { status } = await giver.redirect(sink.url)
      assert.ok(status === 202 || status === 503, `a redirect was answered ${status}`)
      if (status === 503) refused += 1
      const { transitions } = await watched.get<Live>('/api/v1/live')
      for (const it of transitions) if (it.machine === 'dispatcher') states.add(it.to)
    }
  })()
  return {
    stop: async () => {
      going = false
      await done
      return { commands, refused, states }
    },
  }
}

type Others = Readonly<Record<SharingRole, Service>>

const secondOfEach = async ({ cluster }: Plant): Promise<Others> => {
  const [dispatcher, cache, manager] = await Promise.all([
    cluster.start('dispatcher'),
    cluster.start('cache'),
    cluster.start('endpoint-manager'),
  ])
  await haveShards(dispatcher, 'dispatcher', (seen) => seen > 0)
  await haveShards(cache, 'cache', (seen) => seen > 0)
  return { dispatcher, cache, 'endpoint-manager': manager }
}

/** One of each leaves in another way, and comes back. */
const joinAndLeave = async ({ services, promisedMore }: Plant, others: Others): Promise<void> => {
  const { cache, dispatcher } = services
  await promisedMore(100)
  assert.equal(await dispatcher.stop(), 0)
  await haveShards(others.dispatcher, 'dispatcher', (seen) => seen === demands.shards)
  await promisedMore(100)

  await cache.kill()
  await haveShards(others.cache, 'cache', (seen) => seen === demands.shards)
  await Promise.all([dispatcher.start(), cache.start()])
  await haveShards(dispatcher, 'dispatcher', (seen) => seen > 0)
  await haveShards(cache, 'cache', (seen) => seen > 0)

  const managers = [services['endpoint-manager'], others['endpoint-manager']]
  const shares = await Promise.all(managers.map((it) => shardsOf(it, 'endpoint-manager')))
  const [atWork, inWaiting] = shares[0] === 1 ? managers : managers.toReversed()
  assert.ok(atWork && inWaiting)
  await atWork.pause()
  await haveShards(inWaiting, 'endpoint-manager', (seen) => seen > 0)
  await atWork.unpause()
  await promisedMore(100)
}
