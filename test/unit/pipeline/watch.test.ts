import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boardBytes, boardOn, type Sight, type Sights } from '../../../pipeline/sentinel/board.ts'
import { openWatch } from '../../../pipeline/sentinel/watch.ts'

const idle: Sight = { work: 'none', progress: 0 }
const nothing: Sights = {
  collector: idle,
  cache: idle,
  dispatcher: idle,
  'endpoint-manager': idle,
  sends: idle,
}
const stuck: Sight = { work: 'some', progress: 5 }

const opened = () => {
  const board = boardOn(new SharedArrayBuffer(boardBytes))
  const told: string[] = []
  const watch = openWatch({
    // As another thread has it: the same memory, another view.
    board: boardOn(board.buffer),
    stallAfterMs: 1_000,
    announce: (subject, { kind }) => told.push(`${subject} ${kind}`),
    restart: (subject) => told.push(`${subject} restart`),
  })
  let nowMs = 0
  const pass = (ms: number, sights: Sights | 'blocked'): void => {
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 100) {
      if (sights !== 'blocked') board.write(12, sights)
      watch.look(nowMs)
    }
  }
  return { watch, told, pass, skip: (ms: number) => (nowMs += ms) }
}

test('a blocked event loop is to blame alone: of nobody else is anything known meanwhile', () => {
  const { watch, told, pass } = opened()
  pass(500, { ...nothing, dispatcher: stuck })
  pass(5_000, 'blocked')
  assert.deepEqual(told, ['event-loop stalled', 'event-loop givenUp'])
  assert.deepEqual(
    watch.health().live.map(({ actor }) => actor),
    ['event-loop'],
  )
  pass(300, { ...nothing, dispatcher: { ...stuck, progress: 6 } })
  assert.deepEqual(told.slice(2), ['event-loop recovered'])
  assert.deepEqual(watch.health(), { live: [], ready: [] })
})

test('a machine that slept finds nobody stalled when it wakes', () => {
  const { told, pass, skip } = opened()
  pass(500, nothing)
  skip(3_600_000)
  pass(900, nothing)
  assert.deepEqual(told, [])
})

test('sends have a second more, are blamed on the dispatcher, and fail readiness before liveness', () => {
  const { watch, told, pass } = opened()
  pass(200, nothing)
  pass(1_900, { ...nothing, sends: stuck })
  assert.deepEqual([told, watch.summary().value], [[], 'suspecting'])
  pass(300, { ...nothing, sends: stuck })
  assert.deepEqual(told, ['sends stalled', 'sends restart'])
  const { live, ready } = watch.health()
  assert.deepEqual([live, ready.map(({ actor }) => actor)], [[], ['dispatcher']])
  watch.answer('sends', { type: 'restart.done' })
  assert.deepEqual(watch.summary(), { value: 'recovering', detail: 'sends: recovering' })
  pass(2_100, { ...nothing, sends: stuck })
  assert.equal(watch.health().live.length, 1)
})
