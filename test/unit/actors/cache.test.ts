import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cache } from '../../../actors/cache/machine.ts'
import type { CacheEffects } from '../../../actors/cache/protocol.ts'
import {
  a,
  append,
  b,
  c,
  demand,
  kept,
  leasedIds,
  loaded,
  opened,
  refusalsOf,
  segment,
  victimOf,
} from '../../support/cache-moves.ts'
import { cacheInput } from '../../support/cache-world.ts'
import { drive } from '../../support/drive.ts'
import { evictionOf, held, settlementOf } from '../../support/specimen.ts'

describe('A cache makes room', () => {
  test('cache K1: by eviction only after the loss is recorded, and with the proof of it.', () => {
    const it = opened([segment(1), segment(2), segment(3)])
    assert.deepEqual(append(it), ['recordEviction'])
    const eviction = evictionOf(1)
    assert.deepEqual(it.tell({ type: 'eviction.recorded', eviction }), ['removeEvicted'])
    assert.deepEqual(it.params('removeEvicted'), { eviction })
    assert.deepEqual(it.tell({ type: 'segment.removed', segment: 1 }), ['appendToLog'])
  })

  test('cache K1: what could not be recorded is recorded again before anything of it is removed.', () => {
    const it = opened([segment(1), segment(2), segment(3)])
    append(it)
    it.tell({ type: 'eviction.failed', segment: 1, detail: 'EIO' })
    assert.equal(it.state(), 'full')
    it.fire()
    it.fire()
    assert.deepEqual(
      it.effects().map(({ type }) => type),
      ['recordEviction'],
    )
  })

  test('cache K2: what is on its way out takes room until it is gone.', () => {
    const it = opened([segment(1), segment(2), segment(3, { batches: 0 })])
    assert.deepEqual(append(it), ['retire'])
    assert.equal(it.state(), 'removing')
    assert.deepEqual(it.tell({ type: 'segment.removed', segment: 3 }), ['appendToLog'])
  })

  test('cache K2: an append that seals a segment on its way out does not bring it back.', () => {
    const it = opened([segment(1, { batches: 0, sealed: false }), segment(2)])
    append(it, { bytes: 4_000 })
    assert.equal(it.state(), 'removing')
    it.fire()
    it.fire()
    append(it, { bytes: 1_000 }, 2)
    assert.equal(it.state(), 'appending')
    const segments = [segment(1), segment(4, { bytes: 2_000, sealed: false })]
    it.tell({ type: 'log.appended', appendId: 2, held: [held({ segment: 4 })], segments })
    assert.deepEqual(
      it.context().leaving.map((one) => one.segment),
      [1],
    )
    assert.deepEqual(
      it.context().lanes.normal.segments.map(({ id }) => id),
      [2, 4],
    )
  })

  test('cache K7: the lowest class goes first, and in it the oldest; nothing goes for what matters less.', () => {
    const high = segment(1, { priority: 'high' })
    const it = opened([high, segment(2), segment(3, { priority: 'low' })])
    append(it, { priority: 'high' })
    assert.equal(victimOf(it), 3)
    const other = opened([high, segment(2), segment(3)])
    append(other, { priority: 'low' })
    assert.deepEqual(refusalsOf(other), ['append.refused: cache_full', 'cache.filled: cache_full'])
  })

  test('cache K7: a segment with a batch in flight is passed over.', () => {
    const it = opened([segment(1), segment(2), segment(3)])
    loaded(it, [a])
    demand(it, 1)
    append(it)
    assert.equal(victimOf(it), 2)
  })

  test('cache K8: nothing is given up while what is settled already can be removed, or is being removed.', () => {
    const it = opened([segment(1), segment(2), segment(3)])
    loaded(it, [a])
    demand(it, 1)
    assert.deepEqual(it.tell({ type: 'batches.settled', settlements: [settlementOf(a)] }), [
      'release',
      'retire',
    ])
    assert.deepEqual(append(it), ['retire'])
    assert.deepEqual(it.tell({ type: 'segment.removed', segment: 1 }), ['appendToLog'])
  })

  test('cache K8: while the journal fails, one segment is given up, however often it is tried.', () => {
    const it = opened([segment(1), segment(2), segment(3)])
    for (let appendId = 1; appendId <= 5; appendId++) {
      append(it, {}, appendId)
      assert.equal(victimOf(it), 1)
      it.tell({ type: 'eviction.failed', segment: 1, detail: 'EIO' })
      it.fire()
    }
    assert.equal(it.context().leaving.length, 1)
  })

  test('cache K8: a cache that is to refuse evicts nothing.', () => {
    const it = opened([segment(1), segment(2), segment(3)], { whenFull: 'refuse' })
    append(it)
    assert.deepEqual(refusalsOf(it), ['append.refused: cache_full', 'cache.filled: cache_full'])
  })

  test('cache K10: a failure that is another segment’s does not end the append at hand.', () => {
    const it = opened([segment(1), segment(2), segment(3)])
    append(it)
    assert.deepEqual(it.tell({ type: 'eviction.failed', segment: 9, detail: 'EIO' }), ['fault'])
    it.tell({ type: 'eviction.recorded', eviction: evictionOf(1) })
    assert.deepEqual(it.tell({ type: 'removal.failed', segment: 9, detail: 'EIO' }), ['fault'])
    assert.deepEqual(it.tell({ type: 'segment.removed', segment: 9 }), [])
    assert.equal(it.state(), 'removing')
  })
})

