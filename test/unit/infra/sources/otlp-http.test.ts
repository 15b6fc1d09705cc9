import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { decode, decodeRequest, encodeRequest, flatten } from '../otlp/oracle.ts'
import { logsOf } from './requests.ts'
import { openSource } from './source.ts'

const body = encodeRequest({ resourceLogs: [logsOf('auth', { records: 3 })] })
const json = JSON.stringify({ resourceLogs: [logsOf('auth', { records: 3 })] })
const jsonType = { 'content-type': 'application/json; charset=utf-8' }

test('records are kept byte for byte before a client is told 200', async (context) => {
  const { post, kept, statuses } = await openSource(context)
  const answer = await post(body)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'application/x-protobuf')
  assert.equal((await answer.bytes()).length, 0)
  assert.deepEqual(kept, [{ ...kept[0], tenant: 'default', service: 'auth', payload: body }])
  assert.deepEqual(statuses, [200])
})

test('JSON is kept as the same records, and answered in JSON', async (context) => {
  const { post, kept } = await openSource(context)
  const answer = await post(json, jsonType)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.deepEqual(await answer.json(), {})
  assert.deepEqual(kept[0]?.payload, body)
})

test('bodies may be gzip or deflate, in both encodings', async (context) => {
  const { post, kept } = await openSource(context)
  const answers = await Promise.all([
    post(gzipSync(body), { 'content-encoding': 'gzip' }),
    post(deflateSync(body), { 'content-encoding': 'deflate' }),
    post(gzipSync(json), { ...jsonType, 'content-encoding': 'GZIP' }),
    post(body, { 'content-encoding': 'identity' }),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  )
  const records = flatten(decodeRequest(Buffer.concat(kept.map(({ payload }) => payload))))
  assert.equal(records.length, 12)
})

test('the tenancy header names the tenant', async (context) => {
  const { post, kept } = await openSource(context)
  assert.equal((await post(body, { 'x-scope-orgid': 'acme/eu' })).status, 200)
  assert.equal((await post(body, { 'x-scope-orgid': '' })).status, 200)
  assert.deepEqual(
    kept.map(({ tenant }) => tenant),
    ['acme/eu', 'default'],
  )
})

test('a tenant that cannot be one is refused with 400', async (context) => {
  const { post, kept } = await openSource(context)
  for (const tenant of ['x'.repeat(257), 'é', 'a\tb']) {
    const answer = await post(json, { ...jsonType, 'x-scope-orgid': tenant })
    assert.equal(answer.status, 400)
    assert.match(JSON.stringify(await answer.json()), /x-scope-orgid is not usable: a tenant/)
  }
  assert.deepEqual(kept, [])
})

test('a request without records is a success with nothing to keep', async (context) => {
  const { post, kept } = await openSource(context)
  assert.equal((await post(null)).status, 200)
  assert.equal((await post('{}', jsonType)).status, 200)
  assert.deepEqual(kept, [])
})

test('what is malformed is refused with 400, saying where, in the client’s encoding', async (context) => {
  const { post, kept, statuses } = await openSource(context)
  const broken = await post(body.subarray(0, body.length - 1))
  assert.equal(broken.status, 400)
  assert.match(
    JSON.stringify(decode('Status', await broken.bytes())),
    /"code":3.*no ExportLogsServiceRequest: truncated: .* at byte 1 in resource_logs\[0\]/,
  )
  const text = await post('{"resourceLogs":[7]}', jsonType)
  assert.equal(text.status, 400)
  const { code, message } = (await text.json()) as Record<string, unknown>
  assert.equal(code, 3)
  assert.match(String(message), /an object was expected, not "7", at \$\.resourceLogs\[0\]/)
  for (const damaged of [body, gzipSync(body).subarray(0, 30), Buffer.alloc(0)])
    assert.equal((await post(damaged, { 'content-encoding': 'gzip' })).status, 400)
  assert.deepEqual(kept, [])
  assert.deepEqual(statuses, [400, 400, 400, 400, 400])
})

test('other paths are 404 and name the right one', async (context) => {
  const { post, source } = await openSource(context)
  for (const [path, message] of [
    ['/v1/traces', /takes logs, not what is sent to \/v1\/traces/],
    ['/v1/metrics', /takes logs/],
    ['/', /Logs are sent to \/v1\/logs/],
    ['/v1/logs/', /nothing at this path/],
  ] as const) {
    const answer = await post(json, jsonType, source.url + path)
    assert.equal(answer.status, 404)
    assert.match(JSON.stringify(await answer.json()), message)
  }
  const found = await post(json, jsonType, `${source.url}/v1/logs?from=here`)
  assert.equal(found.status, 200)
})

test('other methods are 405 and name the right one', async (context) => {
  const { url } = await openSource(context)
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await fetch(url, { method })
    assert.equal(answer.status, 405)
    assert.equal(answer.headers.get('allow'), 'POST')
    await answer.bytes()
  }
})

