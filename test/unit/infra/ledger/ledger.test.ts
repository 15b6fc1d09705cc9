import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '../../../../infra/journal/journal.ts'
import { LedgerError } from '../../../../infra/ledger/ledger-error.ts'
import { at, fateOf, live } from './life.ts'
import { RejectedError } from './memory-journal.ts'

/** As releases wrote them that kept no numbers with an end. */
const withoutNumbers = (fact: Fact): Fact =>
  fact.type === 'ledger.checkpointed'
    ? { ...fact, marks: fact.marks.map((mark) => ({ ...mark, firstSeq: -1 })) }
    : fact

const nothing = { accepted: 0, delivered: 0, dropped: 0, pending: 0, refused: 0, unaccounted: 0 }

test('what was appended is accepted and pending, what ended is delivered or dropped', () =>
  live(async ({ ledger, accept }) => {
    const [first, second] = [accept({ records: 3 }), accept({ records: 4 })]
    accept({ records: 5, service: 'billing' })
    await ledger().recordFates([fateOf(first), fateOf(second, { lost: 1 })], at(5))
    ledger().refused([{ tenant: 'acme', service: 'auth', records: 9 }])
    const totals = {
      accepted: 12,
      delivered: 6,
      dropped: 1,
      pending: 5,
      refused: 9,
      unaccounted: 0,
    }
    assert.deepEqual(ledger().totals(), totals)
    assert.deepEqual(ledger().totals('acme'), totals)
    assert.deepEqual(ledger().totals('nobody'), nothing)
    const stream = { tenant: 'acme', producer: 'edge-1.a', unaccounted: 0 }
    assert.deepEqual(ledger().streams(), [
      { ...stream, service: 'auth', accepted: 7, delivered: 6, dropped: 1, pending: 0 },
      { ...stream, service: 'billing', accepted: 5, delivered: 0, dropped: 0, pending: 5 },
    ])
  }))

test('a settlement is given only once the journal has the end of the batch', () =>
  live(async ({ ledger, accept, journal, log }) => {
    const held = accept({ records: 2 })
    journal.pause()
    let settled = 'no'
    const recording = ledger()
      .recordFates([fateOf(held)], at(1))
      .then((settlements) => {
        settled = 'yes'
        return settlements
      })
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(settled, 'no')
    assert.equal(ledger().totals().pending, 2)
    assert.equal(log.unendedRecords(), 2)
    journal.proceed()
    const { id: batchId } = held.batch
    assert.deepEqual(await recording, [{ batchId, at: held.at, delivered: 2, dropped: 0 }])
    assert.equal(log.unendedRecords(), 0)
  }))

test('a batch whose end the journal rejects stays pending and may end later', () =>
  live(async ({ ledger, accept, journal, checkpoint, log }) => {
    const held = accept({ records: 2 })
    journal.rejectNext('lost')
    await assert.rejects(ledger().recordFates([fateOf(held)], at(1)), RejectedError)
    assert.equal(ledger().totals().pending, 2)
    assert.equal(log.unendedRecords(), 2)
    await checkpoint()
    await ledger().recordFates([fateOf(held)], at(2))
    assert.equal(ledger().totals().delivered, 2)
    assert.equal(ledger().totals().pending, 0)
  }))

test('a late second end of a batch is settled with the first, and counted once', () =>
  live(async ({ ledger, accept, journal }) => {
    const held = accept({ records: 4 })
    const settled = { batchId: held.batch.id, at: held.at, delivered: 4, dropped: 0 }
    assert.deepEqual(await ledger().recordFates([fateOf(held)], at(1)), [settled])
    assert.deepEqual(await ledger().recordFates([fateOf(held, { lost: 4 })], at(2)), [settled])
    assert.equal(journal.facts().length, 1)
    assert.deepEqual((await ledger().drops({})).drops, [])
    assert.equal(ledger().totals().delivered, 4)
  }))

test('two ends of one batch at one time, in one call or in two, are one', () =>
  live(async ({ ledger, accept, journal }) => {
    const held = accept({ records: 4 })
    const ends = [fateOf(held, { lost: 1 }), fateOf(held)]
    const [both, other] = await Promise.all([
      ledger().recordFates(ends, at(1)),
      ledger().recordFates([fateOf(held, { lost: 4 })], at(1)),
    ])
    for (const { delivered, dropped } of [...both, ...other]) {
      assert.deepEqual({ delivered, dropped }, { delivered: 3, dropped: 1 })
    }
    assert.equal(journal.facts().length, 1)
    assert.equal(ledger().totals().unaccounted, 0)
  }))

test('who waits for a recording that is then rejected records the end himself', () =>
  live(async ({ ledger, accept, journal, checkpoint }) => {
    const held = accept({ records: 1 })
    journal.rejectNext('lost')
    const first = ledger().recordFates([fateOf(held)], at(1))
    const second = ledger().recordFates([fateOf(held)], at(1))
    await assert.rejects(first, RejectedError)
    await assert.rejects(second, RejectedError)
    await checkpoint()
    await ledger().recordFates([fateOf(held)], at(2))
    assert.equal(ledger().totals().delivered, 1)
  }))

