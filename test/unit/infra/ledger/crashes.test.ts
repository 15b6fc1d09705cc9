import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openJournal } from '../../../../infra/journal/open-journal.ts'
import { epoch } from '../../../../schemas/brand.ts'
import type { AssignmentRecorded, Drop, Held } from '../../../../schemas/messages.ts'
import { openFaultyDisk } from '../../../support/faulty-disk.ts'
import { type Body, openBody, recorded, recordsPerBatch, salts, unstored } from './body.ts'
import { at, fateOf } from './life.ts'

/** What the world was told before the power went. */
type Told = { readonly kept: Held[]; readonly settled: Held[]; drops: readonly Drop[] }

/** Fills some segments, settles, evicts one, retires one, and checkpoints twice on the way. */
const script = async ({ ledger, log, checkpoint }: Body, told: Told): Promise<void> => {
  for (let index = 0; index < 12; index++) {
    const { held } = await log.append([unstored(index)])
    ledger.appended(held)
    told.kept.push(...held)
  }
  const segments = [...new Set(told.kept.map(({ at: { segment } }) => segment))]
  assert.ok(segments.length >= 4)
  const settle = async (held: readonly Held[]) => {
    await ledger.recordFates(
      held.map((it, index) => fateOf(it, { lost: index % 2 })),
      at(1),
    )
    told.settled.push(...held)
    told.drops = (await ledger.drops({ limit: 1000 })).drops
  }
  const heldIn = (segment: number | undefined) =>
    told.kept.filter((it) => it.at.segment === segment)
  const [first, second, third] = segments
  await settle(heldIn(third).slice(0, 1))
  await settle(heldIn(first))
  await checkpoint()
  await ledger.recordRetirement(first ?? 0)
  await log.remove(first ?? 0)
  ledger.removed(first ?? 0)
  const { segment } = await ledger.recordEviction(second ?? 0, at(2))
  told.drops = (await ledger.drops({ limit: 1000 })).drops
  await checkpoint()
  await log.remove(segment)
  ledger.removed(segment)
  await settle(heldIn(third).slice(1))
}

const assertTold = async ({ ledger, log, segments }: Body, told: Told): Promise<void> => {
  const totals = ledger.totals()
  assert.equal(totals.unaccounted, 0)
  assert.ok(ledger.streams().every(({ unaccounted }) => unaccounted === 0))
  assert.ok(totals.accepted >= told.kept.length * recordsPerBatch)
  const { drops } = await ledger.drops({ limit: 1000 })
  assert.equal(
    totals.dropped,
    drops.reduce((sum, { records }) => sum + records, 0),
  )
  assert.deepEqual(
    drops.filter(({ id }) => told.drops.some((it) => it.id === id)),
    told.drops,
  )
  const pending = (await Promise.all(segments.map(log.unended))).flat()
  assert.equal(totals.pending, pending.length * recordsPerBatch)
  const settled = new Set(told.settled.map(({ batch }) => batch.id))
  assert.deepEqual(
    pending.filter(({ batch }) => settled.has(batch.id)),
    [],
  )
}

test('whatever write the power fails at, what was told stands, and the account balances', async () => {
  const rehearsal = openFaultyDisk({ seed: 1 })
  await script(await openBody(rehearsal), { kept: [], settled: [], drops: [] })
  const writes = rehearsal.changes()
  assert.ok(writes > 60)
  for (let stop = 1; stop <= writes; stop++) {
    for (const seed of [1, 2, 3]) {
      const disk = openFaultyDisk({ seed: seed * 1_000 + stop })
      const told: Told = { kept: [], settled: [], drops: [] }
      disk.stopAt(stop)
      await openBody(disk)
        .then((body) => script(body, told))
        .catch((error) => {
          if (error instanceof assert.AssertionError) throw error
        })
      disk.crash()
      const body = await openBody(disk)
      await assertTold(body, told)
      await body.checkpoint()
      disk.crash()
      await assertTold(await openBody(disk), told)
    }
  }
})

test('a damaged payload of the record log is a drop event, and its segment can be retired', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk)
  const { held } = await first.log.append([unstored(0), unstored(1)])
  first.ledger.appended(held)
  await first.ledger.recordFates([fateOf(held[0] ?? assert.fail())], at(1))
  await first.close()
  const path = disk.paths().find((it) => it.startsWith('/ring/segment')) ?? assert.fail()
  const offset = disk.contents(path).lastIndexOf(Buffer.alloc(40, 1))
  disk.flipBit({ path, offset, bit: 3 })
  for (const _ of ['found', 'known']) {
    const body = await openBody(disk)
    const { drops } = await body.ledger.drops({})
    assert.deepEqual(
      drops.map(({ reason, records, service }) => ({ reason, records, service })),
      [{ reason: 'cache_corrupt', records: 4, service: 's1' }],
    )
    const totals = { accepted: 8, delivered: 4, dropped: 4, pending: 0, refused: 0, unaccounted: 0 }
    assert.deepEqual(body.ledger.totals(), totals)
    await body.close()
  }
  const last = await openBody(disk)
  await last.ledger.recordRetirement(held[0]?.at.segment ?? 0)
  assert.equal(last.ledger.totals().unaccounted, 0)
})

test('where the whole ring was taken away, what comes next is not held for what had ended before', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk)
  const { held } = await first.log.append([unstored(0), unstored(1)])
  first.ledger.appended(held)
  await first.ledger.recordFates(
    held.map((it) => fateOf(it)),
    at(1),
  )
  await first.close()
  for (const path of disk.paths().filter((it) => it.startsWith('/ring/'))) await disk.unlink(path)
  const second = await openBody(disk, { report: () => undefined })
  const { held: later } = await second.log.append([unstored(2), unstored(3)])
  second.ledger.appended(later)
  await second.close()
  const third = await openBody(disk)
  const pending = (await Promise.all(third.segments.map(third.log.unended))).flat()
  assert.deepEqual(
    pending.map(({ batch }) => batch.id),
    later.map(({ batch }) => batch.id),
  )
})

test('assignments and snapshots are passed on, the newest snapshot of each actor', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const journal = openJournal({ filesystem: disk, directory: '/journal', ...salts })
  for await (const _ of journal.recover()) assert.fail('A new journal holds nothing.')
  const assignment = (number: number): AssignmentRecorded['assignment'] => ({
    epoch: epoch(number),
    url: `https://eu-${number}.example.com`,
    reason: 'moved',
    by: 'operator',
    atMs: at(number),
  })
  const persisted = (actor: string, version: number) =>
    ({ type: 'actor.persisted', actor, version, snapshot: '{}', atMs: at(version) }) as const
  await journal.append([recorded(assignment(1)), persisted('cache', 1), persisted('dispatcher', 1)])
  await journal.append([persisted('cache', 2), recorded(assignment(2))])
  await journal.close()
  const { lived } = await openBody(disk)
  const { assignments, actors } = await lived()
  assert.deepEqual(assignments, [assignment(1), assignment(2)])
  assert.deepEqual(actors.get('cache'), persisted('cache', 2))
  assert.deepEqual(actors.get('dispatcher'), persisted('dispatcher', 1))
})