test('other contents and codings are 415 and name those that are taken', async (context) => {
  const { post, kept } = await openSource(context)
  for (const type of ['text/plain', 'application/grpc', '']) {
    const answer = await post(body, { 'content-type': type })
    assert.equal(answer.status, 415)
    assert.match(await answer.text(), /application\/x-protobuf, application\/json/)
  }
  const answer = await post(body, { 'content-encoding': 'br' })
  assert.equal(answer.status, 415)
  assert.match(JSON.stringify(decode('Status', await answer.bytes())), /identity, gzip, deflate/)
  assert.deepEqual(kept, [])
})

test('a body that is too large is 413, declared, streamed or decompressed', async (context) => {
  const { post, kept, url, statuses } = await openSource(context)
  const large = Buffer.alloc(1_500_000)
  assert.equal((await post(large)).status, 413)
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
  })
  const streamed = await fetch(url, {
    method: 'POST',
    body: stream,
    duplex: 'half',
    headers: { 'content-type': 'application/json' },
  } as RequestInit)
  assert.equal(streamed.status, 413)
  assert.match(await streamed.text(), /larger than 1000000 bytes/)
  const bomb = gzipSync(Buffer.alloc(30_000_000))
  assert.ok(bomb.length < 100_000)
  const bombed = await post(bomb, { ...jsonType, 'content-encoding': 'gzip' })
  assert.equal(bombed.status, 413)
  assert.match(await bombed.text(), /larger than 5000000 bytes when it is decompressed/)
  assert.deepEqual(kept, [])
  assert.deepEqual(statuses, [413, 413, 413])
  assert.equal((await post(body)).status, 200)
})

test('many bombs at a time are each refused', async (context) => {
  const { post } = await openSource(context)
  const bomb = gzipSync(Buffer.alloc(20_000_000))
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => post(bomb, { 'content-encoding': 'gzip' })),
  )
  assert.ok(answers.every(({ status }) => status === 413))
})

test('a full queue is 429, whatever else refuses is 503, both with Retry-After', async (context) => {
  const { post, intake, refused, keep, statuses } = await openSource(context, {
    consumer: 'holding',
    queueRequestsMax: 1,
  })
  const both = [post(body), post(body)]
  const crowded = await Promise.race(both)
  assert.equal(crowded.status, 429)
  assert.equal(crowded.headers.get('retry-after'), '1')
  assert.match(JSON.stringify(decode('Status', await crowded.bytes())), /"code":8/)
  const [first] = refused
  assert.equal(first?.reason, 'overdue')
  assert.equal(first?.parts[0]?.records, 3)
  keep()
  assert.deepEqual((await Promise.all(both)).map(({ status }) => status).sort(), [200, 429])

  intake.close({ reason: 'cache_full', retryAfterMs: 2_100 })
  const answer = await post(json, jsonType)
  assert.equal(answer.status, 503)
  assert.equal(answer.headers.get('retry-after'), '3')
  assert.deepEqual(await answer.json(), {
    code: 14,
    message: 'The request was not kept: cache_full. Send it again.',
  })
  assert.equal(refused.at(-1)?.reason, 'cache_full')
  intake.close({ reason: 'draining', retryAfterMs: 0 })
  assert.equal((await post(body)).headers.get('retry-after'), '1')
  intake.open()
  assert.equal((await post(body)).status, 200)
  assert.ok(statuses.includes(429))
})
test('an intake that breaks is 503 and an error in the log, and the source goes on', async (context) => {
  const { post, intake, errors } = await openSource(context)
  const { offer } = intake
  Object.assign(intake, { offer: () => Promise.reject(new Error('broken')) })
  assert.equal((await post(body)).status, 503)
  assert.match(String(errors[0]), /request.failed/)
  Object.assign(intake, { offer })
  assert.equal((await post(body)).status, 200)
})
