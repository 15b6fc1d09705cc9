import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import {
  openOriginPools,
  poolIdleMsMax,
  poolsMax,
} from '../../../../infra/endpoints/origin-pools.ts'
import { openSink } from '../../../support/sink.ts'
import { attemptAt, openRawServer, openTestEndpoint } from './fixture.ts'

const countTimers = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

/** Waits for something that comes about by itself, as long as it takes: the test's own limit bounds it. */
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

test('a thousand abandoned attempts leave no timer, listener or socket', async (t) => {
  const server = await openRawServer((socket) => socket.resume())
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), server.close()]))
  const outer = new AbortController()
  const timersBefore = countTimers()
  for (let round = 0; round < 20; round += 1) {
    const controller = new AbortController()
    const attempts = Array.from({ length: 50 }, () =>
      endpoint.attempt(attemptAt(server.url, { signal: controller.signal })),
    )
    setImmediate(() => controller.abort())
    for (const verdict of await Promise.all(attempts))
      assert.deepEqual(verdict, { kind: 'unreachable', detail: 'abandoned' })
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  }
  const ended = await endpoint.attempt(
    attemptAt(server.url, { timeoutMs: 5, signal: outer.signal }),
  )
  assert.equal(ended.kind, 'unreachable')
  assert.equal(getEventListeners(outer.signal, 'abort').length, 0)
  // What was still connecting becomes an idle connection: never more than `connectionsMax`.
  await until(() => server.openSockets() <= 8)
  assert.ok(countTimers() - timersBefore <= 10, `${countTimers() - timersBefore} timers are left`)
  await endpoint.close()
  await until(() => server.openSockets() === 0)
})

test('attempts that waited for a connection are never sent once they are abandoned', async (t) => {
  const sink = await openSink({ behaviour: () => ({ kind: 'hang' }) })
  const endpoint = openTestEndpoint({ connectionsMax: 2 })
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  const controller = new AbortController()
  const hung = Array.from({ length: 20 }, () =>
    endpoint.attempt(attemptAt(sink.url, { signal: controller.signal })),
  )
  await until(() => sink.requests.length === 2)
  controller.abort()
  for (const verdict of await Promise.all(hung)) assert.equal(verdict.kind, 'unreachable')
  sink.behave(() => ({ kind: 'accept' }))
  assert.deepEqual(await endpoint.attempt(attemptAt(sink.url)), { kind: 'accepted' })
  assert.equal(sink.requests.length, 3)
})

test('pools are bounded; the one unused for longest goes, and so do idle ones', async () => {
  let nowMs = 0
  const pools = openOriginPools({
    connectionsMax: 1,
    now: () => nowMs,
    onFault: (origin, cause) => assert.fail(`${origin}: ${cause}`),
  })
  const first = pools.of('http://127.0.0.1:1')
  for (let port = 2; port <= poolsMax; port += 1) pools.of(`http://127.0.0.1:${port}`)
  assert.equal(pools.of('http://127.0.0.1:1'), first)
  pools.of('http://127.0.0.1:100')
  assert.equal(pools.count(), poolsMax)
  assert.equal(pools.of('http://127.0.0.1:1'), first)
  nowMs = poolIdleMsMax + 1
  pools.of('http://127.0.0.1:101')
  assert.equal(pools.count(), 1)
  await pools.close()
})
