import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemsQueuedMax } from '../../../../infra/disk/group-commit.ts'
import type { Priority } from '../../../../schemas/messages.ts'
import {
  diskOf,
  idsOf,
  loadAll,
  nothingEnded,
  payloadOf,
  recovered,
  ringOn,
  served,
  unstored,
} from './ring-fixture.ts'

test('appends that come while a sync is under way share the next one', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  await ring.append([unstored(0)])
  const before = disk.count('datasync')
  const first = ring.append([unstored(1)])
  await Promise.resolve().then(() => undefined)
  const others = Array.from({ length: 9 }, (_, index) => ring.append([unstored(index + 2)]))
  const appended = await Promise.all([first, ...others])
  assert.equal(disk.count('datasync') - before, 2)
  assert.deepEqual(
    appended.flatMap(({ held }) => idsOf(held)),
    Array.from({ length: 10 }, (_, index) => unstored(index + 1).batch.id),
  )
  await ring.close()
  assert.equal((await served(disk)).batches.size, 11)
})

test('with durability os nothing is synced', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, { durability: 'os' })
  const before = disk.count('syncDirectory')
  await Promise.all([ring.append([unstored(0)]), ring.append([unstored(1)])])
  assert.equal(disk.count('datasync'), 0)
  assert.equal(disk.count('syncDirectory'), before)
  await ring.close()
})

test('a segment is sealed when it is full, and the append that filled it says so', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, { segmentFramesMax: 2 })
  const first = await ring.append([unstored(0)])
  assert.deepEqual(
    first.segments.map(({ id, sealed }) => ({ id, sealed })),
    [{ id: 1, sealed: false }],
  )
  const { held, segments } = await ring.append([unstored(1), unstored(2)])
  assert.deepEqual(
    held.map(({ at }) => at.segment),
    [1, 2],
  )
  assert.deepEqual(
    segments.map(({ id, sealed }) => ({ id, sealed })),
    [
      { id: 1, sealed: true },
      { id: 2, sealed: false },
    ],
  )
  assert.equal(
    ring.bytes(),
    segments.reduce((sum, { bytes }) => sum + bytes, 0),
  )
  await ring.close()
})

test('a batch that is larger than a segment has one of its own', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, { segmentBytes: 2_000 })
  const large = { payload: Buffer.alloc(5_000, 7) }
  const { held, segments } = await ring.append([unstored(0), unstored(1, large), unstored(2)])
  assert.deepEqual(
    held.map(({ at }) => at.segment),
    [1, 2, 3],
  )
  assert.deepEqual(
    segments.map(({ sealed }) => sealed),
    [true, true, false],
  )
  await ring.close()
})

test('each priority has segments of its own, and one append may write to all', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  const mixed: readonly Priority[] = ['low', 'high', 'normal', 'low']
  const { held, segments } = await ring.append(
    mixed.map((priority, it) => unstored(it, { priority })),
  )
  assert.deepEqual(
    held.map(({ at }) => at.segment),
    [1, 2, 3, 1],
  )
  assert.deepEqual(
    segments.map(({ priority }) => priority),
    ['low', 'high', 'normal'],
  )
  await ring.close()
})

test('a full disk refuses an append, keeps nothing of it, and takes the next one once there is room', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const disk = diskOf(seed)
    const ring = await recovered(disk)
    await ring.append([unstored(0)])
    disk.setCapacity(ring.bytes() + 900)
    const refused = [
      unstored(3, { priority: 'high' }),
      unstored(1),
      unstored(2, { payload: Buffer.alloc(3_000, 2) }),
    ]
    await assert.rejects(ring.append(refused), {
      name: 'LogError',
      code: 'disk_full',
      message: /ENOSPC/,
    })
    assert.deepEqual(idsOf(await loadAll(ring)), [unstored(0).batch.id])
    if (seed % 2 === 0) {
      disk.crash()
      assert.deepEqual(
        [...(await served(disk)).batches.keys()],
        [unstored(0).batch.id],
        `seed ${seed}`,
      )
      continue
    }
    disk.setCapacity(Number.POSITIVE_INFINITY)
    const { held } = await ring.append([unstored(4)])
    assert.equal(held[0]?.at.segment, 1)
    disk.crash()
    assert.deepEqual(
      [...(await served(disk)).batches.keys()],
      [unstored(0).batch.id, unstored(4).batch.id],
    )
  }
})

