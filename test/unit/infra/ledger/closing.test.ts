import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LedgerError } from '../../../../infra/ledger/ledger-error.ts'
import { at, fateOf, live } from './life.ts'
import { RejectedError } from './memory-journal.ts'

const isClosed = (error: unknown) => error instanceof LedgerError && error.code === 'segment_closed'

test('an eviction has one drop event a contiguous range of a stream, exact in all it says', () =>
  live(async ({ ledger, accept, log, drops }) => {
    accept({ records: 2, fromMs: 0, toMs: 70 })
    const delivered = accept({ records: 3 })
    accept({ records: 1, fromMs: 90, toMs: 95 })
    accept({ records: 4, service: 'billing' })
    accept({ records: 5, fromMs: 40, toMs: 80 })
    accept({ records: 6, tenant: 'zoo' })
    await ledger().recordFates([fateOf(delivered)], at(1))
    const segment = log.newest()
    const eviction = await ledger().recordEviction(segment, at(2))
    assert.deepEqual(eviction, { segment, batches: 5, dropped: 18 })
    const lost = (await drops()).map(({ id: _, detail: __, ...drop }) => drop)
    const drop = {
      atMs: at(2),
      producer: 'edge-1.a',
      reason: 'cache_overwritten',
      fromMs: 0,
      toMs: 0,
    }
    const auth = { ...drop, tenant: 'acme', service: 'auth' }
    assert.deepEqual(lost, [
      { ...auth, firstSeq: 0, lastSeq: 1, records: 2, bytes: 200, toMs: 70 },
      { ...auth, firstSeq: 5, lastSeq: 10, records: 6, bytes: 600, fromMs: 40, toMs: 95 },
      {
        ...drop,
        tenant: 'acme',
        service: 'billing',
        firstSeq: 0,
        lastSeq: 3,
        records: 4,
        bytes: 400,
      },
      { ...drop, tenant: 'zoo', service: 'auth', firstSeq: 0, lastSeq: 5, records: 6, bytes: 600 },
    ])
    assert.match((await drops())[1]?.detail ?? '', /segment 2 of normal priority .* 2 batches/)
    const totals = {
      accepted: 21,
      delivered: 3,
      dropped: 18,
      pending: 0,
      refused: 0,
      unaccounted: 0,
    }
    assert.deepEqual(ledger().totals(), totals)
  }))

test('an eviction that the journal rejects drops nothing, and the next one drops it once', () =>
  live(async ({ ledger, accept, log, journal, checkpoint, drops }) => {
    accept({ records: 2 })
    const segment = log.newest()
    journal.rejectNext('lost')
    await assert.rejects(ledger().recordEviction(segment, at(1)), RejectedError)
    assert.equal(ledger().totals().pending, 2)
    assert.equal(log.unendedRecords(), 2)
    await checkpoint()
    assert.equal((await ledger().recordEviction(segment, at(2))).dropped, 2)
    assert.deepEqual(
      (await drops()).map(({ records }) => records),
      [2],
    )
  }))

test('to evict a segment twice, at one time or later, is to evict it once', () =>
  live(async ({ ledger, accept, log, journal }) => {
    accept({ records: 2 })
    const segment = log.newest()
    const [first, second] = await Promise.all([
      ledger().recordEviction(segment, at(1)),
      ledger().recordEviction(segment, at(1)),
    ])
    assert.deepEqual([first, second], [first, await ledger().recordEviction(segment, at(2))])
    assert.equal(first.dropped, 2)
    assert.equal(journal.facts().length, 1)
    assert.equal(ledger().totals().dropped, 2)
  }))

test('an end that is being recorded when the eviction begins is an end, and is not lost as well', () =>
  live(async ({ ledger, accept, log, journal }) => {
    const [first] = [accept({ records: 2 }), accept({ records: 3 })]
    journal.pause()
    const recording = ledger().recordFates([fateOf(first)], at(1))
    const evicting = ledger().recordEviction(log.newest(), at(1))
    journal.proceed()
    assert.deepEqual([(await recording)[0]?.delivered, (await evicting).dropped], [2, 3])
    const { delivered, dropped, unaccounted } = ledger().totals()
    assert.deepEqual(
      { delivered, dropped, unaccounted },
      { delivered: 2, dropped: 3, unaccounted: 0 },
    )
  }))