describe('A cache takes appends', () => {
  test('cache K3: says done once the record log has it, and nothing before.', () => {
    const it = opened()
    assert.deepEqual(append(it), ['appendToLog'])
    assert.deepEqual(it.fire(), ['fault'], 'a slow disk is no answer')
    const segments = [segment(1, { sealed: false })]
    assert.deepEqual(it.tell({ type: 'log.appended', appendId: 1, held: [a], segments }), [
      'append.done',
    ])
  })

  test('cache K3: an append that came while recovering is taken after it.', () => {
    const it = drive(cache, cacheInput)
    assert.deepEqual(append(it), ['defer'])
    assert.deepEqual(it.tell({ type: 'log.recovered', segments: [] }), [
      'cache.opened',
      'appendToLog',
    ])
  })

  test('cache K9: a disk that failed stays the reason, however often it is asked, and is tried again.', () => {
    const it = opened([segment(1), segment(2)], { whenFull: 'refuse' })
    append(it)
    it.tell({ type: 'log.failed', appendId: 1, reason: 'disk_full' })
    assert.deepEqual(refusalsOf(it), ['append.refused: disk_full', 'cache.filled: disk_full'])
    append(it, {}, 2)
    assert.deepEqual(refusalsOf(it), ['append.refused: disk_full', 'cache.filled: disk_full'])
    assert.deepEqual(it.fire(), ['cache.opened'])
  })

  test('cache K9, cache K12: a cache that refuses opens again when all that it held is settled, in whatever segment.', () => {
    const it = opened([], { whenFull: 'refuse' })
    kept(it, [a], { bytes: 11_500 })
    demand(it, 1)
    append(it)
    assert.equal(it.state(), 'full')
    it.tell({ type: 'batches.settled', settlements: [settlementOf(a)] })
    assert.deepEqual(it.tell({ type: 'segment.removed', segment: 1 }), ['cache.opened'])
  })

  test('An append that could never fit is refused, and costs nothing that is held.', () => {
    const it = opened([segment(1)])
    assert.deepEqual(append(it, { bytes: 50_000 }), [
      'append.refused',
      'cache.filled',
      'cache.opened',
    ])
    assert.equal(it.context().leaving.length, 0)
  })
})

