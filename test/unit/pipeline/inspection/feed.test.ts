import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFeed, openSampler } from '../../../../pipeline/inspection/feed.ts'
import type { StageEvent, StageWatcher } from '../../../../pipeline/stage-watch.ts'
import { instant } from '../../../../schemas/brand.ts'
import { handMade } from '../hand-made.ts'

const at = { atMs: instant(1), context: {} }
const present = (actor: string, machine = actor): StageEvent => ({
  type: 'actor.present',
  ...at,
  actor,
  machine,
  value: 'idle',
})
const started = (actor: string): StageEvent => ({
  type: 'actor.started',
  ...at,
  actor,
  machine: 'delivery',
  value: 'attempting',
  parent: 'dispatcher',
})
let messages = 0
const taken = (actor: string, to: string): readonly StageEvent[] => {
  messages += 1
  const message = { type: 'go', headers: 's3cret' }
  const base = { ...at, actor, machine: actor, message, messageId: `edge-1-x#${messages}` }
  return [
    { type: 'message.taken', ...base, source: 'cache', causationId: 'edge-1-x#7' },
    { type: 'actor.stepped', ...base, from: 'idle', to },
  ]
}

test('what is kept of a tick is bounded, whole, and ends with the state that each actor is in', () => {
  const sampler = openSampler()
  sampler.note(present('dispatcher'))
  const states = Array.from({ length: 5_000 }, (_, index) => `s${index}`)
  for (const state of states) for (const event of taken('dispatcher', state)) sampler.note(event)
  const kept = sampler.taken()
  assert.ok(kept.length > 50 && kept.length < 200, String(kept.length))
  assert.equal(kept.length + sampler.skipped(), 10_001)
  const last = kept.at(-1)
  assert.equal(last?.type === 'actor.stepped' && last.to, 's4999')
  const shown = new Set(kept.flatMap((it) => (it.type === 'message.taken' ? [it.messageId] : [])))
  const stepped = new Set(kept.flatMap((it) => (it.type === 'actor.stepped' ? [it.messageId] : [])))
  assert.deepEqual(
    [...shown].filter((id) => !stepped.has(id)),
    [],
  )
  assert.deepEqual(sampler.taken(), [])
})

test('changes of state have room of their own when messages have used up theirs', () => {
  const sampler = openSampler()
  sampler.note(present('cache'))
  sampler.note(present('dispatcher'))
  for (let count = 0; count < 1_000; count += 1)
    for (const event of taken('cache', 'idle')) sampler.note(event)
  for (const event of taken('dispatcher', 'redirectInFlight')) sampler.note(event)
  for (const event of taken('dispatcher', 'sending')) sampler.note(event)
  const steps = sampler
    .taken()
    .flatMap((it) => (it.type === 'actor.stepped' && it.from !== it.to ? [it.to] : []))
  assert.deepEqual(steps, ['redirectInFlight', 'sending'])
})

test('of deliveries a few are shown, from their start to their end, and of the others nothing', () => {
  const sampler = openSampler()
  const ids = Array.from({ length: 500 }, (_, index) => `send-${index}`)
  for (const id of ids) {
    sampler.note(started(id))
    for (const event of taken(id, 'recording')) sampler.note(event)
    sampler.note({
      type: 'actor.ended',
      ...at,
      actor: id,
      machine: 'delivery',
      value: 'settled',
      how: 'finished',
    })
  }
  const kept = sampler.taken()
  const of = (type: StageEvent['type']) =>
    kept.flatMap((event) => (event.type === type ? [event.actor] : []))
  assert.ok(of('actor.started').length > 0 && of('actor.started').length < 20)
  assert.deepEqual(of('actor.ended'), of('actor.started'))
  assert.ok(sampler.skipped() > 1_000)
})

test('an inspector is shown who is there, then what happens; nobody is followed when nobody looks', async () => {
  const watchers = new Set<StageWatcher>()
  const { observed } = handMade({
    follow: (watcher) => {
      watcher(present('dispatcher'))
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
  })
  const feed = openFeed(observed)
  assert.equal(watchers.size, 0)
  const shown: { readonly type: string; readonly sessionId: string }[] = []
  const happened = Promise.withResolvers<void>()
  const detach = feed.attach((texts) => {
    for (const text of texts) {
      assert.doesNotMatch(text, /s3cret/)
      shown.push(JSON.parse(text))
    }
    if (shown.some(({ type }) => type === '@xstate.snapshot')) happened.resolve()
    return 'taken'
  })
  const other = feed.attach(() => 'skipped')
  assert.equal(watchers.size, 1)
  for (const watcher of watchers) for (const event of taken('dispatcher', 'sending')) watcher(event)
  await happened.promise
  detach()
  assert.equal(watchers.size, 1)
  other()
  assert.equal(watchers.size, 0)
  assert.deepEqual(
    shown.slice(0, 4).map(({ type, sessionId }) => `${type} ${sessionId}`),
    [
      '@xstate.actor edge-1-x',
      '@xstate.actor edge-1-x/dispatcher',
      '@xstate.event edge-1-x/dispatcher',
      '@xstate.snapshot edge-1-x/dispatcher',
    ],
  )
  const { sourceId, messageId, causationId } = shown[2] as unknown as Record<string, string>
  assert.equal(sourceId, 'edge-1-x/cache')
  assert.equal(messageId, `edge-1-x#${messages}`)
  assert.equal(causationId, 'edge-1-x#7')
})
