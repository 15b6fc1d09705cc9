import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import type { Health } from '../../../pipeline/observed.ts'
import { openHealthServer } from '../../../pipeline/sentinel/health-server.ts'
import { call } from './call-admin.ts'

const loopback = { host: '127.0.0.1', port: 0 }

/** A health server before an admin API that says what it was asked. */
const opened = async (state: { blocked: boolean; health: Health }) => {
  const inner = createServer((request, response) => {
    const { method, url } = request
    const { host, authorization } = request.headers
    response.writeHead(201, { 'x-inner': 'yes' })
    response.write(JSON.stringify({ method, url, host, authorization, body: '' }).slice(0, -2))
    request.pipe(response, { end: false })
    request.on('end', () => response.end('"}'))
  })
  inner.on('upgrade', (_, socket, head) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    )
    socket.write(head)
    socket.pipe(socket)
  })
  await once(inner.listen(loopback), 'listening')
  const server = await openHealthServer({
    listen: loopback,
    upstream: { host: loopback.host, port: (inner.address() as AddressInfo).port },
    health: async () => state.health,
    isBlocked: () => state.blocked,
    faltered: (error) => assert.fail(error),
  })
  return {
    admin: { url: `http://127.0.0.1:${server.port}`, close: server.close },
    port: server.port,
    inner,
  }
}
const well: Health = { live: [], ready: [] }

test('probes are answered at the door, and every other call behind it, as it came', async () => {
  const state = { blocked: false, health: well }
  const { admin, inner } = await opened(state)
  try {
    assert.equal((await call(admin, '/livez?x=1', { method: 'HEAD' })).status, 200)
    assert.equal((await call(admin, '/readyz', { method: 'POST' })).status, 405)
    const reasons = [{ actor: 'dispatcher', reason: 'stalled' }]
    state.health = { live: [], ready: reasons }
    assert.equal((await call(admin, '/livez')).status, 200)
    assert.deepEqual((await call(admin, '/readyz')).json, { status: 'unavailable', reasons })

    const headers = { host: 'edge.example', authorization: 'Bearer hunter2' }
    const body = 'x'.repeat(200_000)
    const got = await call(admin, '/api/v1/endpoint?a=b', { method: 'PUT', headers, body })
    assert.deepEqual([got.status, got.headers['x-inner']], [201, 'yes'])
    assert.deepEqual(JSON.parse(got.text), {
      method: 'PUT',
      url: '/api/v1/endpoint?a=b',
      ...headers,
      body,
    })
  } finally {
    await admin.close()
    inner.close()
  }
})

test('an offer of HTTP/2 is passed over, as a server may', async () => {
  const { admin, inner } = await opened({ blocked: false, health: well })
  const headers = { connection: 'upgrade, http2-settings', upgrade: 'h2c', 'http2-settings': 'AA' }
  try {
    assert.equal((await call(admin, '/livez', { headers })).json.status, 'ok')
    assert.equal((await call(admin, '/metrics', { headers })).status, 201)
  } finally {
    await admin.close()
    inner.close()
  }
})

test('while the main thread is blocked, or gone, calls are told so at once', async () => {
  const state = { blocked: true, health: well }
  const { admin, inner } = await opened(state)
  try {
    assert.match(
      (await call(admin, '/metrics')).json.error ?? '',
      /event loop of the process is blocked/,
    )
    state.blocked = false
    await new Promise((resolve) => inner.close(resolve))
    const gone = await call(admin, '/metrics')
    assert.deepEqual([gone.status, gone.headers['retry-after']], [503, '1'])
    assert.equal((await call(admin, '/livez')).status, 200)
  } finally {
    await admin.close()
  }
})

test('a connection that becomes something else is handed on both ways', async () => {
  const { admin, port, inner } = await opened({ blocked: false, health: well })
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  try {
    socket.write(
      'GET /inspect HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nfirst ',
    )
    let heard = ''
    for await (const text of socket) {
      heard += text
      if (heard.endsWith('upgrade: websocket\r\n\r\nfirst ')) socket.write('second')
      if (heard.endsWith('first second')) break
    }
    assert.match(heard, /^HTTP\/1\.1 101 /)
  } finally {
    socket.destroy()
    await admin.close()
    inner.close()
  }
})