test('an end that does not add up is refused as a mistake of the caller', () =>
  live(async ({ ledger, accept }) => {
    const held = accept({ records: 3 })
    const good = fateOf(held, { lost: 2 })
    const [loss] = good.drops
    assert.ok(loss !== undefined)
    const wrong = [
      { ...good, delivered: 2 },
      { ...good, delivered: -1, drops: [{ ...loss, records: 4 }] },
      { ...good, drops: [{ ...loss, lastSeq: held.batch.firstSeq }] },
      { ...good, drops: [{ ...loss, lastSeq: 7 as typeof loss.lastSeq }] },
      { ...good, delivered: 3, drops: [{ ...loss, records: 0 }] },
    ]
    for (const fate of wrong) {
      await assert.rejects(
        ledger().recordFates([fate], at(1)),
        (error) => error instanceof LedgerError && error.code === 'fate_unbalanced',
      )
    }
    assert.equal(ledger().totals().pending, 3)
  }))

test('a batch that the record log had ended behind the back of the ledger unbalances the account', () =>
  live(async ({ ledger, accept, log }) => {
    const held = accept({ records: 3 })
    log.end(held.at)
    await ledger().recordFates([fateOf(held)], at(1))
    assert.equal(ledger().totals().unaccounted, -3)
    assert.equal(ledger().streams()[0]?.unaccounted, -3)
  }))

test('a mark of which the account never heard unbalances it after a restart', () =>
  live(async ({ ledger, accept, log, restart, replayed }) => {
    const held = accept({ records: 3 })
    await restart()
    assert.equal(ledger().totals().unaccounted, 0)
    const { recover } = log
    Object.assign(log, {
      recover: () =>
        recover({
          ...replayed().ended,
          offsets: new Map([[held.at.segment, new Set([held.at.offset])]]),
        }),
    })
    await restart()
    assert.equal(ledger().totals().unaccounted, 3)
  }))

test('of a segment that vanished, what a former release wrote without numbers is missed by count', () =>
  live(async ({ ledger, accept, log, journal, checkpoint, restart }) => {
    const held = accept({ records: 3 })
    accept({ records: 4 })
    await ledger().recordFates([fateOf(held)], at(1))
    await checkpoint()
    journal.rewrite((fact) => (fact.type === 'segments.grown' ? [] : [withoutNumbers(fact)]))
    await log.remove(log.newest())
    for (const life of [1, 2]) {
      await restart()
      const { accepted, delivered, pending, unaccounted } = ledger().totals()
      assert.deepEqual([life, accepted, delivered, pending, unaccounted], [life, 7, 3, 0, 4])
      await checkpoint()
    }
  }))

test('segments that were closed since the last checkpoint are not missed', () =>
  live(async ({ ledger, accept, log, checkpoint, restart }) => {
    const held = accept({ records: 3 })
    await checkpoint()
    await ledger().recordFates([fateOf(held)], at(1))
    const segment = log.newest()
    await ledger().recordRetirement(segment)
    await log.remove(segment)
    await restart()
    const { accepted, delivered, unaccounted } = ledger().totals()
    assert.deepEqual([accepted, delivered, unaccounted], [3, 3, 0])
  }))

test('the account is the same after a restart', () =>
  live(async ({ ledger, accept, restart, log }) => {
    const held = [1, 2, 3, 4].map((records) => accept({ records, tenant: `t${records % 2}` }))
    await ledger().recordFates(
      held.slice(0, 2).map((it) => fateOf(it, { lost: 1 })),
      at(1),
    )
    const before = [ledger().totals(), ledger().totals('t0'), ledger().streams()]
    const drops = await ledger().drops({})
    await restart()
    assert.deepEqual([ledger().totals(), ledger().totals('t0'), ledger().streams()], before)
    assert.deepEqual(await ledger().drops({}), drops)
    assert.equal(log.unendedRecords(), 7)
  }))

test('what is damaged on the disk is lost as cache_corrupt, durably, once', () =>
  live(async ({ ledger, accept, restart, journal }) => {
    const [, damaged] = [accept({ records: 2 }), accept({ records: 5 })]
    const corrupt = [{ held: damaged, detail: 'checksum of frame 64 is wrong' }]
    await restart({ corrupt })
    const { drops } = await ledger().drops({})
    assert.deepEqual(
      drops.map(({ reason, records, detail }) => ({ reason, records, detail })),
      [{ reason: 'cache_corrupt', records: 5, detail: 'checksum of frame 64 is wrong' }],
    )
    const totals = { accepted: 7, delivered: 0, dropped: 5, pending: 2, refused: 0, unaccounted: 0 }
    assert.deepEqual(ledger().totals(), totals)
    assert.equal(journal.facts().length, 1)
    await restart({ corrupt })
    assert.deepEqual(ledger().totals(), totals)
    assert.equal(journal.facts().length, 1)
    assert.deepEqual((await ledger().drops({})).drops, drops)
  }))
