import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { epoch, instant } from '../../../schemas/brand.ts'
import type { BatchesReturned } from '../../../schemas/messages.ts'
import {
  accepted,
  answer,
  assign,
  attemptOf,
  endOf,
  failed,
  fatesIn,
  type It,
  messageIn,
  one,
  record,
  redirected,
  started,
  tooLarge,
  two,
} from '../../support/delivery-moves.ts'
import { assignmentOf, deliveryInput, heldAt, urls } from '../../support/route-parts.ts'

describe('A send ends its batches', () => {
  test('delivery: of several batches that an endpoint rejects, only the one that it will not have is lost.', () => {
    const it = started({ held: [one, two] })
    const rejected = { kind: 'rejected', status: 400, message: 'no' } as const
    answer(it, rejected)
    assert.deepEqual(attemptOf(it).piece.held, [one])
    answer(it, rejected)
    assert.deepEqual(attemptOf(it).piece.held, [two])
    assert.deepEqual(answer(it, accepted), ['recordFates'])
    const ends = fatesIn(it).map(({ delivered, drops }) => [
      delivered,
      drops.map((it) => it.reason),
    ])
    assert.deepEqual(ends, [
      [0, ['rejected_by_endpoint']],
      [4, []],
    ])
  })

  test('delivery: a new endpoint that only says 401 or 404 costs nothing; a proven one is believed.', () => {
    for (const status of [401, 403, 404, 405, 407]) {
      const rejected = { kind: 'rejected', status, message: 'who are you' } as const
      const assignment = { ...assignmentOf(2), by: 'operator' }
      const unproven = started({ held: [one], assignment, provenEpoch: 1 })
      assert.deepEqual(answer(unproven, rejected), ['batches.returned', 'send.ended'])
      assert.deepEqual(endOf(unproven)?.reason, 'server_error')
      const proven = started({ held: [one], assignment, provenEpoch: 2 })
      assert.deepEqual(answer(proven, rejected), ['recordFates'])
      const configured = { ...assignment, by: 'configuration' }
      const first = started({ held: [one], assignment: configured, provenEpoch: -1 })
      assert.deepEqual(answer(first, rejected), ['recordFates'])
    }
  })

  test('delivery S1: what was delivered is settled, once the ledger has it, and then the send ends.', () => {
    const it = started({ held: [one, two] })
    assert.deepEqual(answer(it, accepted), ['recordFates'])
    assert.deepEqual(record(it, one, two), ['batches.settled', 'send.ended'])
    assert.deepEqual([it.state(), endOf(it)?.reason], ['settled', null])
  })

  test('delivery S1: what the ledger does not have goes back, and nothing is told twice.', () => {
    const it = started({ held: [one, two] })
    answer(it, accepted)
    assert.deepEqual(record(it, two), ['batches.settled', 'batches.returned', 'send.ended'])
    const back = messageIn<BatchesReturned>(it.effects(), 'batches.returned')
    assert.deepEqual([back?.held, back?.reason], [[one], 'unsettled'])
  })

  test('delivery S1: a ledger that fails, or says nothing, sends all of it back.', () => {
    for (const fail of [
      (it: It) => it.tell({ type: 'fates.failed', detail: 'disk' }),
      (it: It) => it.fire(),
    ]) {
      const it = started({ held: [one, two] })
      answer(it, accepted)
      assert.deepEqual(fail(it), ['batches.returned', 'send.ended'])
      assert.deepEqual([endOf(it)?.outcome, endOf(it)?.reason], ['returned', 'unsettled'])
    }
  })

  test('delivery S2: what an endpoint rejects is counted against the batches in order, and sums up.', () => {
    const it = started({ held: [one, two] })
    answer(it, { kind: 'partial', rejected: 5, message: 'too old' })
    const [a, b] = fatesIn(it)
    assert.deepEqual([a?.delivered, a?.drops[0]?.records], [0, 4])
    assert.deepEqual([b?.delivered, b?.drops[0]?.records], [3, 1])
    assert.equal(b?.drops[0]?.reason, 'partially_rejected')
  })
})

