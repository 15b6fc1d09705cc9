import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setup } from 'xstate'
import { systemClock } from '../../../infra/clock/clock.ts'
import { openStage, type Stage } from '../../../pipeline/stage.ts'
import type { StageEvent } from '../../../pipeline/stage-watch.ts'

/** Goes round and round; `work` stands for an effect. */
const turning = (id: string, last: 'c' | 'a') =>
  setup({
    actions: { work: (_, _params: { readonly state: string }) => assert.fail() },
  }).createMachine({
    id,
    initial: 'a',
    context: { secret: 7 },
    states: {
      a: { on: { go: 'b', stay: {} } },
      b: { entry: { type: 'work', params: { state: 'b' } }, on: { go: last } },
      c: { type: 'final' },
    },
  })

const opened = (work: (stage: Stage, state: string) => void = () => undefined) => {
  const failures: unknown[] = []
  const stage: Stage = openStage({
    name: 'edge-1',
    clock: systemClock,
    deadLetter: ({ to, message }) => assert.fail(`${to}: ${message.type}`),
    fault: ({ why }) => assert.fail(why),
    failed: (actor, error) => assert.fail(`${actor}: ${error}`),
    watcherFailed: (error) => failures.push(error),
  })
  const start = (id: string, machine = turning(id, 'a')): void =>
    stage.start({
      id,
      machine,
      effects: { work: ({ state }: { state: string }) => work(stage, state) },
      input: {},
    })
  const seen: StageEvent[] = []
  return { stage, start, seen, failures }
}
const told = (events: readonly StageEvent[]) =>
  events.flatMap((it) =>
    it.type === 'message.taken' ? [[it.source, it.actor, it.message.type, it.causationId]] : [],
  )

test('a watcher sees who told whom what, what came of it, and of what it is a consequence', async () => {
  const { stage, start, seen } = opened((stage) => stage.post('second', { type: 'go' }))
  start('first')
  const end = stage.follow((event) => seen.push(event))
  start('second', turning('second', 'c'))
  stage.post('first', { type: 'go' })
  await turn()
  stage.end('first')
  assert.deepEqual(
    seen.map((it) => [
      it.type,
      it.actor,
      it.type === 'actor.stepped' ? `${it.from} to ${it.to}` : '',
    ]),
    [
      ['actor.present', 'first', ''],
      ['actor.started', 'second', ''],
      ['message.taken', 'first', ''],
      ['actor.stepped', 'first', 'a to b'],
      ['message.taken', 'second', ''],
      ['actor.stepped', 'second', 'a to b'],
      ['message.taken', 'second', ''],
      ['actor.stepped', 'second', 'b to c'],
      ['actor.ended', 'second', ''],
      ['actor.ended', 'first', ''],
    ],
  )
  assert.deepEqual(told(seen), [
    [null, 'first', 'go', null],
    ['first', 'second', 'go', 'edge-1#1'],
    ['second', 'second', 'go', 'edge-1#2'],
  ])
  end()
  start('third')
  assert.equal(seen.length, 10)
})

test('what an effect tells after a while is known as the consequence of what caused the effect', async () => {
  const done = Promise.withResolvers<void>()
  const { stage, start, seen } = opened((stage) => {
    setTimeout(() => {
      stage.post('first', { type: 'go' })
      done.resolve()
    })
  })
  stage.follow((event) => seen.push(event))
  start('first')
  stage.post('first', { type: 'go' })
  await done.promise
  await turn()
  assert.deepEqual(told(seen), [
    [null, 'first', 'go', null],
    ['first', 'first', 'go', 'edge-1#1'],
  ])
})

test('an actor that another one starts is known as its child', async () => {
  const { stage, start, seen } = opened(() => start('child', turning('child', 'c')))
  stage.follow((event) => seen.push(event))
  start('parent')
  stage.post('parent', { type: 'go' })
  await turn()
  const parents = seen.flatMap((it) => (it.type === 'actor.started' ? [[it.actor, it.parent]] : []))
  assert.deepEqual(parents, [
    ['parent', null],
    ['child', 'parent'],
  ])
})

test('the last changes of state are kept of each machine, whether anybody watches or not', async () => {
  const { stage, start } = opened()
  start('quiet')
  start('busy')
  stage.post('quiet', { type: 'go' })
  for (let count = 0; count < 200; count += 1) {
    stage.post('busy', { type: 'stay' })
    stage.post('busy', { type: 'go' })
  }
  await turn()
  const kept = stage.transitions()
  assert.equal(kept.length, 65)
  assert.deepEqual(
    kept.map(({ number }) => number),
    [1, ...Array.from({ length: 64 }, (_, index) => 138 + index)],
  )
  const { atMs, ...last } = kept.at(-1) ?? assert.fail()
  assert.ok(atMs > 0)
  assert.deepEqual(last, {
    actor: 'busy',
    machine: 'busy',
    from: 'b',
    to: 'a',
    message: 'go',
    number: 201,
  })
})

test('a watcher that throws is let go of, and the actors are not concerned', async () => {
  const { stage, start, seen, failures } = opened()
  start('first')
  stage.follow(({ type }) => {
    if (type !== 'actor.present') throw new Error('bad eyes')
  })
  stage.follow((event) => seen.push(event))
  stage.post('first', { type: 'go' })
  stage.post('first', { type: 'go' })
  await turn()
  assert.deepEqual(failures.map(String), ['Error: bad eyes'])
  assert.equal(stage.actors()[0]?.taken, 2)
  assert.equal(told(seen).length, 2)
})
