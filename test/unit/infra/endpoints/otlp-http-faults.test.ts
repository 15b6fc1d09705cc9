import assert from 'node:assert/strict'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { attemptAt, openRawServer, openTestEndpoint, payloadOf } from './fixture.ts'

/** More than the kernel takes at once, so that the client is still writing when it is answered. */
const large = [payloadOf(40_000, 'x'.repeat(200))]
const largeInParts = Array.from({ length: 8 }, () => payloadOf(5_000, 'x'.repeat(200)))

const against = async (
  t: TestContext,
  onConnection: (socket: Socket) => void,
  options: Parameters<typeof attemptAt>[1] = {},
) => {
  const server = await openRawServer(onConnection)
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), server.close()]))
  return { server, endpoint, attempt: () => endpoint.attempt(attemptAt(server.url, options)) }
}

const answerAtOnce = (answer: string) => (socket: Socket) => {
  socket.once('data', () => socket.write(answer))
}

for (const [name, payload] of [
  ['one payload', large],
  ['several', largeInParts],
] as const) {
  test(`an answer that comes before the body was read counts (${name})`, async (t) => {
    const early = (status: string) => (socket: Socket) => {
      // Reads on, as receivers do so that their answer is not lost.
      socket.once('data', () =>
        socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`),
      )
      socket.resume()
    }
    const tooLarge = await against(t, early('413 Content Too Large'), { payload })
    assert.deepEqual(await tooLarge.attempt(), { kind: 'tooLarge' })
    const busy = await against(t, early('503 Busy\r\nretry-after: 2'), { payload })
    assert.deepEqual(await busy.attempt(), {
      kind: 'throttled',
      status: 503,
      retryAfterMs: 2000,
    })
  })

  test(`an early answer counts though nothing more is read of the body (${name})`, async (t) => {
    const { attempt } = await against(
      t,
      (socket) => {
        socket.once('data', () => {
          socket.pause()
          socket.end('HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
        })
      },
      { payload },
    )
    assert.deepEqual(await attempt(), { kind: 'tooLarge' })
  })

  test(`a reset in the middle of the body is unreachable (${name})`, async (t) => {
    const { attempt } = await against(
      t,
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      { payload },
    )
    const verdict = await attempt()
    assert.ok(verdict.kind === 'unreachable')
    assert.match(verdict.detail, /ECONNRESET|EPIPE/)
  })

  test(`a receiver that reads nothing is timed out by the deadline (${name})`, async (t) => {
    const { attempt } = await against(t, (socket) => socket.pause(), { payload, timeoutMs: 100 })
    const verdict = await attempt()
    assert.ok(verdict.kind === 'unreachable')
    assert.match(verdict.detail, /^timed out after \d+ ms$/)
  })
}

test('a receiver that closes without an answer is unreachable', async (t) => {
  const { attempt } = await against(t, (socket) => socket.once('data', () => socket.end()))
  const verdict = await attempt()
  assert.ok(verdict.kind === 'unreachable')
  assert.match(verdict.detail, /ECONNRESET: socket hang up/)
})

test('a receiver that never answers is timed out by the deadline', async (t) => {
  const { attempt } = await against(t, (socket) => socket.resume(), { timeoutMs: 50 })
  const verdict = await attempt()
  assert.ok(verdict.kind === 'unreachable')
  assert.match(verdict.detail, /^timed out/)
})

test('headers without end are unreachable, fast or slow', async (t) => {
  const fast = await against(t, (socket) =>
    socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`)),
  )
  const flooded = await fast.attempt()
  assert.ok(flooded.kind === 'unreachable')
  assert.match(flooded.detail, /OVERFLOW/)
  const slow = await against(t, answerAtOnce('HTTP/1.1 200 OK\r\nx: '), { timeoutMs: 50 })
  const dripped = await slow.attempt()
  assert.ok(dripped.kind === 'unreachable' && dripped.detail.startsWith('timed out'))
})

test('interim answers without end are timed out', async (t) => {
  const { attempt } = await against(
    t,
    (socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Early\r\nx: y\r\n\r\n'), 1)
      socket.on('close', () => clearInterval(timer))
      socket.resume()
    },
    { timeoutMs: 60 },
  )
  const verdict = await attempt()
  assert.ok(verdict.kind === 'unreachable' && verdict.detail.startsWith('timed out'))
})