describe('A send is redirected', () => {
  test('delivery S3: an assignment ends no attempt; its answer counts, whatever was assigned.', () => {
    const it = started()
    for (const number of [2, 3, 4]) assert.deepEqual(assign(it, number), [])
    assert.equal(it.state(), 'attempting')
    assert.deepEqual(answer(it, accepted), ['recordFates'])
    record(it, one)
    assert.equal(endOf(it)?.epoch, 1)
  })

  test('delivery S4: the next attempt is under the newest assignment that the send has heard of.', () => {
    const it = started()
    for (const number of [2, 5, 4, 3]) assign(it, number)
    assert.deepEqual(answer(it, failed), ['attempt.moved', 'attempt'])
    assert.equal(attemptOf(it).assignment.epoch, 5)
  })

  test('delivery S5: a late answer to an attempt that was given up changes nothing.', () => {
    const it = started()
    assign(it, 2)
    assert.deepEqual(it.fire(), ['abandon', 'attempt.moved', 'attempt'])
    assert.deepEqual(it.params('abandon'), { sendId: 's1', attempt: 1 })
    assert.deepEqual(answer(it, accepted, 1), [])
    assert.equal(it.state(), 'attempting')
  })

  test('delivery S6: an old attempt that fails or hangs goes out again, the same; under the newest it goes back.', () => {
    const it = started()
    assign(it, 2)
    answer(it, failed)
    assert.deepEqual(attemptOf(it).piece, { held: [one], cut: null })
    assert.deepEqual(answer(it, failed), ['batches.returned', 'send.ended'])
    assert.deepEqual(
      [endOf(it)?.epoch, endOf(it)?.reason, endOf(it)?.jitter],
      [2, 'server_error', 0.25],
    )
  })

  test('delivery S6: each way to fail has its reason, and a throttled one says for how long.', () => {
    const reasons = (
      [
        [{ kind: 'throttled', status: 429, retryAfterMs: 3_000 }, 'throttled'],
        [failed, 'server_error'],
        [{ kind: 'unreachable', detail: 'refused' }, 'unreachable'],
      ] as const
    ).map(([verdict, expected]) => {
      const it = started()
      answer(it, verdict)
      assert.equal(endOf(it)?.reason, expected)
      return endOf(it)?.retryAfterMs
    })
    assert.deepEqual(reasons, [3_000, null, null])
  })

  test('delivery S7: a 307 is reported under its epoch, and the send goes on under what is assigned.', () => {
    const it = started()
    assert.deepEqual(answer(it, redirected), ['redirect.reported'])
    const { epoch: under, location } =
      messageIn<{ epoch: number; location: string }>(it.effects(), 'redirect.reported') ?? {}
    assert.deepEqual([under, location], [1, urls.b])
    assert.deepEqual(assign(it, 1), [])
    assert.deepEqual(assign(it, 2), ['attempt.moved', 'attempt'])
    assert.equal(attemptOf(it).assignment.url, urls.b)
    assert.equal(it.armedMs(), it.nowMs() + 10_000)
  })

  test('delivery S7: a 307 to an attempt that was superseded meanwhile asks nobody.', () => {
    const it = started()
    assign(it, 2)
    assert.deepEqual(answer(it, redirected), ['attempt.moved', 'attempt'])
  })

  test('delivery S7: a redirect that is refused, or not answered, is a failed attempt and no loss.', () => {
    const refuse = (number: number) => (it: It) =>
      it.tell({ type: 'redirect.refused', sendId: 's1', epoch: epoch(number), reason: 'a circle' })
    for (const [end, effects] of [
      [refuse(0), []],
      [refuse(1), ['batches.returned', 'send.ended']],
      [(it: It) => it.fire(), ['batches.returned', 'send.ended']],
    ] as const) {
      const it = started()
      answer(it, { ...redirected, location: null })
      assert.deepEqual(end(it), effects)
      if (effects.length > 0) assert.equal(endOf(it)?.reason, 'redirect_failed')
    }
  })

  test('delivery S7: a chain of redirects goes on for as long as each is assigned anew, within the lease.', () => {
    const it = started()
    for (let number = 2; it.nowMs() < deliveryInput.leaseUntilMs; number++) {
      it.wait(4_000)
      answer(it, redirected)
      if (it.isDone()) break
      assign(it, number)
      assert.ok(attemptOf(it).deadlineMs <= deliveryInput.leaseUntilMs)
    }
    assert.deepEqual([it.state(), endOf(it)?.reason], ['returned', 'timed_out'])
  })
})