test('a full disk that has no room for a new segment keeps nothing and loses nothing', async () => {
  const disk = diskOf(3)
  const ring = await recovered(disk)
  await ring.append([unstored(0)])
  disk.setCapacity(ring.bytes() + 40)
  await assert.rejects(ring.append([unstored(1, { priority: 'low' })]), { code: 'disk_full' })
  disk.failNext('create', 'ENOSPC')
  await assert.rejects(ring.append([unstored(2, { priority: 'high' })]), { code: 'disk_full' })
  disk.setCapacity(Number.POSITIVE_INFINITY)
  const { held } = await ring.append([unstored(3, { priority: 'low' })])
  assert.deepEqual(Buffer.concat((await ring.read(held[0] ?? assert.fail())).payload), payloadOf(3))
  await ring.close()
})

test('a file whose sync has failed is never synced again: its group is refused, the next has a new one', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const disk = diskOf(seed)
    const ring = await recovered(disk)
    await ring.append([unstored(0)])
    const before = disk.count('datasync')
    disk.failNext('datasync', 'EIO')
    const group = await Promise.allSettled([ring.append([unstored(1)]), ring.append([unstored(2)])])
    for (const end of group) {
      assert.equal(end.status, 'rejected')
      assert.equal(end.status === 'rejected' && end.reason.code, 'storage_failed')
    }
    assert.equal(disk.count('datasync') - before, 1)
    assert.deepEqual(idsOf(await loadAll(ring)), [unstored(0).batch.id])
    const { held, segments } = await ring.append([unstored(3)])
    assert.equal(held[0]?.at.segment, 2)
    assert.deepEqual(
      segments.map(({ id, sealed }) => ({ id, sealed })),
      [
        { id: 1, sealed: true },
        { id: 2, sealed: false },
      ],
    )
    disk.crash()
    const { batches, recovery } = await served(disk)
    assert.deepEqual(recovery.corrupt, [])
    for (const index of [0, 3]) {
      assert.deepEqual(batches.get(unstored(index).batch.id), payloadOf(index), `seed ${seed}`)
    }
  }
})

test('an append whose new segment cannot be made durable is refused, and the file is gone', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  disk.failNext('syncDirectory', 'EIO')
  await assert.rejects(ring.append([unstored(0)]), { code: 'storage_failed' })
  assert.deepEqual(
    disk.paths().filter((path) => path.endsWith('.log')),
    [],
  )
  const { held } = await ring.append([unstored(1)])
  assert.equal(held[0]?.at.segment, 2)
  await ring.close()
})

test('ids are never given twice, also when all files are gone and nobody remembers them', async () => {
  const disk = diskOf(1)
  const first = await recovered(disk)
  await first.append([unstored(0), unstored(1, { priority: 'low' })])
  await first.remove(1)
  await first.remove(2)
  await first.close()
  const second = await recovered(disk)
  const { held } = await second.append([unstored(2)])
  assert.equal(held[0]?.at.segment, 3)
  await second.close()
  const third = ringOn(disk)
  await third.recover({ segments: new Set([7]), offsets: new Map() })
  const { segments } = await third.append([unstored(3)])
  assert.equal(segments[0]?.id, 8)
  await third.close()
})

test('more appends than may wait are refused at once', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  const one = unstored(0)
  const waiting = Array.from({ length: itemsQueuedMax }, () => ring.append([one]))
  await assert.rejects(ring.append([one]), { code: 'storage_failed', message: /wait/ })
  await Promise.all(waiting)
  await ring.close()
  await assert.rejects(ring.append([one]), { code: 'storage_failed', message: /closed/ })
})

test('a payload larger than a frame can hold is refused alone', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  const { batch } = unstored(0)
  const piece = Buffer.alloc(1024 * 1024)
  const payload = Array.from({ length: 257 }, () => piece)
  await assert.rejects(ring.append([{ batch, payload }]), RangeError)
  assert.equal((await ring.append([unstored(1)])).held.length, 1)
  await ring.close()
})

test('the log is recovered once, and before anything else', async () => {
  const ring = ringOn(diskOf(1))
  await assert.rejects(ring.append([unstored(0)]), /before it was recovered/)
  await ring.recover(nothingEnded)
  await assert.rejects(ring.recover(nothingEnded), /recovered twice/)
  await ring.close()
})
