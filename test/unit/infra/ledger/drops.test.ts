import assert from 'node:assert/strict'
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDropIds } from '../../../../infra/ledger/drop-id.ts'
import { instant } from '../../../../schemas/brand.ts'
import { openFaultyDisk } from '../../../support/faulty-disk.ts'
import { at, fateOf, type Life, live } from './life.ts'

/** Records the loss of so many batches of one record, one a millisecond. */
const lose = async ({ ledger, accept }: Life, count: number, fromMs = 0): Promise<void> => {
  for (let index = 0; index < count; index++) {
    const held = accept({ records: 1, tenant: `t${index % 2}` })
    const reason = index % 3 === 0 ? 'expired' : 'rejected_by_endpoint'
    await ledger().recordFates([fateOf(held, { lost: 1, reason })], at(fromMs + index))
  }
}
const archiveOf = ({ directory }: Life): string => join(directory, 'drops.ndjson')

test('ids of drop events grow, whatever the clock does, and go on after the last one known', () => {
  const ids = openDropIds()
  const made = [5, 5, 3, 6, 6, 1].map((ms) => ids.next(instant(ms)))
  assert.deepEqual(made.toSorted(), made)
  assert.equal(new Set(made).size, made.length)
  const later = openDropIds()
  later.seen(made[5] ?? '')
  assert.ok(later.next(instant(2)) > (made[5] ?? ''))
  const crowd = Array.from({ length: 36 ** 4 + 2 }, () => later.next(instant(0)))
  assert.ok(crowd.every((id, index) => index === 0 || id > (crowd[index - 1] ?? '')))
})

test('drop events are found page by page, by tenant, reason and time, oldest first', () =>
  live(async (life) => {
    await lose(life, 20)
    const all = await life.drops()
    assert.equal(all.length, 20)
    assert.deepEqual(
      all.map(({ atMs }) => atMs),
      all.map((_, index) => at(index)),
    )
    const query = { tenant: 't1', reason: 'expired', sinceMs: at(9) } as const
    const wanted = all.filter(
      ({ tenant, reason, atMs }) => tenant === 't1' && reason === 'expired' && atMs >= at(9),
    )
    const first = await life.ledger().drops({ ...query, limit: 1 })
    assert.deepEqual(first.drops, wanted.slice(0, 1))
    const rest = await life.ledger().drops({ ...query, cursor: first.cursor ?? '' })
    assert.deepEqual(rest, { drops: wanted.slice(1), cursor: null })
  }))

test('whoever has seen the last drop event asks with its id for those that come later', () =>
  live(async (life) => {
    await lose(life, 2)
    const seen = (await life.drops()).at(-1)?.id ?? ''
    assert.deepEqual(await life.ledger().drops({ cursor: seen }), { drops: [], cursor: null })
    await lose(life, 1, 10)
    const { drops } = await life.ledger().drops({ cursor: seen })
    assert.deepEqual(
      drops.map(({ atMs }) => atMs),
      [at(10)],
    )
  }))

test('old drop events leave the memory but are found in the archive, after restarts as well', () =>
  live(
    async (life) => {
      for (const round of [0, 1, 2, 3]) {
        await lose(life, 10, round * 10)
        if (round < 3) await life.checkpoint()
      }
      const all = await life.drops()
      assert.deepEqual(
        all.map(({ atMs }) => atMs),
        all.map((_, index) => at(index)),
      )
      assert.equal(all.length, 40)
      const since = await life.ledger().drops({ sinceMs: at(13), limit: 3 })
      assert.deepEqual(since.drops, all.slice(13, 16))
      await life.restart()
      assert.deepEqual(await life.drops(), all)
      await life.checkpoint()
      await life.restart()
      assert.deepEqual(await life.drops(), all)
      assert.equal(life.ledger().totals().dropped, 40)
    },
    { dropsMax: 5 },
  ))

