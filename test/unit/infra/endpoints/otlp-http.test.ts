import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { batchId, seq } from '../../../../schemas/brand.ts'
import { openSink } from '../../../support/sink.ts'
import { attemptAt, heldOf, openTestEndpoint, payloadOf } from './fixture.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('a request carries what receivers were promised', async (t) => {
  const sink = await openSink({ keep: 'bodies' })
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  const held = [heldOf(0, 9, { service: 'a/b c' }), heldOf(40, 44, { service: 'ü' })]
  const payload = [payloadOf(10), payloadOf(5, 'other')]
  const verdict = await endpoint.attempt(attemptAt(sink.url, { held, payload }))
  assert.deepEqual(verdict, { kind: 'accepted' })
  const [request] = sink.requests
  assert.ok(request !== undefined)
  const ids = 'edge-1.7/acme/a%2Fb%20c/0-9, edge-1.7/acme/%C3%BC/40-44'
  const { headers } = request
  assert.equal(headers['holdfast-batch'], ids)
  assert.equal(headers['idempotency-key'], ids)
  assert.equal(headers['holdfast-epoch'], '7')
  assert.equal(headers['x-scope-orgid'], 'acme')
  assert.equal(headers['content-type'], 'application/x-protobuf')
  assert.equal(headers['user-agent'], 'holdfast/1.2.3')
  assert.equal(headers['content-encoding'], undefined)
  const { traceparent } = headers
  assert.match(String(traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  assert.equal(request.sha256, sha256(Buffer.concat(payload)))
  assert.equal(request.recordCount, 15)
  assert.equal(sink.records(), 15)
})

test('every attempt has a trace of its own', async (t) => {
  const sink = await openSink()
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  for (let count = 0; count < 3; count += 1) await endpoint.attempt(attemptAt(sink.url))
  const traces = sink.requests.map(({ headers: { traceparent } }) => traceparent)
  assert.equal(new Set(traces).size, 3)
  assert.deepEqual(sink.duplicates(), { batches: 2, records: 20 })
})

test('a part of a batch has the id of its own range', async (t) => {
  const sink = await openSink()
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  const held = heldOf(100, 199)
  const cut = { firstSeq: seq(150), lastSeq: seq(159) }
  await endpoint.attempt({ ...attemptAt(sink.url), piece: { held: [held], cut } })
  assert.deepEqual(sink.requests[0]?.ids, [batchId({ ...held.batch, ...cut })])
})

test('several large payloads, several small ones, and gzip arrive as one and the same', async (t) => {
  const sink = await openSink({ keep: 'bodies' })
  const plain = openTestEndpoint()
  const zipping = openTestEndpoint({ compression: 'gzip' })
  t.after(() => Promise.all([plain.close(), zipping.close(), sink.close()]))
  const large = Array.from({ length: 5 }, () => payloadOf(4000, 'x'.repeat(100)))
  const small = Array.from({ length: 50 }, () => payloadOf(2))
  for (const payload of [large, small])
    for (const endpoint of [plain, zipping]) {
      const verdict = await endpoint.attempt(attemptAt(sink.url, { payload }))
      assert.deepEqual(verdict, { kind: 'accepted' })
      assert.equal(sink.requests.at(-1)?.sha256, sha256(Buffer.concat(payload)))
    }
  const encodings = sink.requests.map(({ headers }) => headers['content-encoding'])
  assert.deepEqual(encodings, [undefined, 'gzip', undefined, 'gzip'])
})

test('a tenant that no header can carry is percent-encoded', async (t) => {
  const sink = await openSink()
  const endpoint = openTestEndpoint({ tenancyHeader: 'X-Tenant' })
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  for (const tenant of ['team one', 'Zürich', 'a\r\nx-evil: 1', ' padded '])
    await endpoint.attempt(attemptAt(sink.url, { held: [heldOf(0, 9, { tenant })] }))
  assert.deepEqual(
    sink.requests.map(({ headers }) => headers['x-tenant']),
    ['team one', 'Z%C3%BCrich', 'a%0D%0Ax-evil%3A%201', '%20padded%20'],
  )
  assert.ok(sink.requests.every(({ headers }) => headers['x-evil'] === undefined))
})

