import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { collector } from '../../../actors/collector/machine.ts'
import { instant } from '../../../schemas/brand.ts'
import type { AppendRequested } from '../../../schemas/messages.ts'
import { collectorInput, collectorWorld, part } from '../../support/collector-world.ts'
import { drive } from '../../support/drive.ts'

const started = () => drive(collector, collectorInput)
const accepting = () => {
  const it = started()
  it.tell({ type: 'cache.opened' })
  return it
}
const appending = (appendId = 1, records = 10) => {
  const it = accepting()
  it.tell({ type: 'group.offered', appendId, parts: [part('auth', records)] })
  return it
}
const numbersOf = (it: ReturnType<typeof started>) =>
  (it.params('tell') as { message: AppendRequested }).message.batches.map(
    ({ service, firstSeq, lastSeq }) => [service, firstSeq, lastSeq],
  )
const refused = { reason: 'cache_full', retryAfterMs: 750 } as const

describe('A collector numbers what it takes in', () => {
  test('collector C1: each stream from 0, and each batch where the one before it ended.', () => {
    const it = accepting()
    const parts = [part('auth', 10), part('web', 5), part('auth', 2)]
    it.tell({ type: 'group.offered', appendId: 1, parts })
    assert.deepEqual(numbersOf(it), [
      ['auth', 0, 9],
      ['web', 0, 4],
      ['auth', 10, 11],
    ])
    it.tell({ type: 'append.done', appendId: 1 })
    it.tell({ type: 'group.offered', appendId: 2, parts: [part('auth', 1)] })
    assert.deepEqual(numbersOf(it), [['auth', 12, 12]])
  })

  test('collector C1: the numbers of a refused append are given to the next one.', () => {
    const it = appending()
    it.tell({ type: 'append.refused', appendId: 1, ...refused })
    it.tell({ type: 'cache.opened' })
    it.tell({ type: 'group.offered', appendId: 2, parts: [part('auth', 3)] })
    assert.deepEqual(numbersOf(it), [['auth', 0, 2]])
  })

  test('collector C1: an append that a failing disk may show later keeps its numbers: others get those of another producer.', () => {
    const it = appending()
    it.tell({ type: 'append.refused', appendId: 1, ...refused, reason: 'storage_failed' })
    const producersOf = () =>
      (it.params('tell') as { message: AppendRequested }).message.batches.map(({ id }) => id)
    for (const appendId of [2, 3]) {
      it.fire()
      it.tell({ type: 'group.offered', appendId, parts: [part('auth', 3)] })
      assert.deepEqual(producersOf(), [`edge-1.${appendId - 1}/acme/auth/0-2`])
      it.tell({ type: 'append.refused', appendId, ...refused, reason: 'storage_failed' })
    }
  })

  test('collector C1: the numbers of an append that is done late are taken, though its clients were refused.', () => {
    const it = appending()
    assert.deepEqual(it.fire(), ['refuse', 'closeIntake'])
    assert.equal(it.state(), 'overdue')
    assert.deepEqual(it.tell({ type: 'append.done', appendId: 1 }), ['openIntake', 'takeGroup'])
    it.tell({ type: 'group.offered', appendId: 2, parts: [part('auth', 3)] })
    assert.deepEqual(numbersOf(it), [['auth', 10, 12]])
  })
})

describe('A collector answers its clients', () => {
  test('collector C3, collector C4: with 200 once the append is done, and not before.', () => {
    const it = appending(7)
    assert.deepEqual(it.tell({ type: 'append.done', appendId: 6 }), [])
    assert.deepEqual(it.tell({ type: 'append.done', appendId: 7 }), ['acknowledge', 'takeGroup'])
    assert.equal((it.params('acknowledge') as { appendId: number }).appendId, 7)
  })

  test('collector C3: with the cache’s own reason and hint when it refuses.', () => {
    const it = appending(7)
    it.tell({ type: 'append.refused', appendId: 7, ...refused })
    assert.deepEqual(it.params('refuse'), { ...refused, appendId: 7 })
    assert.deepEqual(it.params('closeIntake'), refused)
  })

  test('collector C3: with 503 when the cache is silent for too long, whatever it said before.', () => {
    const it = appending(7)
    it.tell({ type: 'cache.filled', ...refused })
    it.fire()
    assert.deepEqual(it.params('refuse'), { reason: 'overdue', retryAfterMs: 750, appendId: 7 })
  })

  test('collector C3: a group that crosses with a closed intake is refused, not lost.', () => {
    const it = accepting()
    it.tell({ type: 'cache.filled', ...refused })
    assert.deepEqual(it.tell({ type: 'group.offered', appendId: 3, parts: [part('auth', 1)] }), [
      'refuse',
    ])
    assert.deepEqual(it.params('refuse'), { ...refused, appendId: 3 })
  })

  test('collector C2: a second group waits until the append before it has ended.', () => {
    const it = appending(1)
    const group = { type: 'group.offered', appendId: 2, parts: [part('auth', 1)] } as const
    assert.deepEqual(it.tell(group), ['defer'])
    assert.deepEqual(it.tell({ type: 'append.done', appendId: 1 }), [
      'acknowledge',
      'takeGroup',
      'append.requested',
    ])
    assert.equal(it.state(), 'appending')
  })

  test('A refusal that has ended is not told to the clients of a later append.', () => {
    const it = appending(1)
    it.tell({ type: 'cache.filled', ...refused })
    it.tell({ type: 'append.done', appendId: 1 })
    it.tell({ type: 'group.offered', appendId: 2, parts: [part('auth', 1)] })
    it.fire()
    assert.deepEqual(it.params('closeIntake'), { reason: 'overdue', retryAfterMs: 500 })
  })
})

