/** What Stately's own receiver sees of the real process, while it is redirected again and again. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect'
import { WebSocket } from 'ws'
import { createMachine } from 'xstate'
import { startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'

const token = 'admin-s3cret'
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
const stormMsMax = 20_000

/** Beyond the protocol, for whoever draws sequences. */
type Linked = StatelyInspectionEvent & {
  readonly messageId?: string
  readonly causationId?: string | null
}
type Ticket = { readonly path: string; readonly seconds: number }

const refusalOf = async (url: string, given: object = {}): Promise<number> => {
  const socket = new WebSocket(url, given)
  socket.on('error', () => socket.terminate())
  const [, response] = await once(socket, 'unexpected-response')
  return response.statusCode
}

test('an inspector sees a redirect with sends in flight, who told whom, and no secret', async (t) => {
  await using folder = await workspace()
  const slow = await openSink({ behaviour: () => ({ kind: 'accept', delayMs: 200 }) })
  const quick = await openSink()
  t.after(() => Promise.all([slow.close(), quick.close()]))
  await using holdfast = await startHoldfast(folder.path, {
    endpoint: { url: slow.url, headers: { 'x-ingest-key': 'endpoint-s3cret' } },
    admin: { listen: '127.0.0.1:0', token, inspect: 'on' },
  })
  const ws = holdfast.admin.replace('http:', 'ws:')

  await t.test('nobody looks on without the token, or with a ticket that is not good', async () => {
    assert.equal(await refusalOf(`${ws}/inspect`), 401)
    assert.equal(await refusalOf(`${ws}/inspect?token=${token}`), 401)
    assert.equal(await refusalOf(`${ws}/inspect?ticket=guessed`), 401)
    assert.equal(await refusalOf(`${ws}/elsewhere`, { headers }), 404)
    const call = (path: string, init: RequestInit = {}) => fetch(`${holdfast.admin}${path}`, init)
    assert.equal((await call('/api/v1/inspect/ticket', { method: 'POST' })).status, 401)
    assert.equal((await call('/inspect', { headers })).status, 426)
  })

  const issued = await fetch(`${holdfast.admin}/api/v1/inspect/ticket`, { method: 'POST', headers })
  assert.equal(issued.status, 201)
  const { path } = (await issued.json()) as Ticket
  const seen: Linked[] = []
  createWebSocketReceiver({ server: `${ws}${path}` }).subscribe((event) => {
    seen.push(event)
  })
  await until(
    () => seen.length,
    (count) => count > 4,
  )

  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'auth' }],
    recordsPerRequest: 5,
    recordBytes: 256,
  })
  t.after(load.close)
  const untilMs = Date.now() + stormMsMax
  const isSeen = (): boolean =>
    seen.some((it) => it.type === '@xstate.snapshot' && stateOf(it.snapshot) === 'redirectInFlight')
  const goOn = (): boolean => Date.now() < untilMs && !(isSeen() && seen.length > 1_000)
  const sending = load.send({ to: () => holdfast.otlp, connections: 4, goOn, pauseMs: 5 })
  for (let turn = 0; goOn(); turn += 1) {
    const url = turn % 2 === 0 ? quick.url : slow.url
    const body = JSON.stringify({ url, reason: 'storm' })
    const { status } = await fetch(`${holdfast.admin}/api/v1/endpoint`, {
      method: 'PUT',
      headers,
      body,
    })
    assert.equal(status, 202)
    await pause(20)
  }
  await sending

  await t.test('it sees redirectInFlight, and the state that is entered after it', async () => {
    assert.ok(isSeen())
    await until(
      () => seen.findLast((it) => it.type === '@xstate.snapshot' && isOf(it, 'dispatcher')),
      (last) => last?.type === '@xstate.snapshot' && stateOf(last.snapshot) === 'idle',
    )
  })
  await t.test('each actor is announced, with its machine, before anything is said of it', () => {
    const announced = new Set<string>()
    for (const event of seen) {
      if (event.type === '@xstate.actor') {
        announced.add(event.sessionId)
        assert.ok(event.definition !== undefined)
        createMachine(JSON.parse(event.definition))
      } else assert.ok(announced.has(event.sessionId), event.sessionId)
    }
    for (const actor of ['collector', 'cache', 'dispatcher', 'endpoint-manager', 'sentinel'])
      assert.ok(
        [...announced].some((id) => id.endsWith(`/${actor}`)),
        actor,
      )
    assert.ok(announced.size > 8, 'some deliveries, too')
  })
  await t.test('messages say who told them, and of which message they are a consequence', () => {
    const told = new Map(seen.flatMap((it) => (it.messageId ? [[it.messageId, it]] : [])))
    const linked = seen.filter((it) => it.type === '@xstate.event' && it.causationId)
    const causes = linked.filter(({ causationId }) => told.has(causationId ?? ''))
    assert.ok(causes.length > 20, `${causes.length} of ${linked.length}`)
    const pairs = seen.flatMap((it) =>
      it.type === '@xstate.event' && it.sourceId
        ? [`${lastOf(it.sourceId)} ${lastOf(it.sessionId)}`]
        : [],
    )
    for (const pair of ['collector cache', 'cache dispatcher', 'endpoint-manager dispatcher'])
      assert.ok(pairs.includes(pair), pair)
  })
  await t.test('no secret is shown, and no payload', () => {
    const text = JSON.stringify(seen)
    assert.doesNotMatch(text, /s3cret/)
    assert.doesNotMatch(text, new RegExp(load.recordOf(0).toString('base64').slice(0, 40)))
  })
  await t.test('a ticket is good once', async () => {
    assert.equal(await refusalOf(`${ws}${path}`), 401)
  })
  assert.equal(await holdfast.kill('SIGTERM'), 0)
})

test('nobody inspects a process that was not told so', async () => {
  await using folder = await workspace()
  const sink = await openSink()
  try {
    await using holdfast = await startHoldfast(folder.path, { endpoint: { url: sink.url } })
    assert.equal(await refusalOf(`${holdfast.admin.replace('http:', 'ws:')}/inspect`), 404)
    assert.equal((await fetch(`${holdfast.admin}/inspect`)).status, 404)
  } finally {
    await sink.close()
  }
})

const stateOf = (snapshot: object): unknown => ('value' in snapshot ? snapshot.value : undefined)
const isOf = ({ sessionId }: Linked, actor: string): boolean => sessionId.endsWith(`/${actor}`)
const lastOf = (sessionId: string): string => sessionId.split('/').at(-1) ?? ''
