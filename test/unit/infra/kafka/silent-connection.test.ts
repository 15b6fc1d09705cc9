import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { openClient } from '../../../../infra/kafka/client.ts'

/** A broker that takes connections and requests, and answers none, as one that is frozen. */
const frozenBroker = async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.resume()
    socket.on('error', () => socket.destroy())
    sockets.push(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a connection on which nobody answers', () => {
  test('is closed, and the next attempt is made on another', { timeout: 60_000 }, async () => {
    await using broker = await frozenBroker()
    const client = openClient(
      {
        clientId: 'test',
        brokers: [broker.address],
        tls: null,
        sasl: null,
        connectTimeoutMs: 200,
        requestTimeoutMs: 100,
      },
      { write: () => undefined, answered: () => undefined },
    )
    const admin = client.admin()
    await assert.rejects(admin.connect(), /timed out; the connection was closed/)
    await admin.disconnect()
    assert.ok(broker.sockets.length > 1, `attempts were made on ${broker.sockets.length}`)
    assert.ok(broker.sockets.slice(0, -1).every((it) => it.closed || it.destroyed))
  })
})
