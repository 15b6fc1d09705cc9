import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CacheContext, initialContext } from '../../../actors/cache/context.ts'
import { settled } from '../../../actors/cache/leasing.ts'
import type { Segment } from '../../../actors/cache/protocol.ts'
import { instant } from '../../../schemas/brand.ts'
import { cacheInput } from '../../support/cache-world.ts'
import { held, settlementOf } from '../../support/specimen.ts'

const batches = Array.from({ length: 64 }, (_, offset) => held({ segment: offset % 2, offset }))

/** With all batches leased, of segments that say when somebody looks at them. */
const leasing = (segmentCount: number, looked: () => void): CacheContext => {
  const context = initialContext(cacheInput)
  const segments = Array.from({ length: segmentCount }, (_, index) => ({
    get id() {
      looked()
      return index
    },
    priority: 'normal',
    bytes: 1_000,
    batches: 64,
    sealed: true,
  })) satisfies Segment[]
  return {
    ...context,
    leases: batches.map((it) => ({ lease: 1, dispatcher: 'd', held: it, untilMs: instant(1) })),
    lanes: { ...context.lanes, normal: { ...context.lanes.normal, segments } },
  }
}

test('what is settled together is counted in each of its segments, and in no other', () => {
  const next = settled(
    leasing(3, () => undefined),
    batches.slice(0, 5).map(settlementOf),
  )
  assert.deepEqual(
    next.lanes.normal.segments.map((it) => it.batches),
    [61, 62, 64],
  )
  assert.equal(next.leases.length, 59)
})

test('to settle many batches looks at the segments about as often as to settle one', () => {
  const looksFor = (count: number): number => {
    let looks = 0
    const context = leasing(1_000, () => {
      looks += 1
    })
    settled(context, batches.slice(0, count).map(settlementOf))
    return looks
  }
  assert.ok(looksFor(64) < 2 * looksFor(1), `${looksFor(64)} looks, and ${looksFor(1)} for one`)
})
