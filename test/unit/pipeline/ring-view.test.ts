/** The ring as a picture: its segments by age, and which would go next. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CacheContext, initialContext } from '../../../actors/cache/context.ts'
import { emptyLane } from '../../../actors/cache/lane.ts'
import type { Segment } from '../../../actors/cache/protocol.ts'
import { ringViewOf } from '../../../pipeline/ring-view.ts'
import { instant } from '../../../schemas/brand.ts'
import type { Priority } from '../../../schemas/messages.ts'

const segment = (id: number, priority: Priority, change: Partial<Segment> = {}): Segment => ({
  id,
  priority,
  bytes: 100,
  batches: 3,
  sealed: true,
  ...change,
})

const contextWith = (
  segments: readonly Segment[],
  change: Partial<CacheContext> = {},
): CacheContext => {
  const lane = (priority: Priority) => ({
    ...emptyLane,
    segments: segments.filter((it) => it.priority === priority),
  })
  return {
    ...initialContext({
      capacityBytes: 1_000,
      whenFull: 'overwrite_oldest',
      leaseMs: 1,
      retryAfterMs: 1,
      readyMax: 1,
      ordering: 'none',
      diskTimeoutMs: 1,
      startedAtMs: instant(0),
    }),
    lanes: { high: lane('high'), normal: lane('normal'), low: lane('low') },
    ...change,
  }
}

const viewOf = (context: CacheContext) => {
  const actor = {
    id: 'cache',
    machine: 'cache',
    value: 'open',
    sinceMs: instant(0),
    waiting: 0,
    untaken: 0,
    taken: 0,
    context,
  }
  const view = ringViewOf([actor])
  assert.ok(view !== undefined)
  return view
}

const heldIn = (segmentId: number) =>
  ({ batch: { acceptedAtMs: instant(70) }, at: { segment: segmentId, offset: 0 } }) as never

describe('the view of the ring', () => {
  it('has the segments of all classes by age', () => {
    const { slots } = viewOf(
      contextWith([segment(3, 'low'), segment(1, 'high'), segment(2, 'normal')]),
    )
    assert.deepEqual(
      slots.map(({ id, priority }) => [id, priority]),
      [
        [1, 'high'],
        [2, 'normal'],
        [3, 'low'],
      ],
    )
  })

  it('marks as next the oldest of the lowest class of which nothing is being sent', () => {
    const segments = [
      segment(1, 'high'),
      segment(2, 'low'),
      segment(3, 'low'),
      segment(4, 'normal'),
    ]
    const nextOf = (context: CacheContext) =>
      viewOf(context)
        .slots.filter(({ isNext }) => isNext)
        .map(({ id }) => id)
    assert.deepEqual(nextOf(contextWith(segments)), [2])
    const lease = { lease: 1, dispatcher: 'd', held: heldIn(2), untilMs: instant(9) }
    const leased = contextWith(segments, { leases: [lease] })
    assert.deepEqual(nextOf(leased), [3])
    const [, second] = viewOf(leased).slots
    assert.deepEqual([second?.leased, second?.oldestMs], [1, 70])
    assert.deepEqual(nextOf(contextWith(segments, { whenFull: 'refuse' })), [])
  })

  it('joins neighbours of one class when there are too many, and keeps their sums', () => {
    const segments = Array.from({ length: 5_000 }, (_, id) =>
      segment(id, id < 2_500 ? 'low' : 'high'),
    )
    const { slots, segmentCount } = viewOf(contextWith(segments))
    assert.equal(segmentCount, 5_000)
    assert.ok(slots.length <= 250, String(slots.length))
    assert.equal(
      slots.reduce((sum, { bytes }) => sum + bytes, 0),
      500_000,
    )
    assert.equal(
      slots.reduce((sum, it) => sum + it.segments, 0),
      5_000,
    )
    assert.equal(slots.filter(({ isNext }) => isNext).length, 1)
  })

  it('shows what is on its way out, and nothing without a cache', () => {
    const leaving = [{ segment: 9, bytes: 50, because: 'evicted' as const }]
    const { slots } = viewOf(contextWith([], { leaving }))
    assert.deepEqual([slots[0]?.state, slots[0]?.priority], ['leaving', null])
    assert.equal(ringViewOf([]), undefined)
  })
})
