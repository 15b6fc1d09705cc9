import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { instant } from '../../../schemas/brand.ts'
import type { AttemptReported, DemandRaised } from '../../../schemas/messages.ts'
import {
  assign,
  busy,
  expired,
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
  third,
  windows,
} from '../../support/dispatcher-moves.ts'
import { heldAt } from '../../support/route-parts.ts'

describe('A dispatcher backs off', () => {
  test('dispatcher D7: it closes its window, opens it for one probe, and wholly once that is good.', () => {
    const it = busy()
    failed(it, first, 1)
    assert.deepEqual(windows(it), [0])
    failed(it, second, 1)
    assert.equal(it.state(), 'backingOff')
    assert.deepEqual(it.fire(), ['demand.raised'])
    assert.deepEqual([it.nowMs(), windows(it), it.state()], [100, [1], 'idle'])
    lease(it, heldAt(1))
    assert.equal(it.state(), 'sending')
    settled(it, third, 1)
    assert.deepEqual(windows(it), [2])
  })

  test('dispatcher D7: in redirectInFlight too, the next try is in time, however long old attempts take.', () => {
    const it = idle()
    lease(it, heldAt(1))
    assign(it, 2)
    lease(it, heldAt(2))
    failed(it, second, 2)
    assert.equal(it.state(), 'redirectInFlight')
    assert.equal(it.armedMs(), 100)
    it.fire()
    assert.deepEqual(windows(it), [1])
  })

  test('dispatcher D7: it closes its window when it is suspended, and opens it when it is resumed.', () => {
    const it = busy()
    it.tell({ type: 'dispatch.suspended', reason: 'maintenance' })
    assert.deepEqual(windows(it), [0])
    settled(it, first, 1)
    settled(it, second, 1)
    assert.equal(it.state(), 'suspended')
    it.tell({ type: 'dispatch.resumed' })
    assert.deepEqual([windows(it), it.state()], [[2], 'idle'])
  })

  test('dispatcher D7: a new assignment ends the backoff at once.', () => {
    const it = idle()
    lease(it, heldAt(1))
    failed(it, first, 1, { retryAfterMs: 60_000 })
    assert.equal(it.state(), 'backingOff')
    assign(it, 2)
    assert.deepEqual([windows(it), it.state()], [[2], 'idle'])
  })

  test('dispatcher D7: the rounds of a dispatcher that is started anew are higher than those before.', () => {
    const it = started({ startedAtMs: instant(5_000) })
    assign(it, 1)
    const [demand] = messages<DemandRaised>(it, 'demand.raised')
    assert.equal(demand?.round, 5_001)
  })

  test('dispatcher D8: sends that fail together are one failure, and the step doubles up to its most.', () => {
    const it = idle()
    const waits = [200, 400, 800, 1_000, 1_000].map((expected, i) => {
      lease(it, heldAt(1), heldAt(2))
      const atMs = it.nowMs()
      for (const sendId of outOf(it)) failed(it, sendId, 1, { jitter: 1 })
      const waitMs = it.context().retryAtMs - atMs
      assert.equal(it.context().failures, i + 1)
      while (it.state() === 'backingOff') it.fire()
      return [waitMs, expected]
    })
    for (const [waitMs, expected] of waits) assert.equal(waitMs, expected)
  })

  test('dispatcher D8: it never waits less than Retry-After, nor less than half a step.', () => {
    const it = busy()
    failed(it, first, 1, { jitter: 0 })
    assert.equal(it.context().retryAtMs, 100)
    failed(it, second, 1, { retryAfterMs: 3_000 })
    assert.equal(it.context().askedUntilMs, 3_000)
  })

  test('dispatcher D8: Retry-After holds though a send that was out meanwhile is good; a new endpoint asked for nothing.', () => {
    const it = busy()
    failed(it, first, 1, { retryAfterMs: 3_000 })
    settled(it, second, 1)
    assert.deepEqual([it.state(), it.context().failures], ['backingOff', 0])
    lease(it, heldAt(3))
    assert.deepEqual([starts(it), it.state()], [[], 'backingOff'])
    it.fire()
    assert.deepEqual([it.nowMs(), windows(it), it.state()], [3_000, [2], 'idle'])

    lease(it, heldAt(4))
    failed(it, third, 1, { retryAfterMs: 3_000 })
    assert.equal(it.state(), 'backingOff')
    assign(it, 2)
    assert.equal(it.state(), 'idle')
  })

  test('dispatcher D8: a failure under a superseded epoch says nothing about the newest.', () => {
    const it = busy()
    assign(it, 2)
    assert.deepEqual(failed(it, first, 1), [])
    assert.equal(it.context().failures, 0)
  })

  test('dispatcher D8: a send of which all batches have expired has failed, though nothing is left.', () => {
    const it = busy()
    expired(it, first, 1)
    assert.equal(it.state(), 'backingOff')
    assert.equal(messages<AttemptReported>(it, 'attempt.reported')[0]?.healthy, false)
  })
})

describe('A dispatcher tells how endpoints do', () => {
  test('dispatcher D12: sends that fail together are one failure of the endpoint, not one each.', () => {
    const it = busy()
    failed(it, first, 1)
    assert.equal(messages(it, 'attempt.reported').length, 1)
    failed(it, second, 1)
    assert.equal(messages(it, 'attempt.reported').length, 0)
    it.fire()
    lease(it, heldAt(3))
    failed(it, third, 1)
    assert.equal(messages(it, 'attempt.reported').length, 1)
  })

  test('dispatcher D12: a good endpoint once an epoch, a bad one each time that it is tried.', () => {
    const it = busy()
    assert.deepEqual(settled(it, first, 1), ['attempt.reported'])
    assert.deepEqual(settled(it, second, 1), [])
    lease(it, heldAt(3), heldAt(4))
    assert.ok(failed(it, third, 1).includes('attempt.reported'))
    assert.ok(!failed(it, 'edge-0-4', 1).includes('attempt.reported'))
    it.fire()
    lease(it, heldAt(5))
    assert.ok(failed(it, 'edge-0-5', 1).includes('attempt.reported'))
  })

  test('dispatcher D12: a ledger that can not keep an end is no fault of the endpoint.', () => {
    const it = busy()
    assert.deepEqual(failed(it, first, 1, { reason: 'unsettled' }), ['demand.raised'])
    assert.equal(it.state(), 'backingOff')
  })
})
