import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as startRequest } from 'node:http'
import { test } from 'node:test'
import { encodeRequest } from '../otlp/oracle.ts'
import { logsOf } from './requests.ts'
import { connectTo, openSource, readAll } from './source.ts'

const body = encodeRequest({ resourceLogs: [logsOf('auth', { records: 3 })] })
const head = (length: number): string =>
  `POST /v1/logs HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${length}\r\n\r\n`

test('a client that aborts in its body leaves nothing behind', async (context) => {
  const { post, source, kept, statuses, errors } = await openSource(context)
  for (let index = 0; index < 20; index += 1) {
    const socket = await connectTo(source.url)
    socket.write(head(body.length))
    socket.write(body.subarray(0, index * 5))
    await new Promise((resolve) => socket.write('', resolve))
    if (index % 2 === 0) socket.resetAndDestroy()
    else socket.end()
  }
  assert.equal((await post(body)).status, 200)
  assert.equal(kept.length, 1)
  assert.deepEqual(statuses, [200])
  assert.deepEqual(errors, [])
  // Closing waits for every connection, so none of the aborted ones is left.
  await source.close()
})

test('a client that goes away while it waits is not told, and nothing breaks', async (context) => {
  const { post, source, keep, kept, errors, arrivals } = await openSource(context, {
    consumer: 'holding',
  })
  const socket = await connectTo(source.url)
  socket.write(Buffer.concat([Buffer.from(head(body.length)), body]))
  await once(arrivals, 'offered')
  socket.destroy()
  await once(socket, 'close')
  keep()
  assert.equal((await post(body)).status, 200)
  assert.equal(kept.length, 2)
  assert.deepEqual(errors, [])
})

test('a connection serves many requests', async (context) => {
  const { source, kept } = await openSource(context)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  context.after(() => agent.destroy())
  const ports = new Set<number | undefined>()
  for (let index = 0; index < 5; index += 1) {
    const request = startRequest(`${source.url}/v1/logs`, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
    })
    request.end(body)
    const [response] = await once(request, 'response')
    assert.equal(response.statusCode, 200)
    ports.add(response.socket.localPort)
    await response.resume().toArray()
  }
  assert.equal(ports.size, 1)
  assert.equal(kept.length, 5)
})

test('a client that is slow is cut off, in its head and in its body', async (context) => {
  const { source, kept } = await openSource(context, {
    limits: { headMsMax: 100, requestMsMax: 200 },
  })
  const inHead = await connectTo(source.url)
  inHead.write('POST /v1/logs HTTP/1.1\r\nhost: a\r\n')
  const inBody = await connectTo(source.url)
  inBody.write(head(body.length))
  inBody.write(body.subarray(0, 3))
  assert.match(await readAll(inHead), /^HTTP\/1.1 408/)
  assert.match(await readAll(inBody), /^HTTP\/1.1 408/)
  assert.deepEqual(kept, [])
})

test('what is no HTTP is answered with 400', async (context) => {
  const { source } = await openSource(context)
  const socket = await connectTo(source.url)
  socket.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc')
  assert.match(await readAll(socket), /^HTTP\/1.1 400/)
})

test('a tenancy header that is sent twice is refused', async (context) => {
  const { source, kept } = await openSource(context)
  const socket = await connectTo(source.url)
  const twice = head(body.length).replace('host:', 'x-scope-orgid: a\r\nx-scope-orgid: b\r\nhost:')
  socket.write(Buffer.concat([Buffer.from(twice), body]))
  const [chunk] = await once(socket, 'data')
  assert.match(String(chunk), /^HTTP\/1.1 400.*must be sent once, not 2 times/s)
  socket.destroy()
  assert.deepEqual(kept, [])
})

test('more connections than allowed are closed as they come', async (context) => {
  const { source } = await openSource(context, { limits: { connectionsMax: 2 } })
  const sockets = [await connectTo(source.url), await connectTo(source.url)]
  assert.equal(await readAll(await connectTo(source.url)), '')
  for (const socket of sockets) socket.destroy()
})

test('bodies that are being read are bounded together: the one too many is 429', async (context) => {
  const { post, source, statuses, errors } = await openSource(context, {
    limits: { requestBytesMax: 100_000, decompressedBytesMax: 1_000 },
  })
  const part = Buffer.concat([Buffer.from(head(100_000)), Buffer.alloc(95_000)])
  const sockets = await Promise.all(Array.from({ length: 9 }, () => connectTo(source.url)))
  const answered = Promise.race(sockets.map((socket) => once(socket, 'data')))
  for (const socket of sockets) socket.write(part)
  assert.match(String(await answered), /^HTTP\/1.1 429.*retry-after: 1/s)
  const gone = sockets.map((socket) => once(socket, 'close'))
  for (const socket of sockets) socket.destroy()
  await Promise.all(gone)
  while ((await post(body)).status !== 200) assert.equal(statuses.at(-1), 429)
  assert.deepEqual(errors, [])
})

test('closing finishes the request in hand and destroys idle connections', async (context) => {
  const { post, source, keep, arrivals } = await openSource(context, { consumer: 'holding' })
  const silent = await connectTo(source.url)
  const halfHead = await connectTo(source.url)
  halfHead.write('POST /v1/logs HTTP/1.1\r\n')
  const slow = await connectTo(source.url)
  slow.write(head(body.length).replace('host:', 'expect: 100-continue\r\nhost:'))
  assert.match(String(await once(slow, 'data')), /^HTTP\/1.1 100/)
  slow.write(body.subarray(0, 10))
  const waiting = post(body)
  await once(arrivals, 'offered')
  const closed = source.close()
  await Promise.all([readAll(silent), readAll(halfHead)])
  await assert.rejects(connectTo(source.url), { code: 'ECONNREFUSED' })
  slow.write(body.subarray(10))
  keep()
  const answer = await waiting
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('connection'), 'close')
  assert.match(await readAll(slow), /^HTTP\/1.1 200/)
  await closed
})

test('closing is cut short by its signal', async (context) => {
  const { post, source, arrivals } = await openSource(context, { consumer: 'holding' })
  const waiting = assert.rejects(post(body))
  await once(arrivals, 'offered')
  const stop = new AbortController()
  const closed = source.close({ signal: stop.signal })
  stop.abort()
  await Promise.all([closed, waiting])
  await source.close()
})
