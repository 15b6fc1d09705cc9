import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSequence } from '../../../../pipeline/inspection/sequence.ts'
import type { StageEvent, StageWatcher } from '../../../../pipeline/stage-watch.ts'
import { instant } from '../../../../schemas/brand.ts'
import { until } from '../../../support/holdfast-process.ts'

const stage = () => {
  const watchers = new Set<StageWatcher>()
  const tell = (event: StageEvent): void => {
    for (const watcher of watchers) watcher(event)
  }
  const base = { atMs: instant(1), actor: 'cache', machine: 'cache', context: {} }
  return {
    watchers,
    follow: (watcher: StageWatcher) => {
      watchers.add(watcher)
      watcher({ type: 'actor.present', ...base, value: 'idle' })
      return () => void watchers.delete(watcher)
    },
    told: (messageId: string, to = 'idle') => {
      const what = { ...base, message: { type: 'go' }, messageId }
      tell({ type: 'message.taken', ...what, source: 'collector', causationId: null })
      tell({ type: 'actor.stepped', ...what, from: 'idle', to })
    },
  }
}

test('nothing is watched until somebody asks, and no more once nobody does', async () => {
  const { follow, told, watchers } = stage()
  const sequence = openSequence({ follow }, 1)
  told('a')
  assert.equal(watchers.size, 0)
  assert.deepEqual(sequence.after(0), { steps: [], skipped: 0 })
  assert.equal(watchers.size, 1)
  await until(
    () => watchers.size,
    (size) => size === 0,
  )
  sequence.close()
})

test('a message and what came of it are one step, which is told once to whoever has seen it', () => {
  const { follow, told } = stage()
  const sequence = openSequence({ follow })
  sequence.after(0)
  told('a')
  told('b', 'full')
  const { steps } = sequence.after(0)
  assert.deepEqual(
    steps.map(({ number, from, to, messageId, change }) => [number, from, to, messageId, change]),
    [
      [1, 'collector', 'cache', 'a', null],
      [2, 'collector', 'cache', 'b', { from: 'idle', to: 'full' }],
    ],
  )
  assert.deepEqual(sequence.after(2).steps, [])
  sequence.close()
})

test('what is kept is bounded, and what was left out is counted', () => {
  const { follow, told } = stage()
  const sequence = openSequence({ follow })
  sequence.after(0)
  for (let turn = 0; turn < 60; turn += 1) {
    for (let count = 0; count < 100; count += 1) told(`${turn}/${count}`)
    sequence.after(Number.MAX_SAFE_INTEGER)
  }
  const { steps, skipped } = sequence.after(0)
  assert.equal(steps.length, 1_000)
  assert.ok(skipped > 0)
  sequence.close()
})
