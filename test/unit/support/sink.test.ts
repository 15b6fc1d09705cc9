import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { coordinatesOf } from '../../../schemas/brand.ts'
import { openSink } from '../../support/sink.ts'
import { behaviourNamed, behaviourNames } from '../../support/sink-behaviour.ts'
import type { SinkStats } from '../../support/sink-book.ts'
import { attemptAt, heldOf, openTestEndpoint, payloadOf } from '../infra/endpoints/fixture.ts'

const coordinates = (id: string) => {
  const found = coordinatesOf(id)
  assert.ok(found !== undefined)
  return found
}

test('a sink knows what it took, what came twice, and what never came', async (t) => {
  const sink = await openSink({ keep: 'bodies' })
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  for (const [first, last] of [
    [0, 9],
    [20, 29],
    [0, 9],
  ] as const)
    await endpoint.attempt(
      attemptAt(sink.url, { held: [heldOf(first, last)], payload: [payloadOf(10)] }),
    )
  assert.equal(sink.records(), 20)
  assert.deepEqual(sink.duplicates(), { batches: 1, records: 10 })
  assert.equal(sink.batches.get('edge-1.7/acme/auth/0-9'), 2)
  const missing = sink.missing(
    ['edge-1.7/acme/auth/0-39', 'edge-1.7/acme/new/5-6'].map(coordinates),
  )
  assert.deepEqual(
    missing.map(({ service, firstSeq, lastSeq }) => [service, firstSeq, lastSeq]),
    [
      ['auth', 10, 19],
      ['auth', 30, 39],
      ['new', 5, 6],
    ],
  )
  const [request] = sink.requests
  assert.deepEqual([request?.tenant, request?.epoch, request?.recordCount], ['acme', 7, 10])
  // A LogRecord with `line 3` as its body: field 5, a message with field 1, a text.
  assert.deepEqual(request?.records[3], Buffer.from('\x2a\x08\x0a\x06line 3'))
  assert.equal(sink.stats().miscounted, 0)
})

test('what was refused is not taken; what was taken and not answered is', async (t) => {
  const sink = await openSink()
  const endpoint = openTestEndpoint()
  t.after(() => Promise.all([endpoint.close(), sink.close()]))
  const held = Promise.withResolvers<void>()
  const cases = [
    [{ kind: 'status', status: 503 }, 'failed', 0],
    [{ kind: 'reset' }, 'unreachable', 0],
    [{ kind: 'hang' }, 'unreachable', 0],
    [{ kind: 'redirect', status: 307, location: 'self' }, 'redirected', 0],
    [{ kind: 'acceptUpTo', bytesMax: 1 }, 'tooLarge', 0],
    [{ kind: 'takeThenReset' }, 'unreachable', 1],
    [{ kind: 'acceptThenReset' }, 'accepted', 2],
    [{ kind: 'accept', delayMs: 1, after: held.promise }, 'accepted', 3],
  ] as const
  setImmediate(() => held.resolve())
  for (const [answer, kind, times] of cases) {
    sink.behave(() => answer)
    const timeoutMs = answer.kind === 'hang' ? 50 : 10_000
    assert.equal((await endpoint.attempt(attemptAt(sink.url, { timeoutMs }))).kind, kind)
    assert.equal(sink.batches.get('edge-1.7/acme/auth/0-9') ?? 0, times, answer.kind)
  }
  assert.equal(sink.stats().requests, cases.length)
})

test('every behaviour has a name, with or without an argument', () => {
  for (const name of behaviourNames) assert.ok(behaviourNamed(name)?.(0), name)
  assert.deepEqual(behaviourNamed('redirect:http://127.0.0.1:9')?.(0), {
    kind: 'redirect',
    status: 307,
    location: 'http://127.0.0.1:9',
  })
  for (const name of ['', 'nothing', 'toString']) assert.equal(behaviourNamed(name), undefined)
})

test('a sink in a process of its own says where it is, counts, and can be told to change', async (t) => {
  const child = spawn(process.execPath, [
    'test/support/sink-process.ts',
    '--behaviour',
    'throttle:2',
  ])
  t.after(() => child.kill('SIGKILL'))
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const { event, url } = JSON.parse(String(line))
  assert.equal(event, 'ready')
  const endpoint = openTestEndpoint()
  t.after(() => endpoint.close())
  const throttled = await endpoint.attempt(attemptAt(url))
  assert.deepEqual(throttled, { kind: 'throttled', status: 429, retryAfterMs: 2000 })
  const changed = await fetch(`${url}/behaviour`, { method: 'PUT', body: 'accept' })
  assert.equal(changed.status, 204)
  assert.equal((await fetch(`${url}/behaviour`, { method: 'PUT', body: 'no' })).status, 400)
  assert.deepEqual(await endpoint.attempt(attemptAt(url)), { kind: 'accepted' })
  const stats = (await (await fetch(`${url}/stats`)).json()) as SinkStats
  assert.deepEqual([stats.requests, stats.records, stats.distinctRecords], [2, 10, 10])
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})
