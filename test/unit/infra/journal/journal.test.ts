import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFaultyDisk } from '../../../support/faulty-disk.ts'
import {
  actorsIn,
  directory,
  factOf,
  factsOn,
  namesOf,
  range,
  recovered,
  reserveBytes,
} from './journal-fixture.ts'

const first = `${directory}/journal-00000001.log`
const second = `${directory}/journal-00000002.log`
const newDisk = () => openFaultyDisk({ seed: 1 })

test('facts come back as they were, in their order, after a restart', async () => {
  const disk = newDisk()
  const { journal, facts } = await recovered(disk)
  assert.deepEqual(facts, [])
  await journal.append([factOf(0)])
  await journal.append([factOf(1), factOf(2)])
  await journal.close()
  assert.deepEqual(
    await factsOn(disk),
    [0, 1, 2].map((it) => factOf(it)),
  )
})

test('appends that come while a sync is under way share the next one', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  const before = disk.count('datasync')
  const one = journal.append([factOf(0)])
  await Promise.resolve().then(() => undefined)
  await Promise.all([one, ...range(20).map((it) => journal.append([factOf(it + 1)]))])
  assert.equal(disk.count('datasync') - before, 2)
  await journal.close()
  assert.deepEqual(actorsIn(await factsOn(disk)), namesOf(range(21)))
})

test('appends need no new blocks: on a full disk they go on for as long as the reserve lasts', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  disk.setCapacity(0)
  let appended = 0
  assert.equal(journal.reserved(), true)
  for (;;) {
    const failure = await journal.append([factOf(appended)]).catch((cause: Error) => cause)
    if (failure instanceof Error) {
      assert.equal('code' in failure && failure.code, 'disk_full')
      break
    }
    appended += 1
    if (journal.bytes() > 3 * reserveBytes) assert.fail('more was kept than was set aside')
  }
  assert.ok(journal.bytes() > 1.5 * reserveBytes, `${journal.bytes()} bytes were kept`)
  assert.equal(journal.reserved(), false)
  disk.crash()
  assert.deepEqual(actorsIn(await factsOn(disk)), namesOf(range(appended)))
})

test('the reserve comes back by itself once there is room, without an append', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  disk.setCapacity(0)
  while (journal.reserved()) await journal.append([factOf(0, 500)])
  disk.setCapacity(Number.POSITIVE_INFINITY)
  for (let turn = 0; turn < 100 && !journal.reserved(); turn += 1) await Promise.resolve()
  assert.equal(journal.reserved(), true)
  await journal.append([factOf(1)])
  await journal.close()
  assert.equal(actorsIn(await factsOn(disk)).at(-1), 'actor-1')
})

test('a fact that is larger than the reserve is kept while the disk has room', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  await journal.append([factOf(0, 10 * reserveBytes), factOf(1)])
  assert.equal(journal.reserved(), true)
  disk.crash()
  assert.deepEqual(actorsIn(await factsOn(disk)), namesOf([0, 1]))
})

test('after a failed sync the file takes nothing more, until a checkpoint begins another', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const disk = openFaultyDisk({ seed })
    const { journal } = await recovered(disk)
    await journal.append([factOf(0)])
    disk.failNext('datasync', 'EIO')
    await assert.rejects(journal.append([factOf(1)]), {
      name: 'JournalError',
      code: 'storage_failed',
    })
    const syncs = disk.count('datasync')
    await assert.rejects(journal.append([factOf(2)]), { code: 'storage_failed' })
    assert.equal(journal.reserved(), false)
    assert.equal(disk.count('datasync'), syncs)
    await journal.checkpoint([factOf(3)])
    await journal.append([factOf(4)])
    assert.equal(journal.reserved(), true)
    disk.crash()
    assert.deepEqual(actorsIn(await factsOn(disk)), namesOf([3, 4]))
  }
})

test('a checkpoint replaces what came before, and its file alone is left', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  await journal.append(range(50).map((it) => factOf(it)))
  const before = journal.bytes()
  await journal.checkpoint([factOf(100), factOf(101)])
  assert.ok(journal.bytes() < before)
  assert.deepEqual(disk.paths(), [second])
  await journal.append([factOf(102)])
  await journal.close()
  assert.deepEqual(actorsIn(await factsOn(disk)), namesOf([100, 101, 102]))
})

test('a checkpoint larger than one frame comes back whole', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  const facts = range(30).map((it) => factOf(it, 100_000))
  await journal.checkpoint(facts)
  await journal.close()
  assert.deepEqual(await factsOn(disk), facts)
})

test('a checkpoint for which the disk has no room changes nothing', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  await journal.append([factOf(0)])
  disk.setCapacity(0)
  await assert.rejects(journal.checkpoint([factOf(1)]), { code: 'disk_full' })
  await journal.append([factOf(2)])
  assert.deepEqual(disk.paths(), [first])
  await journal.close()
  assert.deepEqual(actorsIn(await factsOn(disk)), namesOf([0, 2]))
})

test('a checkpoint whose name may not be durable takes nothing more, until the next one', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const disk = openFaultyDisk({ seed })
    const { journal } = await recovered(disk)
    await journal.append([factOf(0)])
    disk.failNext('syncDirectory', 'EIO')
    await assert.rejects(journal.checkpoint([factOf(0), factOf(1)]), { code: 'storage_failed' })
    await assert.rejects(journal.append([factOf(2)]), { code: 'storage_failed' })
    if (seed % 2 === 0) await journal.checkpoint([factOf(0), factOf(3)])
    disk.crash()
    const kept = actorsIn(await factsOn(disk))
    if (seed % 2 === 0) assert.deepEqual(kept, namesOf([0, 3]))
    else assert.equal(kept[0], 'actor-0')
  }
})

test('what was appended before a checkpoint is in the old file, what comes after it in the new', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  const before = journal.append([factOf(0)])
  await before
  const checkpoint = journal.checkpoint([factOf(0)])
  const after = range(5).map((it) => journal.append([factOf(it + 1)]))
  await Promise.all([checkpoint, ...after])
  await journal.close()
  assert.deepEqual(actorsIn(await factsOn(disk)), namesOf(range(6)))
})

test('a closed journal refuses, and one that was not recovered is a mistake', async () => {
  const disk = newDisk()
  const { journal } = await recovered(disk)
  await journal.close()
  await assert.rejects(journal.append([factOf(0)]), { code: 'storage_failed', message: /closed/ })
  await assert.rejects(journal.checkpoint([]), { code: 'storage_failed', message: /closed/ })
})