describe('A cache lends batches', () => {
  test('cache K5: the oldest first, as far as the window goes, and what is left as it moves.', () => {
    const it = opened()
    kept(it, [a, b])
    kept(it, [c])
    assert.deepEqual(demand(it, 2), ['batches.leased'])
    assert.deepEqual(leasedIds(it), [0, 10])
    it.tell({ type: 'batches.settled', settlements: [settlementOf(b)] })
    assert.deepEqual(leasedIds(it), [0])
  })

  test('cache K5: a batch that is larger than the window goes, but alone.', () => {
    const it = opened()
    const big = held({ segment: 1, offset: 1 }, { bytes: 5_000 })
    kept(it, [a, big])
    demand(it, 5, { bytesMax: 2_000 })
    assert.deepEqual(leasedIds(it), [0])
    it.tell({ type: 'batches.settled', settlements: [settlementOf(a)] })
    assert.deepEqual(leasedIds(it), [10])
  })

  test('cache K5: a word on the window that was overtaken by a newer one says nothing.', () => {
    const it = opened()
    demand(it, 0, { round: 2 })
    demand(it, 5, { round: 1 })
    kept(it, [a])
    assert.deepEqual(it.context().leases, [])
  })

  test('cache K6: what is not settled when its lease ends is lent again.', () => {
    const it = opened()
    kept(it, [a])
    demand(it, 1)
    assert.deepEqual(it.fire(), [])
    it.wait(cacheInput.leaseMs / 2)
    assert.deepEqual(it.fire(), ['batches.leased'])
  })

  test('cache K6: leases end although one append follows the other and nothing else gets its turn.', () => {
    const it = opened()
    kept(it, [a])
    demand(it, 1)
    it.wait(cacheInput.leaseMs)
    assert.deepEqual(kept(it, [b]), ['append.done', 'batches.leased'])
  })

  test('cache K4: what was returned is lent once more, behind what is ready, or in its order.', () => {
    for (const [ordering, next] of [
      ['none', 10],
      ['stream', 0],
    ] as const) {
      const it = opened([], { ordering })
      kept(it, [a, b])
      demand(it, 1)
      demand(it, 0, { round: 2 })
      const returned = { type: 'batches.returned', held: [a], reason: 'throttled' } as const
      it.tell(returned)
      assert.deepEqual(it.tell(returned), [], 'said twice is said once')
      demand(it, 1, { round: 3 })
      assert.deepEqual(leasedIds(it), [next])
    }
  })

  test('cache K4: what is appended while the lane is being read is read next.', () => {
    const it = opened([segment(1, { sealed: false })], { readyMax: 16 })
    kept(it, [b])
    assert.deepEqual(loaded(it, [a, b]), ['load'])
    kept(it, [held({ segment: 1, offset: 2 })])
    assert.deepEqual(loaded(it, []), ['load'])
    assert.deepEqual((it.params('load') as CacheEffects['load']).after, b.at)
  })

  test('cache K4: a batch that the log shows before it says that it is kept counts once.', () => {
    const it = opened([segment(1, { sealed: false })])
    append(it, { firstSeq: 10 })
    loaded(it, [a, b])
    const readyIds = () => it.context().lanes.normal.ready.map(({ at }) => at.offset)
    assert.deepEqual(readyIds(), [0])
    it.tell({ type: 'log.appended', appendId: 1, held: [b], segments: [segment(1)] })
    assert.deepEqual(readyIds(), [0, 1])
  })

  test('cache K13: a batch is let go with the settlement that came for it, and counted once.', () => {
    const it = opened()
    kept(it, [a, b])
    demand(it, 2)
    const settlements = [settlementOf(a)]
    it.tell({ type: 'batches.settled', settlements })
    assert.deepEqual(it.params('release'), { settlements })
    it.tell({ type: 'batches.settled', settlements })
    assert.deepEqual(
      it.context().lanes.normal.segments.map(({ batches }) => batches),
      [1],
    )
  })
})