describe('A send is cut', () => {
  test('delivery S8: after a 413 halves go out, by batches and then by records, until each was taken.', () => {
    const it = started({ held: [one, two] })
    answer(it, tooLarge)
    assert.deepEqual(attemptOf(it).piece, { held: [one], cut: null })
    answer(it, tooLarge)
    const sent: number[] = []
    while (it.state() === 'attempting') {
      const { held, cut } = attemptOf(it).piece
      const batch = held[0]?.batch ?? one.batch
      const { firstSeq, lastSeq } = cut ?? batch
      for (let seq: number = firstSeq; seq <= lastSeq; seq++) sent.push(seq)
      answer(it, accepted)
    }
    assert.deepEqual(sent, [100, 101, 102, 103, 200, 201, 202, 203])
    assert.deepEqual(
      fatesIn(it).map(({ delivered }) => delivered),
      [4, 4],
    )
  })

  test('delivery S8: only a record that is too large by itself is lost, with its coordinate.', () => {
    const it = started({ held: [heldAt(1, { records: 1 })] })
    assert.deepEqual(answer(it, tooLarge), ['recordFates'])
    const [drop] = fatesIn(it)[0]?.drops ?? []
    assert.deepEqual(
      [drop?.firstSeq, drop?.lastSeq, drop?.reason],
      [100, 100, 'rejected_by_endpoint'],
    )
  })

  test('delivery S8: a batch of which a part was taken and the rest failed goes back as a whole.', () => {
    const it = started()
    answer(it, tooLarge)
    answer(it, accepted)
    assert.deepEqual(answer(it, failed), ['batches.returned', 'send.ended'])
  })
})

describe('A send keeps time', () => {
  test('delivery S9: no deadline is later than the lease, neither of an attempt nor of a redirect.', () => {
    const it = started({ leaseUntilMs: instant(7_000) })
    assert.equal(it.armedMs(), 7_000)
    it.wait(5_000)
    answer(it, redirected)
    assert.equal(it.armedMs(), 7_000)
    it.fire()
    assert.equal(endOf(it)?.reason, 'redirect_failed')
  })

  test('delivery S10: what is older than it may be expires when an attempt fails, and only that.', () => {
    const [old, young] = [heldAt(1), heldAt(2, { acceptedAtMs: 9_000 })] as const
    const it = started({ held: [old, young], ageMsMax: 5_000 })
    it.wait(9_500)
    assert.deepEqual(answer(it, failed), ['recordFates'])
    assert.deepEqual(
      fatesIn(it).map(({ held, drops }) => [held.at.offset, drops[0]?.reason]),
      [[1, 'expired']],
    )
    assert.deepEqual(record(it, old), ['batches.settled', 'batches.returned', 'send.ended'])
  })

  test('delivery S11: a send that failed says why, even if all its batches have ended by it.', () => {
    const it = started({ ageMsMax: 5_000 })
    it.wait(9_000)
    answer(it, { kind: 'throttled', status: 429, retryAfterMs: 3_000 })
    record(it, one)
    assert.deepEqual(
      [endOf(it)?.outcome, endOf(it)?.reason, endOf(it)?.retryAfterMs],
      ['settled', 'throttled', 3_000],
    )
  })

  test('delivery S10: what can not be read is lost as corrupt, and the rest goes out without it.', () => {
    const it = started({ held: [one, two] })
    answer(it, { kind: 'unreadable', held: [one], detail: 'checksum' })
    assert.deepEqual(attemptOf(it).piece.held, [two])
    answer(it, accepted)
    assert.deepEqual(
      fatesIn(it).map(({ drops }) => drops[0]?.reason),
      ['cache_corrupt', undefined],
    )
  })

  test('A record log that says "unreadable" of nothing that was sent does not make a send spin.', () => {
    const it = started()
    assert.deepEqual(answer(it, { kind: 'unreadable', held: [two], detail: 'checksum' }), [
      'batches.returned',
      'send.ended',
    ])
  })
})
