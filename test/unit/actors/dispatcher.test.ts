import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { epoch, instant } from '../../../schemas/brand.ts'
import type { Held } from '../../../schemas/messages.ts'
import {
  assign,
  busy,
  failed,
  first,
  idle,
  lease,
  messages,
  outOf,
  second,
  settled,
  started,
  starts,
  windows,
} from '../../support/dispatcher-moves.ts'
import { told } from '../../support/drive.ts'
import { heldAt, leasedUntil } from '../../support/route-parts.ts'

describe('A dispatcher waits for an endpoint', () => {
  test('It asks, asks again when nobody answers, and sends nothing meanwhile.', () => {
    const it = started()
    assert.deepEqual(
      told(it.effects()).map(({ type }) => type),
      ['endpoint.requested'],
    )
    assert.deepEqual(it.fire(), ['endpoint.requested'])
    assert.deepEqual(lease(it, heldAt(1)), ['batches.returned'])
    const [back] = messages<{ reason: string }>(it, 'batches.returned')
    assert.equal(back?.reason, 'no_endpoint')
    assert.deepEqual(assign(it, 1), ['demand.raised'])
    assert.deepEqual(windows(it), [2])
  })
})

describe('A dispatcher is redirected', () => {
  test('dispatcher D1: the newest assignment wins, in whatever order they come.', () => {
    const it = busy()
    for (const number of [3, 2, 5, 4, 5]) assign(it, number)
    assert.equal(it.context().assignment?.epoch, 5)
  })

  test('dispatcher D2: redirectInFlight lasts exactly as long as an attempt of an older epoch is out.', () => {
    const it = busy()
    assert.equal(it.state(), 'sending')
    for (const number of [2, 3, 4]) {
      assign(it, number)
      assert.equal(it.state(), 'redirectInFlight')
    }
    settled(it, first, 1)
    assert.equal(it.state(), 'redirectInFlight')
    it.tell({ type: 'attempt.moved', sendId: second, epoch: epoch(3) })
    assert.equal(it.state(), 'redirectInFlight')
    it.tell({ type: 'attempt.moved', sendId: second, epoch: epoch(4) })
    assert.equal(it.state(), 'sending')
    it.tell({ type: 'attempt.moved', sendId: second, epoch: epoch(2) })
    assert.equal(it.state(), 'sending')
    failed(it, second, 4)
    assert.equal(it.state(), 'backingOff')
  })

  test('dispatcher D3: while an old attempt is out, new sends start under the newest epoch.', () => {
    const it = idle()
    lease(it, heldAt(1))
    assign(it, 2)
    assert.deepEqual(lease(it, heldAt(2)), ['startSend'])
    assert.deepEqual(
      starts(it).map(({ assignment }) => assignment.epoch),
      [2],
    )
    assert.equal(it.state(), 'redirectInFlight')
  })

  test('dispatcher D4: every send that is out is told of it, and none is stopped or forgotten.', () => {
    const it = busy()
    assert.deepEqual(assign(it, 2), ['endpoint.assigned', 'endpoint.assigned'])
    assert.deepEqual(outOf(it), [first, second])
  })

  test('A redirect that is refused is told to the send that reported it, while it is out.', () => {
    const it = busy()
    const refused = {
      type: 'redirect.refused',
      sendId: first,
      epoch: epoch(1),
      reason: 'a circle',
    } as const
    assert.deepEqual(it.tell(refused), ['redirect.refused'])
    assert.deepEqual(it.params('tell'), { to: 'delivery', sendId: first, message: refused })
  })
})

describe('A dispatcher bounds what it takes', () => {
  test('dispatcher D5: no more sends than `concurrency` are out, and what waits starts as they end.', () => {
    const it = busy()
    assert.deepEqual(lease(it, heldAt(3), heldAt(4)), [])
    assert.equal(outOf(it).length, 2)
    assert.deepEqual(settled(it, first, 1), ['attempt.reported', 'startSend'])
    assert.equal(outOf(it).length, 2)
  })

  test('dispatcher D6: what comes while the window is closed goes back, once.', () => {
    const it = busy()
    lease(it, heldAt(3))
    failed(it, first, 1)
    const [back] = messages<{ held: readonly Held[] }>(it, 'batches.returned')
    assert.deepEqual(back?.held, [heldAt(3)])
    assert.deepEqual(it.context().pending, [])
    assert.deepEqual(lease(it, heldAt(4)), ['batches.returned'])
  })

  test('dispatcher D6: what was leased for too short a time is left to the cache, which takes it back.', () => {
    const it = busy()
    it.tell(leasedUntil(1_000, heldAt(3)))
    it.wait(1_000)
    assert.deepEqual(settled(it, first, 1), ['attempt.reported'])
    assert.deepEqual(it.context().pending, [])
  })

  test('A request holds batches of one tenant, as many as fit.', () => {
    const it = idle({ requestBatchesMax: 3, requestBytesMax: 250, concurrency: 3 })
    const others = [
      heldAt(2, { tenant: 'umbrella' }),
      heldAt(4, { tenant: 'umbrella', bytes: 900 }),
    ]
    lease(it, heldAt(1), others[0] as Held, heldAt(3), others[1] as Held, heldAt(5))
    const offsets = starts(it).map(({ held }) => held.map(({ at }) => at.offset))
    assert.deepEqual(offsets, [[1, 3], [2], [4]])
    assert.deepEqual(
      it.context().pending.map(({ held }) => held.at.offset),
      [5],
    )
  })

  test('dispatcher D11: with `ordering: stream` one batch of a stream is out, and others pass by.', () => {
    const it = idle({ ordering: 'stream', requestBatchesMax: 3 })
    lease(it, heldAt(1), heldAt(2), heldAt(3, { service: 'web' }), heldAt(4))
    assert.deepEqual(
      starts(it).map(({ held }) => held.map(({ at }) => at.offset)),
      [[1, 3]],
    )
    settled(it, first, 1)
    assert.deepEqual(
      starts(it).map(({ held }) => held.map(({ at }) => at.offset)),
      [[2]],
    )
  })
})

describe('A dispatcher ends', () => {
  test('dispatcher D9: a send that is silent long after its lease is given up, and said aloud.', () => {
    const it = busy()
    while (it.nowMs() < 130_000) {
      assert.deepEqual(outOf(it), [first, second])
      it.fire()
    }
    assert.deepEqual(outOf(it), [])
    assert.ok(it.effects().some(({ type }) => type === 'fault'))
    assert.equal(it.state(), 'idle')
    assert.deepEqual(settled(it, first, 1), [])
  })

  test('dispatcher D10: draining gives back what waits, starts nothing, and ends with the last send.', () => {
    const it = busy()
    lease(it, heldAt(3))
    it.tell({ type: 'drain.requested', deadlineMs: instant(8_000) })
    const [back] = messages<{ held: readonly Held[]; reason: string }>(it, 'batches.returned')
    assert.deepEqual([back?.held, back?.reason], [[heldAt(3)], 'draining'])
    it.tell({ type: 'dispatch.resumed' })
    assign(it, 2)
    assert.deepEqual(lease(it, heldAt(4)), ['batches.returned'])
    settled(it, first, 1)
    assert.equal(it.isDone(), false)
    settled(it, second, 1)
    assert.equal(it.isDone(), true)
  })

  test('dispatcher D10: draining ends at its deadline, whatever hangs.', () => {
    const it = busy()
    it.tell({ type: 'drain.requested', deadlineMs: instant(8_000) })
    it.fire()
    assert.deepEqual([it.nowMs(), it.isDone()], [8_000, true])
  })
})