test('an end that comes while the segment is being evicted is late, and settled all the same', () =>
  live(async ({ ledger, accept, log, journal }) => {
    const held = accept({ records: 2 })
    journal.pause()
    const evicting = ledger().recordEviction(log.newest(), at(1))
    const recording = ledger().recordFates([fateOf(held)], at(1))
    journal.proceed()
    assert.equal((await evicting).dropped, 2)
    assert.equal((await recording)[0]?.batchId, held.batch.id)
    const { delivered, dropped, unaccounted } = ledger().totals()
    assert.deepEqual(
      { delivered, dropped, unaccounted },
      { delivered: 0, dropped: 2, unaccounted: 0 },
    )
  }))

test('an end whose recording is rejected while an eviction waits for it is lost with the segment', () =>
  live(async ({ ledger, accept, log, journal, checkpoint }) => {
    const held = accept({ records: 2 })
    journal.rejectNext('lost')
    const recording = ledger().recordFates([fateOf(held)], at(1))
    const evicting = ledger().recordEviction(log.newest(), at(1))
    await assert.rejects(recording, RejectedError)
    await assert.rejects(evicting, RejectedError)
    assert.equal(ledger().totals().pending, 2)
    await checkpoint()
    assert.equal((await ledger().recordEviction(held.at.segment, at(2))).dropped, 2)
    assert.equal(ledger().totals().unaccounted, 0)
  }))

test('a segment is retired with what it had accepted, and only when all in it has ended', () =>
  live(async ({ ledger, accept, log, restart }) => {
    const held = [accept({ records: 2 }), accept({ records: 3 })]
    const segment = log.newest()
    await assert.rejects(
      ledger().recordRetirement(segment),
      (error) => error instanceof LedgerError && error.code === 'segment_pending',
    )
    await ledger().recordFates(
      held.map((it) => fateOf(it)),
      at(1),
    )
    await Promise.all([ledger().recordRetirement(segment), ledger().recordRetirement(segment)])
    await ledger().recordRetirement(segment)
    await log.remove(segment)
    ledger().removed(segment)
    const totals = { accepted: 5, delivered: 5, dropped: 0, pending: 0, refused: 0, unaccounted: 0 }
    assert.deepEqual(ledger().totals(), totals)
    await restart()
    assert.deepEqual(ledger().totals(), totals)
  }))

test('nothing is taken into the account that lies in a segment that is going or gone', () =>
  live(async ({ ledger, accept, log, journal }) => {
    accept({ records: 2 })
    const late = log.append({ records: 4 })
    journal.pause()
    const evicting = ledger().recordEviction(log.newest(), at(1))
    assert.throws(() => ledger().appended([late]), isClosed)
    journal.proceed()
    await evicting
    assert.throws(() => ledger().appended([late]), isClosed)
  }))

test('a segment whose retirement was rejected, and may be in the journal, takes in nothing', () =>
  live(async ({ ledger, accept, log, journal }) => {
    const held = accept({ records: 2 })
    const { segment } = held.at
    await ledger().recordFates([fateOf(held)], at(1))
    journal.rejectNext('kept')
    await assert.rejects(ledger().recordRetirement(segment), RejectedError)
    // The log puts nothing more into it, and what it had put there all the same is not counted.
    const next = log.append({ records: 4 })
    assert.notEqual(next.at.segment, segment)
    ledger().appended([next])
    assert.equal(ledger().totals().pending, 4)
    assert.throws(() => ledger().appended([held]), isClosed)
  }))

test('a segment that was closed but not removed does not come back after a checkpoint', () =>
  live(async ({ ledger, accept, log, checkpoint, restart }) => {
    accept({ records: 2 })
    const segment = log.newest()
    await ledger().recordEviction(segment, at(1))
    await checkpoint()
    await restart()
    assert.deepEqual(log.held(segment), [])
    const totals = { accepted: 2, delivered: 0, dropped: 2, pending: 0, refused: 0, unaccounted: 0 }
    assert.deepEqual(ledger().totals(), totals)
  }))

test('the newest closed segment is remembered by all checkpoints, so that its number is not used again', () =>
  live(async ({ ledger, accept, log, checkpoint, restart, replayed }) => {
    accept({ records: 2 })
    const segment = log.newest()
    await ledger().recordEviction(segment, at(1))
    await log.remove(segment)
    ledger().removed(segment)
    for (const _ of [1, 2, 3]) {
      await checkpoint()
      await restart()
      assert.deepEqual([...replayed().ended.segments], [segment])
    }
  }))

test('a disagreement with the record log about what is lost is reported', () =>
  live(async ({ ledger, accept, log, reports }) => {
    const [gone] = [accept({ records: 2 }), accept({ records: 1 })]
    log.end(gone.at)
    assert.equal((await ledger().recordEviction(log.newest(), at(1))).dropped, 1)
    assert.match(reports.join(), /knows of 1 unended batches in segment 2, the ledger of 2/)
  }))