test('newest first is the same backwards, page by page, out of the memory and out of the archive', () =>
  live(
    async (life) => {
      for (const round of [0, 1, 2]) {
        await lose(life, 600, round * 600)
        if (round < 2) await life.checkpoint()
      }
      const backwards = async (query: object = {}): Promise<readonly string[]> => {
        const ids: string[] = []
        for (let cursor: string | null = ''; cursor !== null; ) {
          const asked = { ...query, order: 'newest', limit: 250, cursor } as const
          const page: { drops: readonly { id: string }[]; cursor: string | null } = await life
            .ledger()
            .drops(asked)
          ids.push(...page.drops.map(({ id }) => id))
          cursor = page.cursor
        }
        return ids
      }
      const all = await life.drops()
      assert.equal(all.length, 1_800)
      const idsOf = (drops: typeof all): readonly string[] => drops.map(({ id }) => id).toReversed()
      assert.deepEqual(await backwards(), idsOf(all))
      const [sinceMs, untilMs] = [at(300), at(1_400)]
      const between = all.filter(
        ({ atMs, tenant }) => atMs >= sinceMs && atMs < untilMs && tenant === 't1',
      )
      assert.deepEqual(await backwards({ sinceMs, untilMs, tenant: 't1' }), idsOf(between))
      await life.restart()
      assert.deepEqual(await backwards(), idsOf(all))
    },
    { dropsMax: 5 },
  ))

test('an event whose id is of a later moment, as the clock was set back, is found by its time', () =>
  live(async (life) => {
    await lose(life, 2, 100)
    await lose(life, 1, 10)
    for (const order of ['oldest', 'newest'] as const) {
      const { drops } = await life.ledger().drops({ untilMs: at(50), order })
      assert.deepEqual(
        drops.map(({ atMs }) => atMs),
        [at(10)],
      )
    }
  }))

test('wherever a crash cuts the archive short, each drop event is there once', () =>
  live(async (life) => {
    await lose(life, 3)
    await life.checkpoint()
    await lose(life, 3, 10)
    const [all, kept] = [await life.drops(), await readFile(archiveOf(life))]
    const facts = life.journal.facts()
    await life.checkpoint()
    const whole = await readFile(archiveOf(life))
    for (let bytes = kept.length; bytes <= whole.length; bytes += 7) {
      // The journal was not replaced yet, and of what was written to the archive so much survived.
      await life.journal.checkpoint(facts)
      await writeFile(archiveOf(life), whole.subarray(0, bytes))
      await life.restart()
      assert.deepEqual(await life.drops(), all)
      await life.checkpoint()
      assert.deepEqual(await readFile(archiveOf(life)), whole)
    }
    assert.deepEqual(life.reports, [])
  }))

test('pages of the archive that a crash left unwritten are no drop events', () =>
  live(async (life) => {
    await lose(life, 3)
    const [all, facts] = [await life.drops(), life.journal.facts()]
    await life.checkpoint()
    const whole = await readFile(archiveOf(life))
    await life.journal.checkpoint(facts)
    await writeFile(archiveOf(life), Buffer.from(whole).fill(0, 0, whole.length / 2))
    await life.restart()
    assert.deepEqual(await life.drops(), all)
    await life.checkpoint()
    assert.deepEqual(await readFile(archiveOf(life)), whole)
  }))

