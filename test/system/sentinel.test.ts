/** The real process, stuck in each of the ways that the sentinel knows: named in time, and mended. */
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { accountOf, settledAccountOf } from '../support/account.ts'
import {
  type HoldfastProcess,
  type LogLine,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { type Load, openLoad } from '../support/load.ts'
import { openTestSink } from '../support/route.ts'
import { sabotaged } from '../support/saboteur.ts'
import type { Sink } from '../support/sink.ts'
import type { Behaviour } from '../support/sink-behaviour.ts'

const stallAfterMs = 2_000
/** From the cause to the word on it. */
const wordMsMax = stallAfterMs + 2_000

type Stage = { readonly holdfast: HoldfastProcess; readonly sink: Sink; readonly load: Load }

const open = async (
  t: TestContext,
  given: { readonly behaviour?: Behaviour; readonly dispatch?: object; readonly sabotage?: string },
): Promise<Stage> => {
  const sink = await openTestSink(t, given.behaviour)
  const folder = await workspace()
  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'checkout' }],
    recordsPerRequest: 10,
    recordBytes: 100,
  })
  const holdfast = await startHoldfast(
    folder.path,
    {
      endpoint: { url: sink.url },
      dispatch: { attempt_timeout: '60s', ...given.dispatch },
      sentinel: { stall_after: `${stallAfterMs}ms` },
    },
    given.sabotage === undefined ? undefined : sabotaged(given.sabotage),
  )
  t.after(async () => {
    await holdfast.kill('SIGKILL')
    await load.close()
    await folder[Symbol.asyncDispose]()
  })
  return { holdfast, sink, load }
}

const send = ({ holdfast, load }: Stage, requests: number): Promise<void> =>
  load.send({ to: () => holdfast.otlp, connections: 1, goOn: (sent) => sent < requests })

type Stall = LogLine & { readonly time: string; readonly actor: string; readonly message: string }
const heard = async ({ holdfast }: Stage, event: string): Promise<Stall> => {
  const found = () => holdfast.logged().find((line) => line.event === event) as Stall | undefined
  return (await until(found, (line) => line !== undefined)) as Stall
}
/** The stall is told in time, of the one who is to blame and of nobody else. */
const assertTold = async (stage: Stage, actor: string, causeMs: number): Promise<Stall> => {
  const stall = await heard(stage, 'actor.stalled')
  const tookMs = Date.parse(stall.time) - causeMs
  assert.ok(tookMs <= wordMsMax, `told after ${tookMs} ms: ${stall.message}`)
  assert.equal(stall.actor, actor)
  return stall
}

/** From this moment on the process has its flaw. */
const sabotage = async ({ holdfast }: Stage): Promise<number> => {
  process.kill(holdfast.pid, 'SIGUSR2')
  await until(
    () => holdfast.logged().some(({ event }) => event === 'sabotage.begun'),
    (begun) => begun,
  )
  return Date.now()
}

type Probe = { readonly status: number; readonly blamed: readonly string[] }
const probe = async ({ holdfast }: Stage, path: '/livez' | '/readyz'): Promise<Probe> => {
  const response = await fetch(`${holdfast.admin}${path}`)
  const { reasons } = (await response.json()) as { reasons: { actor: string }[] }
  return { status: response.status, blamed: reasons.map(({ actor }) => actor) }
}
const probed = (stage: Stage, path: '/livez' | '/readyz', status: number): Promise<Probe> =>
  until(
    () => probe(stage, path),
    (seen) => seen.status === status,
  )
const stallsOf = async ({ holdfast }: Stage): Promise<number> => {
  const text = await (await fetch(`${holdfast.admin}/metrics`)).text()
  return Number(/^holdfast_stalls_total (\d+)$/m.exec(text)?.[1])
}
const assertRecovered = async (stage: Stage, actor: string): Promise<void> => {
  const { message, stalledMs, records, ...end } = await heard(stage, 'stall.ended')
  assert.equal(end.actor, actor)
  assert.ok(Number(stalledMs) >= stallAfterMs && Number.isInteger(records), message)
  assert.match(message, /held up for \d+\.\d s, with up to \d+ records/)
  for (const path of ['/livez', '/readyz'] as const) await probed(stage, path, 200)
  const { totals } = await settledAccountOf(stage.holdfast)
  assert.deepEqual([totals.delivered, totals.dropped], [totals.accepted, 0])
  assert.equal(await stallsOf(stage), 1)
}

