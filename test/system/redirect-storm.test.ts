/**
 * The incident, on purpose: the endpoint is changed again and again while sends are in flight to slow,
 * hanging and failing endpoints.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { settledAccountOf } from '../support/account.ts'
import { chanceOf } from '../support/chance.ts'
import { assertExactIds, idsTaken, missingOf } from '../support/deliveries.ts'
import {
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink, type Sink } from '../support/sink.ts'
import type { Behaviour } from '../support/sink-behaviour.ts'

const { SEED } = process.env
const seed = Number(SEED ?? 20_240_902)
const stormMs = 12_000
const pauseMsMax = 20
/** Far longer than any answer may take; a call that is not answered by then hangs. */
const answerMsMax = 30_000

const sinksOf = (): Promise<readonly Sink[]> => {
  const chance = chanceOf(seed)
  const behaviours: readonly Behaviour[] = [
    () => ({ kind: 'accept' }),
    () => ({ kind: 'accept', delayMs: 200 }),
    () => (chance.oneIn(2) ? { kind: 'hang' } : { kind: 'accept' }),
    () => (chance.oneIn(2) ? { kind: 'status', status: 503 } : { kind: 'reset' }),
  ]
  return Promise.all(behaviours.map((behaviour) => openSink({ behaviour, keep: 'bodies' })))
}

type Command = { readonly status: number; readonly epoch: number; readonly error: string }

const command = async ({ admin }: HoldfastProcess, url: string): Promise<Command> => {
  const response = await fetch(`${admin}/api/v1/endpoint`, {
    method: 'PUT',
    body: JSON.stringify({ url, reason: 'storm' }),
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(answerMsMax),
  })
  const { epoch, error = '' } = (await response.json()) as Partial<Command>
  return { status: response.status, epoch: epoch ?? 0, error }
}

/** Commands without waiting for answers, until it is time. */
const storm = async (holdfast: HoldfastProcess, sinks: readonly Sink[], untilMs: number) => {
  const chance = chanceOf(seed + 1)
  const commands: Promise<Command>[] = []
  while (Date.now() < untilMs) {
    commands.push(command(holdfast, sinks[chance.below(sinks.length)]?.url ?? ''))
    await pause(chance.below(pauseMsMax + 1))
  }
  return Promise.all(commands)
}

/** The states that the dispatcher was seen in. */
const watch = async (holdfast: HoldfastProcess, untilMs: number): Promise<ReadonlySet<string>> => {
  const seen = new Set<string>()
  while (Date.now() < untilMs) {
    const { actors } = await holdfast.get<{ actors: { id: string; value: string }[] }>(
      '/api/v1/actors',
    )
    seen.add(actors.find(({ id }) => id === 'dispatcher')?.value ?? 'missing')
    await pause(50)
  }
  return seen
}

test(`redirects in quick succession, sends in flight, lose nothing (SEED=${seed})`, async (t) => {
  await using folder = await workspace()
  const sinks = await sinksOf()
  t.after(() => Promise.all(sinks.map(({ close }) => close())))
  const [fast] = sinks
  assert.ok(fast !== undefined)
  await using holdfast = await startHoldfast(folder.path, {
    endpoint: { url: fast.url },
    dispatch: { attempt_timeout: '1s', backoff: { initial: '20ms', max: '300ms' } },
  })
  const streams = ['acme', 'globex', 'initech'].flatMap((tenant) =>
    ['auth', 'checkout', 'search'].map((service) => ({ tenant, service })),
  )
  const load = openLoad({ streams, recordsPerRequest: 5, recordBytes: 256 })
  t.after(load.close)

  const untilMs = Date.now() + stormMs
  const sending = load.send({
    to: () => holdfast.otlp,
    connections: 4,
    goOn: () => Date.now() < untilMs,
    pauseMs: 8,
  })
  const [commands, states] = await Promise.all([
    storm(holdfast, sinks, untilMs),
    watch(holdfast, untilMs),
    sending,
  ])
  const last = await command(holdfast, fast.url)
  const { totals } = await settledAccountOf(holdfast)

  const requests = sinks.map((sink) => sink.requests.length).join(', ')
  const ids = sinks.flatMap((sink) => sink.requests.flatMap((request) => request.ids))
  const again = ids.length - new Set(ids).size
  t.diagnostic(`${commands.length} redirects to ${last.epoch} epochs; ${totals.accepted} records`)
  t.diagnostic(`requests at the sinks: ${requests}; batches sent again: ${again}`)

  await t.test('every command is answered: taken, or busy and why', () => {
    for (const { status, error } of commands)
      assert.ok(status === 202 || (status === 503 && error !== ''), `${status} ${error}`)
    assert.ok(commands.filter(({ status }) => status === 202).length > 100)
    assert.equal(last.status, 202)
  })
  await t.test('every record that a client was promised is at a sink, as it was sent', () => {
    assert.deepEqual([...load.refusals], [])
    assert.deepEqual(missingOf(load, idsTaken(sinks, load)), [])
  })
  await t.test('the account says so too', () => {
    const accepted = load.promisedRecords()
    assert.ok(accepted > 0)
    assert.deepEqual(totals, {
      accepted,
      delivered: accepted,
      dropped: 0,
      pending: 0,
      refused: 0,
      unaccounted: 0,
    })
  })
  await t.test('a redirect with sends in flight is a state that was seen, and left', async () => {
    assert.ok(states.has('redirectInFlight'), [...states].join(', '))
    await until(
      () => watch(holdfast, Date.now() + 1),
      (seen) => seen.has('idle'),
    )
  })
  await t.test('the last command is what counts, under the highest epoch', async () => {
    const endpoint = await holdfast.get<{ url: string; epoch: number; pending: number }>(
      '/api/v1/endpoint',
    )
    assert.deepEqual([endpoint.url, endpoint.epoch, endpoint.pending], [fast.url, last.epoch, 0])
    assert.ok(commands.every(({ epoch }) => epoch < last.epoch))
  })
  await t.test('each epoch has one endpoint, and epochs only grow', () => {
    const assigned = holdfast
      .logged()
      .filter(({ event }) => event === 'endpoint.assigned')
      .map(({ epoch, url }) => ({ epoch: Number(epoch), url: String(url) }))
    const urls = new Map(assigned.map(({ epoch, url }) => [epoch, url]))
    assert.equal(urls.size, assigned.length)
    assert.deepEqual(
      assigned.map(({ epoch }) => epoch),
      [...urls.keys()].sort((a, b) => a - b),
    )
    for (const { url, requests } of sinks)
      for (const { epoch } of requests) assert.equal(urls.get(epoch), url, `epoch ${epoch}`)
  })
  await t.test('what came twice came under the same ids, and was the same', () => {
    assert.ok(again > 0)
    assertExactIds(sinks.flatMap(({ requests }) => requests))
  })
  await t.test('nothing was said that cannot be', () => {
    const errors = holdfast
      .logged()
      .filter(({ level }) => !['debug', 'info', 'warn'].includes(level))
    assert.deepEqual(errors, [])
  })
})