test('an archive that was cut, even behind a line, emptied or removed is missed, by whose events', () =>
  live(async (life) => {
    await lose(life, 5)
    await life.checkpoint()
    await life.restart()
    assert.equal(life.alarms.length, 0)
    const lines = (await readFile(archiveOf(life), 'utf8')).split(/(?<=\n)/)
    await writeFile(archiveOf(life), lines.slice(0, 3).join(''))
    await life.restart()
    await writeFile(archiveOf(life), '')
    await life.restart()
    await rm(archiveOf(life))
    await life.restart()
    const missed = life.alarms.map((alarm) =>
      alarm.kind === 'drops.missing'
        ? [alarm.kind, ...alarm.unshown.map((it) => `${it.tenant}: ${it.records}`).sort()]
        : alarm,
    )
    assert.deepEqual(missed, [
      ['drops.missing', 't0: 1', 't1: 1'],
      ['drops.missing', 't0: 3', 't1: 2'],
      ['drops.missing', 't0: 3', 't1: 2'],
    ])
    assert.match(
      life.alarms[0]?.detail ?? '',
      /^2 records were dropped whose drop events are not in /,
    )
    assert.equal(life.ledger().totals().dropped, 5)
    assert.deepEqual(await life.drops(), [])
    assert.deepEqual(life.reports, [])
    await writeFile(archiveOf(life), lines.join(''))
    await life.restart()
    assert.equal(life.alarms.length, 3)
    assert.equal((await life.drops()).length, 5)
  }))

test('where the journal is an older copy, the drop events that it does not know are kept and said', () =>
  live(async (life) => {
    await lose(life, 2)
    const older = life.journal.facts().slice()
    await lose(life, 3, 10)
    await life.checkpoint()
    await lose(life, 1, 20)
    await life.checkpoint()
    const all = await life.drops()
    let isOld = true
    life.journal.rewrite(() => {
      const facts = isOld ? older : []
      isOld = false
      return facts
    })
    await life.restart()
    assert.deepEqual(await life.drops(), all)
    assert.deepEqual(
      life.alarms.map(({ kind }) => kind),
      ['journal.outdated'],
    )
    await life.restart()
    assert.deepEqual(await life.drops(), all, 'the journal has them before the archive is cut')
    await life.checkpoint()
    await life.restart()
    assert.deepEqual(await life.drops(), all)
    assert.equal(life.alarms.length, 1)
  }))

test('a damaged line of the archive is reported, and the others are found', () =>
  live(async (life) => {
    await lose(life, 3)
    await life.checkpoint()
    const all = await life.drops()
    const bytes = await readFile(archiveOf(life))
    bytes[bytes.indexOf(0x0a) + 1] = 0
    await writeFile(archiveOf(life), bytes)
    await appendFile(archiveOf(life), '{"half a line')
    await life.restart()
    assert.deepEqual(await life.drops(), [all[0], all[2]])
    assert.match(
      life.reports.join(),
      /13 bytes are cut off.*1 lines of .* are damaged, the first at byte \d+/,
    )
    assert.equal(life.ledger().totals().dropped, 3)
  }))

test('an archive on a full disk is written once there is room, and the journal keeps what it lacks', () => {
  const disk = openFaultyDisk({ seed: 1 })
  return live(
    async (life) => {
      await lose(life, 3)
      const all = await life.drops()
      disk.failNext('write', 'ENOSPC')
      await assert.rejects(life.checkpoint(), /ENOSPC/)
      assert.equal(life.journal.facts().length, 3)
      assert.deepEqual(await life.drops(), all)
      await life.checkpoint()
      assert.ok(life.journal.facts().every(({ type }) => type !== 'marks.recorded'))
      await life.restart()
      assert.deepEqual(await life.drops(), all)
    },
    { disk },
  )
})

test('an archive that could not be synced is not synced again before a restart, and loses nothing', () => {
  const disk = openFaultyDisk({ seed: 1 })
  return live(
    async (life) => {
      await lose(life, 3)
      const all = await life.drops()
      disk.failNext('datasync', 'EIO')
      await assert.rejects(life.checkpoint(), /EIO/)
      const syncs = disk.count('datasync')
      await assert.rejects(life.checkpoint(), /cannot be trusted until a restart/)
      assert.equal(disk.count('datasync'), syncs)
      await lose(life, 1, 10)
      await life.restart()
      assert.deepEqual((await life.drops()).slice(0, 3), all)
      await life.checkpoint()
      await life.restart()
      assert.equal((await life.drops()).length, 4)
    },
    { disk },
  )
})