test('the verdicts of a whole exchange: partial, throttled, too large, rejected, failed', async (t) => {
  const sink = await openSink()
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  sink.behave(
    (request) =>
      (
        [
          { kind: 'partial', rejected: 4, message: 'too old' },
          { kind: 'status', status: 429, headers: { 'retry-after': '3' } },
          { kind: 'acceptUpTo', bytesMax: 10 },
          { kind: 'status', status: 400, body: 'no', headers: { 'content-type': 'text/plain' } },
          {
            kind: 'status',
            status: 503,
            body: 'in maintenance',
            headers: { 'content-type': 'text/plain' },
          },
          { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1:1/' } },
        ] as const
      )[request] ?? { kind: 'accept' },
  )
  for (const expected of [
    { kind: 'partial', rejected: 4, message: 'too old' },
    { kind: 'throttled', status: 429, retryAfterMs: 3000 },
    { kind: 'tooLarge' },
    { kind: 'rejected', status: 400, message: 'no' },
    { kind: 'failed', status: 503, detail: 'in maintenance' },
    { kind: 'failed', status: 302, detail: '' },
    { kind: 'accepted' },
  ])
    assert.deepEqual(await endpoint.attempt(attemptAt(sink.url)), expected)
})

test('a redirect is told of and not followed, with the base that it names', async (t) => {
  const second = await openSink()
  const first = await openSink()
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), first.close(), second.close()]))
  const redirect = (location: string | null) =>
    ({ kind: 'redirect', status: 308, location }) as const
  for (const [answer, location] of [
    [redirect(`${second.url}/v1/logs`), second.url],
    [redirect(`${second.url}/base/`), `${second.url}/base/`],
    [redirect('self'), first.url],
    [redirect('/eu/v1/logs'), `${first.url}/eu`],
    [redirect(null), null],
  ] as const) {
    first.behave(() => answer)
    const verdict = await endpoint.attempt(attemptAt(`${first.url}/`))
    assert.deepEqual(verdict, { kind: 'redirected', status: 308, location })
  }
  assert.equal(second.requests.length, 0)
})

test('credentials reach their own origin alone, and no verdict or log line shows them', async (t) => {
  const lines: string[] = []
  const [own, other, allowed] = [await openSink(), await openSink(), await openSink()]
  const allowedHost = new URL(allowed.url).host
  const endpoint = openTestEndpoint(
    {
      origins: {
        url: `${own.url}/base`,
        headers: { Authorization: 'Bearer secret-of-own' },
        hosts: [{ host: allowedHost, headers: { 'x-key': 'secret-of-allowed' } }],
      },
    },
    lines,
  )
  t.after(() => Promise.all([endpoint.close(), own.close(), other.close(), allowed.close()]))
  const echo = {
    kind: 'status',
    status: 401,
    headers: { 'content-type': 'text/plain' },
    body: 'I was sent secret-of-own, secret-of-allowed',
  } as const
  for (const sink of [own, other, allowed]) {
    sink.behave(() => echo)
    const verdict = await endpoint.attempt(attemptAt(sink.url))
    assert.ok(!JSON.stringify(verdict).includes('secret-of'), JSON.stringify(verdict))
  }
  assert.equal(own.requests[0]?.headers.authorization, 'Bearer secret-of-own')
  assert.equal(own.requests[0]?.headers['x-key'], undefined)
  assert.equal(other.requests[0]?.headers.authorization, undefined)
  assert.equal(other.requests[0]?.headers['x-key'], undefined)
  assert.equal(allowed.requests[0]?.headers.authorization, undefined)
  assert.equal(allowed.requests[0]?.headers['x-key'], 'secret-of-allowed')
  assert.ok(!lines.join('').includes('secret-of'))
})

test('more batch ids than a header may hold are split before they are sent', async (t) => {
  const sink = await openSink()
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  const held = Array.from({ length: 400 }, (_, index) => heldOf(index, index))
  assert.deepEqual(await endpoint.attempt(attemptAt(sink.url, { held })), { kind: 'tooLarge' })
  assert.equal(sink.requests.length, 0)
  const fewer = held.slice(0, 200)
  assert.deepEqual(await endpoint.attempt(attemptAt(sink.url, { held: fewer })), {
    kind: 'accepted',
  })
  const longNamed = [heldOf(0, 9, { service: 's'.repeat(7200) })]
  assert.deepEqual(await endpoint.attempt(attemptAt(sink.url, { held: longNamed })), {
    kind: 'accepted',
  })
})

test('a web page with status 200 is accepted, and a person is told, once', async (t) => {
  const lines: string[] = []
  const page = { 'content-type': 'text/html' }
  const sink = await openSink({
    behaviour: () => ({ kind: 'status', status: 200, headers: page, body: '<h1>hello</h1>' }),
  })
  const endpoint = openTestEndpoint({}, lines)
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  for (let count = 0; count < 3; count += 1)
    assert.deepEqual(await endpoint.attempt(attemptAt(sink.url)), { kind: 'accepted' })
  assert.equal(lines.length, 1)
  assert.match(String(lines[0]), /"level":"warn","event":"endpoint.answer.doubted"/)
})

test('a closed endpoint, and a url that is none, are unreachable', async () => {
  const endpoint = openTestEndpoint()
  const none = await endpoint.attempt(attemptAt('not a url'))
  assert.equal(none.kind, 'unreachable')
  await endpoint.close()
  const closed = await endpoint.attempt(attemptAt('http://127.0.0.1:1'))
  assert.deepEqual(closed, { kind: 'unreachable', detail: 'abandoned: the endpoint is closed' })
})

test('closing breaks off what is under way, which is then unreachable', async (t) => {
  const sink = await openSink({ behaviour: () => ({ kind: 'hang' }) })
  t.after(() => sink.close())
  for (const compression of ['none', 'gzip'] as const) {
    const endpoint = openTestEndpoint({ compression })
    const attempt = endpoint.attempt(attemptAt(sink.url))
    await endpoint.close()
    assert.equal((await attempt).kind, 'unreachable')
  }
})