suite('the sentinel', { concurrency: 3 }, () => {
  test('names a blocked event loop from its own thread, and answers probes all the while', async (t) => {
    const stage = await open(t, { sabotage: 'block:6000' })
    await send(stage, 2)
    const causeMs = await sabotage(stage)
    const live = await probed(stage, '/livez', 503)
    assert.deepEqual(live.blamed, ['event-loop'])
    assert.ok((await probe(stage, '/readyz')).blamed.includes('event-loop'))
    assert.equal((await fetch(`${stage.holdfast.admin}/api/v1/ledger`)).status, 503)
    await assertTold(stage, 'event-loop', causeMs)
    assert.ok(Date.now() - causeMs < 6_000, 'it was told while the event loop was blocked')
    await assertRecovered(stage, 'event-loop')
    const stalls = stage.holdfast.logged().filter(({ event }) => event === 'actor.stalled')
    assert.deepEqual(stalls.length, 1)
  })

  test('starts a dispatcher anew whose sends hang, and the same batches go out again', async (t) => {
    // As many as may be in flight hang; what comes after them is taken.
    const stage = await open(t, {
      behaviour: (request) => (request < 2 ? { kind: 'hang' } : { kind: 'accept' }),
      dispatch: { concurrency: 2 },
    })
    await send(stage, 2)
    await until(
      () => stage.sink.requests.length,
      (requests) => requests === 2,
    )
    const causeMs = Date.now()
    const hung = stage.sink.requests.flatMap(({ ids }) => ids)
    await send(stage, 20)
    const { records } = await assertTold(stage, 'dispatcher', causeMs)
    assert.equal(records, 220)
    await assertRecovered(stage, 'dispatcher')
    assert.equal(hung.length, 2)
    for (const id of hung) assert.equal(stage.sink.batches.get(id), 1)
    const actors = await stage.holdfast.get<{ actors: { id: string; value: string }[] }>(
      '/api/v1/actors',
    )
    assert.equal(actors.actors.find(({ id }) => id === 'sentinel')?.value, 'watching')
  })

  test('fails liveness when a new dispatcher does not help either, and loses nothing', async (t) => {
    const stage = await open(t, { behaviour: () => ({ kind: 'hang' }) })
    await send(stage, 5)
    const ready = await probed(stage, '/readyz', 503)
    assert.deepEqual(ready.blamed, ['dispatcher'])
    assert.equal((await probe(stage, '/livez')).status, 200)
    const live = await probed(stage, '/livez', 503)
    assert.deepEqual(live.blamed, ['dispatcher'])
    assert.match((await heard(stage, 'stall.unresolved')).message, /that did not help/)
    const { totals } = await accountOf(stage.holdfast)
    assert.deepEqual([totals.accepted, totals.pending], [50, 50])
  })

  for (const actor of ['collector', 'dispatcher'] as const)
    test(`starts a ${actor} anew that has stopped taking messages`, async (t) => {
      const stage = await open(t, { sabotage: `stick:${actor}` })
      await send(stage, 2)
      await settledAccountOf(stage.holdfast)
      const causeMs = await sabotage(stage)
      const sending = send(stage, 5)
      await assertTold(stage, actor, causeMs)
      await sending
      await assertRecovered(stage, actor)
      assert.equal((await accountOf(stage.holdfast)).totals.accepted, stage.load.promisedRecords())
    })

  test('starts an endpoint manager anew, which then does what it was told meanwhile', async (t) => {
    const stage = await open(t, { sabotage: 'stick:endpoint-manager' })
    await send(stage, 2)
    await settledAccountOf(stage.holdfast)
    const causeMs = await sabotage(stage)
    const redirected = stage.holdfast.redirect(stage.sink.url)
    await assertTold(stage, 'endpoint-manager', causeMs)
    assert.equal((await redirected).status, 202)
    await assertRecovered(stage, 'endpoint-manager')
  })

  test('fails liveness at once for a stuck cache, which only the process can start anew', async (t) => {
    const stage = await open(t, { sabotage: 'stickForGood:cache' })
    const causeMs = await sabotage(stage)
    const sending = send(stage, 1)
    await assertTold(stage, 'cache', causeMs)
    assert.deepEqual((await probed(stage, '/livez', 503)).blamed, ['cache'])
    await stage.holdfast.kill('SIGKILL')
    await sending
  })

  test('takes no outage for a stall: errors, no connection, and answers that time out', async (t) => {
    for (const behaviour of [
      () => ({ kind: 'status', status: 503 }),
      () => ({ kind: 'reset' }),
      () => ({ kind: 'hang' }),
    ] satisfies Behaviour[]) {
      const stage = await open(t, { behaviour, dispatch: { attempt_timeout: '2s' } })
      await send(stage, 5)
      await until(
        () => stage.sink.stats().requests,
        (requests) => requests >= 3,
      )
      assert.equal((await probe(stage, '/readyz')).status, 200)
      stage.sink.behave(() => ({ kind: 'accept' }))
      await settledAccountOf(stage.holdfast)
      assert.equal(await stallsOf(stage), 0)
    }
  })
})
