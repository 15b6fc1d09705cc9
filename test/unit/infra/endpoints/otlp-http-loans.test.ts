import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { declareOwn, hold } from '../../../../infra/memory/holds.ts'
import { openSink } from '../../../support/sink.ts'
import { attemptAt, openRawServer, openTestEndpoint } from './fixture.ts'

/** More than the buffers of a connection on this machine hold, so that some of it waits in this process. */
const pieceCount = 768
const pieceBytes = 64 * 1024

/** A payload on loan, whose memory is given back, and used again for something else, when that is said. */
const loan = () => {
  const hash = createHash('sha256')
  const payload = Array.from({ length: pieceCount }, (_, index) => {
    const piece = Buffer.allocUnsafeSlow(pieceBytes).fill(index % 251)
    declareOwn(piece)
    hash.update(piece)
    return piece
  })
  const letGo = hold(payload)
  const { promise: isBack, resolve } = Promise.withResolvers<void>()
  const giveBack = (): void => {
    letGo()
    resolve()
  }
  const isWhole = (): boolean => payload.every(({ length }) => length === pieceBytes)
  return { payload, giveBack, isBack, isWhole, sha256: hash.digest('hex') }
}

const endOf = (text: string): number => text.indexOf('\r\n\r\n') + 4

test('a payload is on loan until the last byte of it was read by the connection', async (t) => {
  const { promise: connected, resolve } = Promise.withResolvers<Socket>()
  const server = await openRawServer(resolve)
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), server.close()]))
  const lent = loan()
  const attempt = endpoint.attempt({ ...attemptAt(server.url, lent), giveBack: lent.giveBack })
  const socket = await connected
  const [start] = await once(socket, 'data')
  socket.pause()
  assert.ok(lent.isWhole(), 'nothing is given back while the receiver does not read')
  const hash = createHash('sha256')
  let left = pieceCount * pieceBytes
  const take = (bytes: Buffer): void => {
    hash.update(bytes)
    left -= bytes.length
    if (left === 0) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  }
  take(start.subarray(endOf(start.toString('latin1'))))
  socket.on('data', take)
  socket.resume()
  assert.deepEqual(await attempt, { kind: 'accepted' })
  await lent.isBack
  assert.equal(hash.digest('hex'), lent.sha256)
  assert.equal(lent.payload[0]?.length, 0)
})

test('an attempt that is broken off in the middle gives its payload back', async (t) => {
  const { promise: connected, resolve } = Promise.withResolvers<Socket>()
  const server = await openRawServer(resolve)
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), server.close()]))
  const lent = loan()
  const controller = new AbortController()
  const { signal } = controller
  const attempt = endpoint.attempt({
    ...attemptAt(server.url, { ...lent, signal }),
    giveBack: lent.giveBack,
  })
  const socket = await connected
  await once(socket, 'data')
  socket.pause()
  assert.ok(lent.isWhole())
  controller.abort()
  assert.equal((await attempt).kind, 'unreachable')
  await lent.isBack
})

test('an attempt that fails gives its payload back, whatever was read of it', async (t) => {
  const early = await openRawServer((socket) => {
    socket.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n')
  })
  const sink = await openSink({ behaviour: () => ({ kind: 'reset' }) })
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), sink.close(), early.close()]))
  const attempt = async (url: string): Promise<string> => {
    const lent = loan()
    const { kind } = await endpoint.attempt({ ...attemptAt(url, lent), giveBack: lent.giveBack })
    await lent.isBack
    return kind
  }
  assert.equal(await attempt(sink.url), 'unreachable')
  assert.equal(await attempt(early.url), 'failed')
  assert.equal(await attempt('http://127.0.0.1:1'), 'unreachable')
})

test('what is compressed is given back as soon as it is', async (t) => {
  const sink = await openSink({ behaviour: () => ({ kind: 'hang' }) })
  const endpoint = openTestEndpoint({ compression: 'gzip' })
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  const lent = loan()
  const controller = new AbortController()
  const { signal } = controller
  const attempt = endpoint.attempt({
    ...attemptAt(sink.url, { ...lent, signal }),
    giveBack: lent.giveBack,
  })
  await lent.isBack
  controller.abort()
  assert.equal((await attempt).kind, 'unreachable')
})
