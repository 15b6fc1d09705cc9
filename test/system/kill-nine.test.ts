/** The process is killed in the middle of everything, again and again. A 200 is a promise all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { accountOf, dropsOf, settledAccountOf } from '../support/account.ts'
import { chanceOf } from '../support/chance.ts'
import { assertExactIds, idsTaken, missingOf } from '../support/deliveries.ts'
import { startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import type { Answer } from '../support/sink-behaviour.ts'

const { SEED } = process.env
const seed = Number(SEED ?? 9)
const kills = 5
const recordsPerRequest = 10
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9'

test(`kill -9, ${kills} times under load: what was promised arrives (SEED=${seed})`, async (t) => {
  const chance = chanceOf(seed)
  await using folder = await workspace()
  const answers: readonly Answer[] = [
    { kind: 'accept' },
    { kind: 'accept', delayMs: 30 },
    { kind: 'status', status: 503 },
    // Taken, and the sender cannot know: it comes again.
    { kind: 'takeThenReset' },
    { kind: 'hang' },
  ]
  const behaviour = (): Answer => answers[chance.below(answers.length)] ?? { kind: 'accept' }
  const sink = await openSink({ behaviour, keep: 'bodies' })
  t.after(sink.close)
  const config = {
    endpoint: { url: sink.url },
    cache: { capacity: '32MiB' },
    dispatch: { attempt_timeout: '500ms', backoff: { initial: '20ms', max: '100ms' } },
  }
  const streams = ['acme', 'globex'].flatMap((tenant) =>
    ['auth', 'checkout', 'search'].map((service) => ({ tenant, service })),
  )
  const load = openLoad({ streams, recordsPerRequest, recordBytes: 200 })
  let otlp = nowhere
  let life: 'killed again' | 'last' = 'killed again'
  t.after(() => {
    life = 'last'
    return load.close()
  })
  const sending = load.send({
    to: () => otlp,
    connections: 6,
    goOn: () => life === 'killed again',
    pauseMs: 4,
  })
  const producers = new Set<string>()
  for (let kill = 0; kill < kills; kill += 1) {
    await using holdfast = await startHoldfast(folder.path, config)
    // Looked at before anything comes in, and while it does.
    for (const { producer } of (await accountOf(holdfast)).streams) producers.add(producer)
    otlp = holdfast.otlp
    const before = load.promised.length
    await until(
      () => load.promised.length,
      (requests) => requests > before,
    )
    await pause(200 + chance.below(600))
    await accountOf(holdfast)
    await holdfast.kill('SIGKILL')
  }
  life = 'last'
  otlp = nowhere
  await sending

  await using holdfast = await startHoldfast(folder.path, config)
  sink.behave(() => ({ kind: 'accept' }))
  const { totals, streams: accounts } = await settledAccountOf(holdfast)
  const taken = idsTaken([sink], load)
  const unanswered = (load.refusals.get(0) ?? 0) * recordsPerRequest
  const { accepted, delivered, dropped, refused } = totals
  const again = sink.duplicates().batches
  t.diagnostic(
    `${load.promisedRecords()} records promised, ${accepted} accepted, ${again} batches came again`,
  )

  await t.test('every record that a client was promised is at the sink, as it was sent', () => {
    assert.ok(load.promisedRecords() > 0)
    assert.deepEqual([...load.refusals.keys()], [0])
    assert.deepEqual(missingOf(load, taken), [])
  })
  await t.test('the account is that of all lives', async () => {
    for (const { producer } of accounts) producers.add(producer)
    assert.equal(producers.size, kills)
    assert.deepEqual([delivered, dropped, refused], [accepted, 0, 0])
    assert.deepEqual(await dropsOf(holdfast), [])
    // What was kept without the client hearing of it counts as well.
    assert.ok(accepted >= load.promisedRecords())
    assert.ok(accepted <= load.promisedRecords() + unanswered)
    assert.equal(sink.records(), accepted)
    assert.equal(taken.size, accepted)
  })
  await t.test('what came twice came under the same ids, and was the same', () => {
    assert.ok(again > 0)
    assertExactIds(sink.requests)
  })
})
