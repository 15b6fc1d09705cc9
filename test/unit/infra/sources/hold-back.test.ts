import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdMsMax, openHoldBack } from '../../../../infra/sources/hold-back.ts'
import { intakeInTime, settled } from './intake-in-time.ts'
import { logsOf, requestOf } from './requests.ts'

/** Time that stands still until it is told to pass. */
const open = () => {
  const timers = new Set<() => void>()
  let overs = 0
  const holdBack = openHoldBack((delayMs, call) => {
    assert.equal(delayMs, holdMsMax)
    timers.add(call)
    return () => void timers.delete(call)
  })
  return {
    ...holdBack,
    holds: (waiting: number) => holdBack.holds(waiting, () => (overs += 1)),
    pass: () => {
      for (const call of [...timers]) {
        timers.delete(call)
        call()
      }
    },
    timers: () => timers.size,
    overs: () => overs,
  }
}

test('nobody is waited for before somebody was answered, nor by a client that is alone', () => {
  const { holds, letGo, answered } = open()
  assert.equal(holds(1), false)
  letGo()
  answered({ answered: 1, waiting: 0 })
  assert.equal(holds(1), false)
})

test('a group waits until all who were answered are back, and those who waited then are there too', () => {
  const { holds, letGo, answered, timers } = open()
  answered({ answered: 3, waiting: 2 })
  assert.equal(holds(2), true)
  assert.equal(holds(4), true)
  assert.equal(timers(), 1)
  assert.equal(holds(5), false)
  letGo()
  assert.equal(timers(), 0)
})

test('a group waits no longer than its time, for whoever does not come back', () => {
  const { holds, letGo, answered, pass, overs } = open()
  answered({ answered: 2, waiting: 1 })
  assert.equal(holds(1), true)
  pass()
  assert.equal(overs(), 1)
  assert.equal(holds(1), false)
  letGo()
})

test('where clients do not come back in time, ever fewer groups wait for them', () => {
  const { holds, letGo, answered, pass } = open()
  const waits: number[] = []
  for (let group = 0; group < 400; group += 1) {
    answered({ answered: 2, waiting: 0 })
    if (holds(1)) {
      waits.push(group)
      pass()
      assert.equal(holds(1), false)
    }
    letGo()
  }
  const gaps = waits.slice(1).map((group, index) => group - (waits[index] ?? 0))
  assert.deepEqual(gaps.slice(0, 8), [1, 2, 4, 8, 16, 32, 64, 64])
})

test('once they come back in time again, groups wait for them again', () => {
  const { holds, letGo, answered, pass } = open()
  for (let group = 0; group < 400; group += 1) {
    answered({ answered: 2, waiting: 0 })
    if (holds(1)) pass()
    letGo()
  }
  let held = 0
  for (let group = 0; group < 200; group += 1) {
    answered({ answered: 2, waiting: 0 })
    if (holds(1)) held += 1
    assert.equal(holds(2), false)
    letGo()
  }
  assert.ok(held > 100, `${held} of 200 were held`)
})

/** A group of one is answered, and another client waits: the next group is held for the first. */
const oneAnsweredOneWaiting = () => {
  const opened = intakeInTime()
  const { intake, take } = opened
  take()
  const first = intake.offer(requestOf(logsOf('a', { records: 1 })))
  const waiting = intake.offer(requestOf(logsOf('b', { records: 1 })))
  intake.acknowledge(1)
  take()
  return { ...opened, first, waiting }
}

test('clients that were just answered are in the next group with those that waited', async () => {
  const { first, waiting, intake, groups, timers } = oneAnsweredOneWaiting()
  assert.equal(groups.length, 1)
  assert.equal((await first).kind, 'kept')
  const next = intake.offer(requestOf(logsOf('a', { records: 1 })))
  assert.deepEqual(
    groups[1]?.parts.map(({ service }) => service),
    ['b', 'a'],
  )
  assert.equal(timers.length, 0)
  intake.acknowledge(2)
  assert.deepEqual(await settled([waiting, next]), ['kept', 'kept'])
})

test('half a batch does not wait for anybody', () => {
  const { intake, groups, take } = intakeInTime({ recordsMax: 10 })
  take()
  void intake.offer(requestOf(logsOf('a', { records: 1 })))
  void intake.offer(requestOf(logsOf('b', { records: 5 })))
  intake.acknowledge(1)
  take()
  assert.equal(groups.length, 2)
})

test('who waits for others is refused at once when the intake closes', async () => {
  const { first, waiting, intake, groups, timers } = oneAnsweredOneWaiting()
  intake.close({ reason: 'cache_full', retryAfterMs: 2_000 })
  assert.deepEqual(await settled([first, waiting]), ['kept', 'refused'])
  assert.equal(groups.length, 1)
  assert.equal(timers.length, 0)
})
