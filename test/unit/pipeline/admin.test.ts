import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Admin } from '../../../pipeline/admin/server.ts'
import { call, open } from './call-admin.ts'
import { dropId, handMade } from './hand-made.ts'

describe('the admin API', () => {
  const { observed, told } = handMade()
  let admin: Admin
  before(async () => {
    admin = await open({ observed })
  })
  after(() => admin.close())

  it('says that it is live and ready, and is never cached', async () => {
    for (const path of ['/livez', '/readyz']) {
      const { status, json, headers } = await call(admin, path)
      assert.deepEqual([status, json], [200, { status: 'ok', reasons: [] }])
      assert.equal(headers['cache-control'], 'no-store')
    }
    assert.equal((await call(admin, '/livez', { method: 'HEAD' })).status, 200)
  })

  it('shows the account, of one tenant when asked to', async () => {
    const { json } = await call(admin, '/api/v1/ledger')
    assert.deepEqual(json.totals, observed.ledger.totals())
    assert.equal(json.streams?.length, 3)
    assert.equal((await call(admin, '/api/v1/ledger?tenant=acme')).json.streams?.length, 2)
  })

  it('shows drops with their times as ISO 8601, null where there is none', async () => {
    const { json } = await call(admin, '/api/v1/drops')
    assert.equal(json.cursor, dropId(2))
    assert.deepEqual(json.drops?.[0], {
      id: dropId(1),
      tenant: 'acme',
      service: 'web',
      producer: 'edge-1-x',
      firstSeq: 3,
      lastSeq: 4,
      records: 2,
      bytes: 100,
      reason: 'cache_overwritten',
      detail: 'the cache was full',
      at: '1970-01-01T00:00:05.000Z',
      from: null,
      to: '1970-01-01T00:00:04.000Z',
    })
  })

  it('takes since as RFC 3339, as milliseconds, or as an age', async () => {
    for (const [since, sinceMs] of [
      ['2026-11-24T10:00:00Z', Date.UTC(2026, 10, 24, 10)],
      ['2026-11-24T10:00:00%2B02:00', Date.UTC(2026, 10, 24, 8)],
      ['2026-11-24T10:00:00+02:00', Date.UTC(2026, 10, 24, 8)],
      ['2026-11-24', Date.UTC(2026, 10, 24)],
      ['1700000000000', 1_700_000_000_000],
    ]) {
      await call(admin, `/api/v1/drops?since=${since}&limit=5&cursor=0mwvedugy-0000&tenant=acme`)
      assert.deepEqual(told.at(-1), {
        sinceMs,
        limit: 5,
        cursor: '0mwvedugy-0000',
        tenant: 'acme',
      })
    }
    await call(admin, '/api/v1/drops?since=15m')
    const { sinceMs } = told.at(-1) as { sinceMs: number }
    const ageMs = Date.now() - sinceMs
    assert.ok(ageMs >= 15 * 60_000 && ageMs < 16 * 60_000)
  })

  it('refuses parameters that it does not know or cannot read, and says what is allowed', async () => {
    for (const [path, error] of [
      ['ledger?tennant=acme', 'there is no parameter "tennant"'],
      ['ledger?tenant=a&tenant=b', 'the parameter tenant is here twice'],
      ['drops?since=yesterday', 'since: "yesterday" is no time'],
      ['drops?since=2026-13-45', 'since: "2026-13-45" is no time'],
      ['drops?limit=0', 'limit: "0" is out of range'],
      ['drops?limit=1e9', 'limit: "1e9" is out of range'],
      ['drops?cursor=%00', 'cursor: this is no cursor'],
      // It would sort behind all ids, and the empty page would read as if nothing had been lost.
      ['drops?cursor=nonsense', 'cursor: this is no cursor'],
      ['drops?reason=bored', 'reason: "bored" is not known'],
      ['endpoint?x=1', 'there is no parameter "x"'],
    ]) {
      const { status, json } = await call(admin, `/api/v1/${path}`)
      assert.deepEqual([status, json.error], [400, error])
      assert.notEqual(json.allowed, undefined)
    }
  })

  it('shows the endpoint and sets it, under the next epoch', async () => {
    const { json } = await call(admin, '/api/v1/endpoint')
    assert.equal(json.epoch, 7)
    assert.equal(json.history?.[0]?.at, '1970-01-01T00:00:01.000Z')
    const body = JSON.stringify({ url: 'http://b.example', reason: 'move' })
    const put = await call(admin, '/api/v1/endpoint', { method: 'PUT', body })
    assert.equal(put.status, 202)
    assert.deepEqual([put.json.epoch, put.json.url], [8, 'http://b.example'])
    assert.deepEqual(told.at(-1), { kind: 'set', url: 'http://b.example', reason: 'move' })
  })

  it('says why an endpoint was not set: 400 what is wrong, 503 what may go by', async () => {
    const told400 = told.length
    for (const [body, status, error] of [
      ['{"url":"http://evil.example"}', 400, 'evil is not on the list'],
      ['{"url":"http://busy.example"}', 503, 'too many commands'],
      ['{"url":"nowhere"}', 400, 'url: this is no absolute URL'],
      [
        '{"url":"http://a:b@c"}',
        400,
        'url: a URL must not carry credentials, since it is shown and logged',
      ],
      ['{"url":5}', 400, 'url is no text'],
      ['{"uri":"http://b"}', 400, 'there is no field "uri"'],
      [
        '{"url":"http://b","reason":"a\\nb"}',
        400,
        'reason is longer than 500 characters or has control characters',
      ],
      ['', 400, 'url is missing'],
      ['[]', 400, 'the body is no JSON object: it is a list'],
      ['"b"', 400, 'the body is no JSON object: it is a string'],
      ['null', 400, 'the body is no JSON object: it is null'],
    ] as const) {
      const put = await call(admin, '/api/v1/endpoint', { method: 'PUT', body })
      assert.deepEqual([put.status, put.json.error], [status, error])
      assert.doesNotMatch(String(put.json.allowed), /^allowed:/, 'the field says it already')
    }
    assert.equal(told.length - told400, 2, 'only what can be read reaches the endpoint manager')
  })

  it('says of a body that is no JSON where it is wrong, and shows one that is right', async () => {
    const refusedBody = async (method: string, path: string, body: string) =>
      (await call(admin, path, { method, body })).json as { error: string; allowed: string }
    const put = await refusedBody('PUT', '/api/v1/endpoint', '{"url": http://b}')
    assert.match(put.error, /^the body is no JSON object: Unexpected token .h./)
    assert.deepEqual(Object.keys(JSON.parse(put.allowed)), ['url', 'reason'])
    const pin = await refusedBody('POST', '/api/v1/endpoint/pin', 'why not')
    assert.deepEqual(Object.keys(JSON.parse(pin.allowed)), ['reason'])
  })

  it('refuses a body of more than 64 KiB', async () => {
    const body = JSON.stringify({ url: `http://${'a'.repeat(70_000)}` })
    const { status } = await call(admin, '/api/v1/endpoint', { method: 'PUT', body })
    assert.equal(status, 413)
  })

  it('pins, unpins, suspends and resumes', async () => {
    for (const [path, kind] of [
      ['endpoint/pin', 'pin'],
      ['endpoint/unpin', 'unpin'],
      ['dispatch/suspend', 'suspend'],
      ['dispatch/resume', 'resume'],
    ]) {
      const posted = await call(admin, `/api/v1/${path}`, {
        method: 'POST',
        body: '{"reason":"r"}',
      })
      assert.equal(posted.status, 202)
      assert.deepEqual(told.at(-1), { kind, reason: 'r' })
    }
  })

  it('shows the actors', async () => {
    const { json } = await call(admin, '/api/v1/actors')
    assert.deepEqual(json, {
      actors: [
        {
          id: 'cache',
          machine: 'cache',
          value: 'open',
          detail: '3 segments',
          healthy: true,
          since: '1970-01-01T00:00:02.000Z',
        },
      ],
    })
  })

  it('shows the metrics as promised, summed over producers, labels escaped', async () => {
    const { text, headers } = await call(admin, '/metrics')
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
    for (const line of [
      'holdfast_records_accepted_total{tenant="acme",service="web"} 10',
      'holdfast_records_delivered_total{tenant="b\\"c",service="web"} 3',
      'holdfast_records_dropped_total{tenant="_other",service="_other"} 0',
      'holdfast_records_refused_total{tenant="acme"} 1',
      'holdfast_records_refused_total{tenant="_other"} 2',
      'holdfast_records_pending 3',
      'holdfast_unaccounted_records 0',
      'holdfast_cache_bytes 11',
      'holdfast_cache_capacity_bytes 22',
      'holdfast_cache_oldest_age_seconds 1.5',
      'holdfast_endpoint_epoch 7',
      'holdfast_redirects_total 0',
      'holdfast_stalls_total 0',
      'holdfast_attempts_total{outcome="accepted"} 0',
      'holdfast_attempt_duration_seconds_count 0',
    ])
      assert.ok(text.includes(`\n${line}\n`), line)
    for (const line of text.trimEnd().split('\n'))
      assert.match(
        line,
        /^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[a-z]+="([^"\\\n]|\\.)*"(,[a-z]+="([^"\\\n]|\\.)*")*\})? -?[\d.e+-]+)$/,
      )
  })

  it('helps whoever asks for the wrong thing', async () => {
    const lost = await call(admin, '/api/v1/ledgers')
    assert.equal(lost.status, 404)
    assert.ok(lost.json.allowed?.includes('/api/v1/ledger'))
    for (const path of ['/livez', '/api/v1/ledger']) {
      const { status, headers } = await call(admin, path, { method: 'DELETE' })
      const { allow } = headers
      assert.deepEqual([status, allow], [405, 'GET'])
    }
    assert.equal((await call(admin, '/constructor')).status, 404)
    assert.equal((await call(admin, '/metrics', { method: 'constructor' })).status, 400)
  })

  it('answers no page of another origin, and no name that is not this machine', async () => {
    const headers = { host: 'rebound.example:8686' }
    assert.equal((await call(admin, '/api/v1/ledger', { headers })).status, 403)
    assert.equal((await call(admin, '/livez', { headers })).status, 200)
    for (const host of ['localhost:1', '127.0.0.1', '[::1]:8686', 'LOCALHOST'])
      assert.equal((await call(admin, '/api/v1/ledger', { headers: { host } })).status, 200)
    const foreign = { origin: 'http://evil.example' }
    const suspended = await call(admin, '/api/v1/dispatch/suspend', {
      method: 'POST',
      headers: foreign,
    })
    assert.equal(suspended.status, 403)
    const own = { origin: admin.url }
    assert.equal((await call(admin, '/api/v1/ledger', { headers: own })).status, 200)
  })
})
