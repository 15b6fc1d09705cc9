import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Found, openOutboxFile } from '../../../../infra/notices/outbox-file.ts'
import { type FaultyDisk, openFaultyDisk } from '../../../support/faulty-disk.ts'

const bytesMax = 4_096
const open = (disk: FaultyDisk, bytes = bytesMax) =>
  openOutboxFile({ filesystem: disk, directory: '/data/notices', bytesMax: bytes })

const state = (number: number): readonly string[] => [
  `{"state":${number}}`,
  'x'.repeat(number * 90),
]
const numberIn = (found: Found): number =>
  found.kind === 'lines' ? JSON.parse(found.lines[0] ?? '').state : 0

const statesMax = 5
const runUntil = async (disk: FaultyDisk, stop: number): Promise<number> => {
  let kept = 0
  disk.stopAt(stop)
  try {
    const file = await open(disk)
    for (let number = 1; number <= statesMax; number += 1) {
      await file.keep(state(number))
      kept = number
    }
    await file.close()
  } catch (cause) {
    assert.match(String((cause as Error).message), /EPOWER/)
  }
  return kept
}

test('wherever the power goes, what was kept last is found whole, or what came after it', async () => {
  const whole = openFaultyDisk({ seed: 1 })
  assert.equal(await runUntil(whole, Number.POSITIVE_INFINITY), statesMax)
  for (let stop = 1; stop <= whole.changes() + 1; stop += 1)
    for (let seed = 1; seed <= 8; seed += 1) {
      const disk = openFaultyDisk({ seed: seed * 1_000 + stop })
      const kept = await runUntil(disk, stop)
      disk[seed % 3 === 0 ? 'kill' : 'crash']()
      const file = await open(disk)
      const where = `stop ${stop}, seed ${seed}`
      assert.notEqual(file.found.kind, 'damaged', where)
      const number = numberIn(file.found)
      assert.ok(number === kept || number === kept + 1, `${where}: ${number}, and ${kept} was kept`)
      if (file.found.kind === 'lines') assert.deepEqual(file.found.lines, state(number))
      // It goes on from there.
      await file.keep(state(9))
      await file.close()
      disk.crash()
      assert.equal(numberIn((await open(disk)).found), 9, where)
    }
})

test('a disk that has filled up keeps a notice all the same: the space is its own', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const file = await open(disk)
  await file.keep(state(1))
  await file.keep(state(2))
  disk.setCapacity(0)
  await file.keep(state(40))
  disk.crash()
  assert.equal(numberIn((await open(disk)).found), 40)
})

test('a file that failed to be synchronised is made anew, and the state before is kept meanwhile', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const file = await open(disk)
  for (const number of [1, 2, 3]) await file.keep(state(number))
  disk.failNext('datasync', 'EIO')
  await assert.rejects(file.keep(state(4)), { code: 'EIO' })
  await file.keep(state(5))
  await file.keep(state(6))
  await file.close()
  disk.crash()
  assert.equal(numberIn((await open(disk)).found), 6)
})

test('damage of one file leaves the state before; of both, it is said', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const file = await open(disk)
  for (const number of [1, 2, 3]) await file.keep(state(number))
  await file.close()
  // The third state is in the first file again, its head 28 bytes long.
  disk.flipBit({ path: '/data/notices/outbox-0', offset: 40, bit: 3 })
  const second = await open(disk)
  assert.equal(numberIn(second.found), 2)
  await second.close()
  disk.flipBit({ path: '/data/notices/outbox-1', offset: 9, bit: 3 })
  assert.equal((await open(disk)).found.kind, 'damaged')
})

test('more than there is room for is not begun', async () => {
  const file = await open(openFaultyDisk({ seed: 1 }))
  await file.keep(['one'])
  await assert.rejects(file.keep(['x'.repeat(bytesMax)]), RangeError)
})

test('a budget that was lowered or raised since does not lose what is there', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const file = await open(disk)
  await file.keep(state(20))
  await file.keep(state(30))
  await file.close()
  const less = await open(disk, 512)
  assert.equal(numberIn(less.found), 30)
  await less.close()
  const more = await open(disk, 3 * bytesMax)
  await more.keep(['y'.repeat(2 * bytesMax)])
  await more.close()
  assert.equal((await open(disk, 3 * bytesMax)).found.kind, 'lines')
})