describe('A collector goes on', () => {
  test('collector C5: when the cache never says that it has opened, by asking with an append.', () => {
    const it = started()
    assert.equal(it.armedMs(), 10_000)
    assert.deepEqual(it.fire(), ['closeIntake'])
    assert.equal(it.state(), 'refusing')
    assert.equal(it.armedMs(), 10_500)
    assert.deepEqual(it.fire(), ['openIntake', 'takeGroup'])
    assert.equal(it.state(), 'accepting')
  })

  test('collector C5: when the word that the cache is open again is lost.', () => {
    const it = appending()
    it.tell({ type: 'append.refused', appendId: 1, ...refused })
    assert.equal(it.armedMs(), 500)
    assert.deepEqual(it.fire(), ['openIntake', 'takeGroup'])
    assert.equal(it.state(), 'accepting')
  })

  test('collector C5: a cache that leaves an append unanswered is a fault, again and again.', () => {
    const it = appending()
    it.fire()
    assert.deepEqual(it.fire(), ['fault'])
    assert.deepEqual(it.fire(), ['fault'])
    assert.equal(it.armedMs(), 40_000)
    it.tell({ type: 'append.refused', appendId: 1, ...refused })
    assert.equal(it.state(), 'refusing')
    assert.equal(it.armedMs(), 30_500)
  })

  test('A timer of the state before is not taken for the deadline of this one.', () => {
    const it = started()
    it.wait(9_000)
    it.tell({ type: 'cache.opened' })
    it.tell({ type: 'group.offered', appendId: 1, parts: [part('auth', 1)] })
    it.wait(1_000)
    assert.deepEqual(it.tell({ type: 'timer.fired' }), [])
    assert.equal(it.state(), 'appending')
    assert.equal(it.armedMs(), 19_000)
  })
})

describe('A collector drains', () => {
  const deadlineMs = instant(3_000)

  test('collector C7: at once when nothing is with the cache.', () => {
    const it = accepting()
    assert.deepEqual(it.tell({ type: 'drain.requested', deadlineMs }), ['closeIntake'])
    assert.ok(it.isDone())
  })

  test('collector C7: when the append at hand is done, which its clients are told.', () => {
    const it = appending()
    it.tell({ type: 'drain.requested', deadlineMs })
    assert.equal(it.armedMs(), deadlineMs)
    assert.deepEqual(it.tell({ type: 'append.done', appendId: 1 }), ['acknowledge'])
    assert.ok(it.isDone())
  })

  test('collector C7: at its deadline at the latest, with 503 for the append at hand.', () => {
    const it = appending()
    it.tell({ type: 'drain.requested', deadlineMs })
    assert.deepEqual(it.fire(), ['refuse'])
    assert.ok(it.isDone())
  })

  test('collector C3: at once when the clients of the append at hand have their answer already.', () => {
    const it = appending()
    it.fire()
    assert.deepEqual(it.tell({ type: 'drain.requested', deadlineMs }), ['closeIntake'])
    assert.ok(it.isDone())
  })
})

/** Each number is a move; what cannot be done at the moment is left out. */
const play = (world: ReturnType<typeof collectorWorld>, move: number): void => {
  const [kind, detail] = [move % 11, Math.floor(move / 11)]
  if (world.drive.isDone() && kind !== 2) return
  if (kind === 0) world.request([part('auth', 1 + (detail % 3))])
  if (kind === 1) world.request([part('auth', 2), part('web', 1), part('auth', 1)])
  if (kind === 2) world.hearGroup()
  if (kind === 3) world.decide('keep')
  if (kind === 4) world.decide('refuse')
  if (kind === 5) world.hearWord(detail, 'once')
  if (kind === 6) world.hearWord(detail, 'twice')
  if (kind === 7) world.fire()
  if (kind === 8) world.tell({ type: 'timer.fired' })
  if (kind === 9)
    world.say(detail % 2 === 0 ? { type: 'cache.opened' } : { type: 'cache.filled', ...refused })
  if (kind === 10 && detail % 8 === 0)
    world.tell({ type: 'drain.requested', deadlineMs: instant(world.drive.nowMs() + 2_000) })
}

test('collector C1, collector C2, collector C3, collector C4, collector C5, collector C6: whatever comes late, twice or out of order.', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1_000 }), { maxLength: 80, size: 'max' }), (moves) => {
      const world = collectorWorld()
      for (const move of moves) play(world, move)
      // Then nothing new happens, and everything that is under way arrives.
      for (let round = 0; round < 200 && !isQuiet(world); round++) {
        world.decide('keep')
        world.hearGroup()
        if (!world.drive.isDone()) world.hearWord(0, 'once')
      }
      assert.equal(world.answers.size, world.offeredCount(), 'C3: each group has its answer')
    }),
    { numRuns: 400 },
  )
})

const isQuiet = (world: ReturnType<typeof collectorWorld>): boolean =>
  world.drive.isDone()
    ? world.answers.size === world.offeredCount()
    : world.underway() === 0 && !world.isUndecided()
