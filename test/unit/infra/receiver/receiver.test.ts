import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { IndexLine } from '../../../../infra/receiver/batch-index.ts'
import type { DisplayRecord } from '../../../../infra/receiver/display-record.ts'
import { bodyBytesMax } from '../../../../infra/receiver/logs-request.ts'
import { openReceiver } from '../../../../infra/receiver/receiver.ts'
import { openLog } from '../../../../infra/telemetry/log.ts'
import { epoch } from '../../../../schemas/brand.ts'
import { attemptAt, heldOf, openTestEndpoint, payloadOf } from '../endpoints/fixture.ts'

const folder = async (t: TestContext): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-receiver-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}
const log = openLog({ write: () => undefined, level: 'error', now: Date.now })

const openIn = async (t: TestContext, directory: string) => {
  const receiver = await openReceiver({ listen: { host: '127.0.0.1', port: 0 }, directory, log })
  t.after(() => receiver.close())
  return receiver
}
const linesIn = async (path: string): Promise<readonly Partial<DisplayRecord & IndexLine>[]> =>
  (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

type Sendable = string | Uint8Array<ArrayBuffer>
const post = (url: string, body: Sendable, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/logs`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-protobuf', ...headers },
  })
const bodiesIn = async (path: string) => (await linesIn(path)).map(({ body }) => body)

test('what an endpoint sends is there to read, with an index of its batches', async (t) => {
  const directory = await folder(t)
  const receiver = await openIn(t, directory)
  const endpoint = openTestEndpoint({ compression: 'gzip' })
  t.after(() => endpoint.close())
  assert.deepEqual(await endpoint.attempt(attemptAt(receiver.url)), { kind: 'accepted' })
  const records = await linesIn(join(directory, 'acme', 'unknown_service.ndjson'))
  assert.equal(records.length, 10)
  assert.equal(records[9]?.body, 'line 9')
  const [line] = await linesIn(join(directory, 'batches.ndjson'))
  assert.deepEqual(line?.batches, ['edge-1.7/acme/auth/0-9'])
  assert.deepEqual(
    [line?.epoch, line?.records, line?.duplicate, line?.matched],
    [7, 10, 'no', true],
  )
  const { records: count, batches, streams } = receiver.counts()
  assert.deepEqual(
    { count, batches, streams },
    {
      count: 10,
      batches: 1,
      streams: [{ tenant: 'acme', service: 'unknown_service', records: 10 }],
    },
  )
})

test('it says which records it has, which came again, and how many had no name', async (t) => {
  const directory = await folder(t)
  const endpoint = openTestEndpoint()
  t.after(() => endpoint.close())
  const rangesOf = async (url: string) => (await fetch(`${url}/ranges`)).json()
  const expected = {
    streams: [
      {
        ...{ producer: 'edge-1.7', tenant: 'acme', service: 'auth' },
        received: [
          { firstSeq: 0, lastSeq: 9 },
          { firstSeq: 20, lastSeq: 29 },
        ],
        repeated: [{ firstSeq: 5, lastSeq: 9 }],
      },
    ],
    nameless: 10,
    forgotten: false,
  }
  const receiver = await openIn(t, directory)
  for (const [first, last] of [
    [0, 9],
    [5, 9],
    [20, 29],
  ] as const) {
    const parts = { held: [heldOf(first, last)], payload: [payloadOf(last - first + 1)] }
    await endpoint.attempt(attemptAt(receiver.url, parts))
  }
  await post(receiver.url, payloadOf(10) as Uint8Array<ArrayBuffer>)
  assert.deepEqual(await rangesOf(receiver.url), expected)
  await receiver.close()
  const next = await openIn(t, directory)
  assert.deepEqual(await rangesOf(next.url), expected)
})

test('a record that comes again is not written again, whatever batches it comes in', async (t) => {
  const directory = await folder(t)
  const receiver = await openIn(t, directory)
  const endpoint = openTestEndpoint()
  t.after(() => endpoint.close())
  const send = async (ranges: readonly (readonly [number, number])[]) => {
    const held = ranges.map(([first, last]) => heldOf(first, last))
    const payload = ranges.map(([first, last]) => payloadOf(last - first + 1, `${first}+`))
    const verdict = await endpoint.attempt(attemptAt(receiver.url, { held, payload }))
    assert.deepEqual(verdict, { kind: 'accepted' })
  }
  await send([[0, 4]])
  await send([[0, 4]])
  await send([
    [3, 6],
    [10, 11],
  ])
  const bodies = await bodiesIn(join(directory, 'acme', 'unknown_service.ndjson'))
  const fresh = ['0+ 0', '0+ 1', '0+ 2', '0+ 3', '0+ 4', '3+ 2', '3+ 3', '10+ 0', '10+ 1']
  assert.deepEqual(bodies, fresh)
  const lines = await linesIn(join(directory, 'batches.ndjson'))
  assert.deepEqual(
    lines.map((line) => [line.duplicate, line.duplicateRecords]),
    [
      ['no', 0],
      ['yes', 5],
      ['partly', 2],
    ],
  )
  const { duplicateBatches, duplicateRecords } = receiver.counts()
  assert.deepEqual(
    { duplicateBatches, duplicateRecords },
    { duplicateBatches: 1, duplicateRecords: 7 },
  )
})

test('a receiver that was started again still recognises what it had, torn lines or not', async (t) => {
  const directory = await folder(t)
  const endpoint = openTestEndpoint()
  t.after(() => endpoint.close())
  const first = await openIn(t, directory)
  await endpoint.attempt(attemptAt(first.url))
  await first.close()
  await writeFile(join(directory, 'batches.ndjson'), '{"matched":true,"batc', { flag: 'a' })
  const second = await openIn(t, directory)
  const assignment = { ...attemptAt(second.url).assignment, epoch: epoch(8) }
  await endpoint.attempt({ ...attemptAt(second.url), assignment })
  assert.equal(second.counts().duplicateRecords, 10)
  const bodies = await bodiesIn(join(directory, 'acme', 'unknown_service.ndjson'))
  assert.equal(bodies.length, 10)
})

test('records that do not add up to their ids are written, and said not to match', async (t) => {
  const directory = await folder(t)
  const receiver = await openIn(t, directory)
  for (let count = 0; count < 2; count += 1)
    await post(receiver.url, new Uint8Array(payloadOf(3)), { 'holdfast-batch': 'p/default/s/0-9' })
  await post(receiver.url, new Uint8Array(payloadOf(3)))
  assert.equal((await bodiesIn(join(directory, 'default', 'unknown_service.ndjson'))).length, 9)
  const lines = await linesIn(join(directory, 'batches.ndjson'))
  assert.deepEqual(
    lines.map(({ matched }) => matched),
    [false, false, false],
  )
})

test('names from the wire stay inside the directory', async (t) => {
  const outer = await folder(t)
  const directory = join(outer, 'received')
  const receiver = await openIn(t, directory)
  for (const tenant of ['../../escaped', '..', '/abs', 'batches.ndjson'])
    assert.equal(
      (await post(receiver.url, new Uint8Array(payloadOf(1)), { 'x-scope-orgid': tenant })).status,
      200,
    )
  assert.deepEqual(await readdir(outer), ['received'])
  assert.deepEqual((await readdir(directory)).toSorted(), [
    '%2E%2E',
    '%2E%2E%2F%2E%2E%2Fescaped',
    '%2Fabs',
    'batches%2Endjson',
    'batches.ndjson',
  ])
})

test('without the usual tenancy header, the tenant is that of the batch ids', async (t) => {
  const directory = await folder(t)
  const receiver = await openIn(t, directory)
  const endpoint = openTestEndpoint({ tenancyHeader: 'x-tenant' })
  t.after(() => endpoint.close())
  assert.deepEqual(await endpoint.attempt(attemptAt(receiver.url)), { kind: 'accepted' })
  assert.deepEqual(receiver.counts().streams[0]?.tenant, 'acme')
})

test('JSON is taken and answered in JSON, protobuf in protobuf', async (t) => {
  const directory = await folder(t)
  const receiver = await openIn(t, directory)
  const logs = {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'hi' } }] }] }],
  }
  const json = await post(receiver.url, gzipSync(JSON.stringify(logs)), {
    'content-type': 'application/json; charset=utf-8',
    'content-encoding': 'gzip',
  })
  assert.deepEqual([json.status, json.headers.get('content-type')], [200, 'application/json'])
  assert.deepEqual(await json.json(), {})
  assert.deepEqual(await bodiesIn(join(directory, 'default', 'unknown_service.ndjson')), ['hi'])
  const protobuf = await post(receiver.url, new Uint8Array(payloadOf(1)))
  assert.equal(protobuf.headers.get('content-type'), 'application/x-protobuf')
  assert.equal((await protobuf.arrayBuffer()).byteLength, 0)
})

test('what is wrong is refused with the status that says so, and nothing is kept', async (t) => {
  const directory = await folder(t)
  const receiver = await openIn(t, directory)
  const bomb = gzipSync(Buffer.alloc(101 * 1024 * 1024), { level: 1 })
  const cases: readonly (readonly [number, Sendable, Record<string, string>])[] = [
    [400, 'this is no protobuf', {}],
    [400, '{"resourceLogs":', { 'content-type': 'application/json' }],
    [400, 'no gzip', { 'content-encoding': 'gzip' }],
    [413, new Uint8Array(bomb), { 'content-encoding': 'gzip' }],
    [413, new Uint8Array(bodyBytesMax + 1), {}],
    [415, 'x', { 'content-type': 'text/plain' }],
    [415, 'x', { 'content-encoding': 'br' }],
  ]
  for (const [status, body, headers] of cases)
    assert.equal((await post(receiver.url, body, headers)).status, status, JSON.stringify(headers))
  assert.equal((await fetch(`${receiver.url}/v1/traces`, { method: 'POST' })).status, 404)
  const wrongMethod = await fetch(`${receiver.url}/v1/logs`)
  assert.deepEqual([wrongMethod.status, wrongMethod.headers.get('allow')], [405, 'POST'])
  assert.equal(receiver.counts().requests, 0)
  assert.deepEqual(await readdir(directory), [])
})

test('what cannot be written is refused for now, and is no duplicate when it comes again', async (t) => {
  const directory = await folder(t)
  const receiver = await openIn(t, directory)
  const endpoint = openTestEndpoint()
  t.after(() => endpoint.close())
  // A file where the tenant's folder has to be.
  await writeFile(join(directory, 'acme'), '')
  const refused = await endpoint.attempt(attemptAt(receiver.url))
  assert.deepEqual(refused, { kind: 'throttled', status: 503, retryAfterMs: 1000 })
  await rm(join(directory, 'acme'))
  assert.deepEqual(await endpoint.attempt(attemptAt(receiver.url)), { kind: 'accepted' })
  assert.deepEqual([receiver.counts().records, receiver.counts().duplicateRecords], [10, 0])
})

test('a person, and a program, can ask what has come', async (t) => {
  const receiver = await openIn(t, await folder(t))
  await post(receiver.url, new Uint8Array(payloadOf(1234)), { 'x-scope-orgid': 'acme' })
  const page = await (await fetch(receiver.url)).text()
  assert.match(page, /records +1,234/)
  assert.match(page, /acme \/ unknown_service +1,234/)
  const counts = await (await fetch(`${receiver.url}/counts`)).json()
  assert.deepEqual(counts, JSON.parse(JSON.stringify(receiver.counts())))
})
