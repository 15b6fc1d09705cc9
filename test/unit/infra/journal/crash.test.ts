import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FaultyDisk, openFaultyDisk } from '../../../support/faulty-disk.ts'
import { actorsIn, factOf, recovered } from './journal-fixture.ts'

const seedsPerStop = 10

/** What was acknowledged, and what was asked for and may be there besides. */
type Account = { acknowledged: string[]; asked: string[] }

/** Appends, and begins the file anew twice with all that was kept so far. */
const script = async (disk: FaultyDisk, account: Account): Promise<void> => {
  const { journal } = await recovered(disk, { reserveBytes: 512 })
  let kept: number[] = []
  const append = async (...indices: readonly number[]): Promise<void> => {
    account.asked = [...account.acknowledged, ...actorsIn(indices.map((it) => factOf(it)))]
    await journal.append(indices.map((it) => factOf(it, 200)))
    kept = [...kept, ...indices]
    account.acknowledged = [...account.asked]
  }
  await append(0)
  await append(1, 2, 3)
  await journal.checkpoint(kept.map((it) => factOf(it)))
  await append(4)
  await append(5, 6)
  await journal.checkpoint(kept.map((it) => factOf(it)))
  await append(7)
  await journal.close()
}

const runUntil = async (disk: FaultyDisk, stop: number): Promise<Account> => {
  const account: Account = { acknowledged: [], asked: [] }
  disk.stopAt(stop)
  try {
    await script(disk, account)
  } catch (cause) {
    assert.match(String((cause as Error).message), /EPOWER/)
  }
  return account
}

test('wherever the power goes, appending or beginning anew, every acknowledged fact is kept', async () => {
  const whole = openFaultyDisk({ seed: 1 })
  await runUntil(whole, Number.POSITIVE_INFINITY)
  assert.ok(whole.changes() > 30, `${whole.changes()} operations`)
  for (let stop = 1; stop <= whole.changes() + 1; stop += 1) {
    for (let seed = 1; seed <= seedsPerStop; seed += 1) {
      const where = `stop ${stop}, seed ${seed}`
      const disk = openFaultyDisk({ seed: seed * 1_000 + stop })
      const account = await runUntil(disk, stop)
      disk[seed % 3 === 0 ? 'kill' : 'crash']()
      const shown = await assertKept(disk, account, where)
      // What a recovery has shown is there after the next power cut too, and what it did not is
      // not.
      disk.crash()
      assert.deepEqual(await assertKept(disk, account, `${where}, again`), shown, where)
    }
  }
})

const assertKept = async (
  disk: FaultyDisk,
  { acknowledged, asked }: Account,
  where: string,
): Promise<readonly string[]> => {
  const { journal, facts } = await recovered(disk, { reserveBytes: 512 })
  const kept = actorsIn(facts)
  assert.ok(
    kept.length >= acknowledged.length,
    `${where}: ${acknowledged} was acknowledged, ${kept} is kept`,
  )
  // Facts of one append are kept or lost as one.
  assert.ok(
    [acknowledged, asked].some((it) => it.join() === kept.join()),
    `${where}: ${kept} is neither ${acknowledged} nor ${asked}`,
  )
  await journal.close()
  return kept
}

test('what a sync has failed to write, and the system shows all the same, is safe once it was read', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const disk = openFaultyDisk({ seed })
    const first = await recovered(disk, { reserveBytes: 512 })
    await first.journal.append([factOf(0)])
    disk.failNext('datasync', 'EIO')
    await assert.rejects(first.journal.append([factOf(1, 900)]), /EIO/)
    // The process dies of it, and the next one reads what only the system's memory holds.
    disk.kill()
    const second = await recovered(disk, { reserveBytes: 512 })
    const shown = actorsIn(second.facts)
    await second.journal.append([factOf(2)])
    disk.crash()
    const third = await recovered(disk, { reserveBytes: 512 })
    assert.deepEqual(actorsIn(third.facts), [...shown, 'actor-2'], `seed ${seed}`)
  }
})