test('a body without end is cut off: the status decides', async (t) => {
  const pour = (head: string) => (socket: Socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(16_384, 0x20)));
    }
    socket.on('drain', more)
    socket.once('data', () => {
      socket.write(`${head}\r\ncontent-type: text/plain\r\n\r\n`)
      more()
    })
  }
  const taken = await against(t, pour('HTTP/1.1 200 OK'))
  assert.deepEqual(await taken.attempt(), { kind: 'accepted' })
  const failing = await against(t, pour('HTTP/1.1 500 Oops'))
  assert.equal((await failing.attempt()).kind, 'failed')
  assert.equal((await taken.attempt()).kind, 'accepted')
})

test('a body that stops half-way leaves a refusal what it is, but a 2xx in doubt', async (t) => {
  const half = (status: string) =>
    answerAtOnce(`HTTP/1.1 ${status}\r\ncontent-length: 100\r\n\r\nhalf`)
  const refused = await against(t, half('400 Bad'), { timeoutMs: 500 })
  assert.deepEqual(await refused.attempt(), { kind: 'rejected', status: 400, message: '' })
  const taken = await against(t, half('200 OK'), { timeoutMs: 500 })
  const verdict = await taken.attempt()
  assert.ok(verdict.kind === 'unreachable')
  assert.match(verdict.detail, /^timed out after \d+ ms, in the middle of an answer .* 200$/)
})

test('a body that is reset half-way leaves a refusal what it is, but a 2xx in doubt', async (t) => {
  const half = (status: string) => (socket: Socket) => {
    socket.once('data', () =>
      socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 100\r\n\r\nhalf`, () => socket.end()),
    )
  }
  const refused = await against(t, half('413 Too Large'))
  assert.deepEqual(await refused.attempt(), { kind: 'tooLarge' })
  const taken = await against(t, half('200 OK'))
  assert.equal((await taken.attempt()).kind, 'unreachable')
})

test('what is no HTTP is unreachable, with the code of the parser', async (t) => {
  for (const answer of ['SSH-2.0-OpenSSH_9.6\r\n', '\0\0\0', 'HTTP/1.1 abc\r\n\r\n']) {
    const { attempt } = await against(t, answerAtOnce(answer))
    const verdict = await attempt()
    assert.ok(verdict.kind === 'unreachable')
    assert.match(verdict.detail, /^(HPE_\w+|HTTPParserError): /, answer)
  }
})

test('no listener, no such name and no TLS are unreachable, each by its code', async (t) => {
  const closing = createServer()
  await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve))
  const { port } = closing.address() as AddressInfo
  await new Promise((resolve) => closing.close(resolve))
  const plain = await openRawServer(answerAtOnce('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), plain.close()]))
  for (const [url, code] of [
    [`http://127.0.0.1:${port}`, /ECONNREFUSED/],
    ['http://no-such-host.invalid', /ENOTFOUND|EAI_AGAIN|timed out/],
    [plain.url.replace('http:', 'https:'), /ERR_SSL|EPROTO/],
  ] as const) {
    const verdict = await endpoint.attempt(attemptAt(url))
    assert.ok(verdict.kind === 'unreachable')
    assert.match(verdict.detail, code)
  }
})

test('an attempt that is abandoned ends at once, and one that was abandoned before is not sent', async (t) => {
  const arrived = Promise.withResolvers<void>()
  const { server, endpoint } = await against(t, (socket) => socket.once('data', arrived.resolve))
  const controller = new AbortController()
  const attempt = endpoint.attempt(attemptAt(server.url, { signal: controller.signal }))
  await arrived.promise
  controller.abort()
  assert.deepEqual(await attempt, { kind: 'unreachable', detail: 'abandoned' })
  const again = await endpoint.attempt(attemptAt(server.url, { signal: controller.signal }))
  assert.deepEqual(again, { kind: 'unreachable', detail: 'abandoned' })
  const late = await endpoint.attempt(attemptAt(server.url, { timeoutMs: -1 }))
  assert.deepEqual(late, { kind: 'unreachable', detail: 'timed out before it was sent' })
})
