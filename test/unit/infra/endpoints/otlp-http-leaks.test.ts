import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { ConnectionsClosedError, openConnections } from '../../../../infra/endpoints/connections.ts'
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

test('what is said on an idle connection is never taken for the next answer', async (t) => {
  const taken = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
  const busy = 'HTTP/1.1 500 Busy\r\ncontent-length: 0\r\n\r\n'
  const connections: Socket[] = []
  const server = await openRawServer((socket) => {
    connections.push(socket)
    const answer = connections.length === 1 ? taken : busy
    socket.on('data', () => socket.write(answer))
  })
  const endpoint = openTestEndpoint({ connectionsMax: 1 })
  t.after(() => Promise.all([endpoint.close(), server.close()]))
  assert.deepEqual(await endpoint.attempt(attemptAt(server.url)), { kind: 'accepted' })
  const gone = once(connections[0] as Socket, 'close')
  connections[0]?.write(taken)
  await gone
  assert.equal((await endpoint.attempt(attemptAt(server.url))).kind, 'failed')
  assert.equal(connections.length, 2)
})

test('a change of protocol that nobody asked for is unreachable, and its connection closed', async (t) => {
  const server = await openRawServer((socket) =>
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    ),
  )
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), server.close()]))
  assert.equal((await endpoint.attempt(attemptAt(server.url))).kind, 'unreachable')
  await until(() => server.openSockets() === 0)
})

test('one connection is used for request after request, until the receiver closes it', async (t) => {
  const opened: Socket[] = []
  const server = await openRawServer((socket) => {
    opened.push(socket)
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  })
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), server.close()]))
  for (let count = 0; count < 5; count += 1)
    assert.deepEqual(await endpoint.attempt(attemptAt(server.url)), { kind: 'accepted' })
  assert.equal(opened.length, 1)
  opened[0]?.end()
  await until(() => server.openSockets() === 0)
  assert.deepEqual(await endpoint.attempt(attemptAt(server.url)), { kind: 'accepted' })
  assert.equal(opened.length, 2)
})

test('no connection is made over connections that were closed', () => {
  const connections = openConnections({ perOriginMax: 2 })
  connections.close()
  assert.throws(() => connections.over('http:'), ConnectionsClosedError)
})
