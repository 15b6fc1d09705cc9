import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryOverheadBytes } from '../../../../infra/ring/payload-cache.ts'
import type { Held } from '../../../../schemas/messages.ts'
import {
  diskOf,
  idsOf,
  loadAll,
  nothingEnded,
  payloadOf,
  recovered,
  ringOn,
  unstored,
} from './ring-fixture.ts'

const range = (count: number) => Array.from({ length: count }, (_, index) => index)
const batchIds = (indices: readonly number[]) =>
  indices.map((it) => unstored(it).batch.id as string)
const pick = (held: readonly Held[], index: number): Held => held[index] ?? assert.fail()

test('batches are loaded oldest first, over segments, strictly behind what is named', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, { segmentFramesMax: 3 })
  const { held } = await ring.append(range(8).map((it) => unstored(it)))
  for (const batchesMax of [1, 2, 3, 5, 100]) {
    assert.deepEqual(idsOf(await loadAll(ring, batchesMax)), batchIds(range(8)))
  }
  const after = pick(held, 4).at
  const behind = await ring.load({ priority: 'normal', after, batchesMax: 2 })
  assert.deepEqual(behind, { held: held.slice(5, 7), through: pick(held, 6).at })
  const last = await ring.load({ priority: 'normal', after: pick(held, 7).at, batchesMax: 2 })
  assert.deepEqual(last, { held: [], through: null })
  assert.deepEqual(await ring.load({ priority: 'low', after: null, batchesMax: 2 }), {
    held: [],
    through: null,
  })
  await ring.close()
})

test('what has ended is not loaded, and counts once', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, { segmentFramesMax: 3 })
  const { held } = await ring.append(range(7).map((it) => unstored(it)))
  for (const index of [0, 1, 2, 4]) assert.equal(ring.end(pick(held, index).at), true)
  assert.equal(ring.end(pick(held, 0).at), false)
  assert.equal(ring.end(pick(held, 4).at), false)
  assert.deepEqual(idsOf(await loadAll(ring)), batchIds([3, 5, 6]))
  assert.deepEqual(idsOf(await ring.unended(2)), batchIds([3, 5]))
  assert.deepEqual(await ring.unended(1), [])
  const first = await ring.load({ priority: 'normal', after: null, batchesMax: 1 })
  assert.deepEqual(idsOf(first.held), batchIds([3]))
  await ring.close()
})

test('what the journal says has ended is neither loaded nor counted after a restart', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, { segmentFramesMax: 3 })
  const { held } = await ring.append(range(8).map((it) => unstored(it)))
  await ring.close()
  const restarted = ringOn(disk)
  const offsets = new Map([
    [1, new Set(held.slice(0, 3).map(({ at }) => at.offset))],
    [3, new Set([pick(held, 6).at.offset])],
  ])
  const { segments, tornBytes } = await restarted.recover({ segments: new Set([2]), offsets })
  assert.equal(tornBytes, 0)
  assert.deepEqual(
    segments.map(({ id, batches, sealed }) => ({ id, batches, sealed })),
    [
      { id: 1, batches: 0, sealed: true },
      { id: 3, batches: 1, sealed: true },
    ],
  )
  assert.deepEqual(idsOf(await loadAll(restarted)), batchIds([7]))
  assert.equal(restarted.end(pick(held, 0).at), false)
  assert.equal(restarted.end(pick(held, 4).at), false)
  assert.equal(restarted.end(pick(held, 7).at), true)
  assert.deepEqual(restarted.accepted(1), [
    { producer: 'edge-1', tenant: 'acme', service: 'auth', records: 30, firstSeq: 0, lastSeq: 29 },
  ])
  assert.equal(
    disk.paths().some((path) => path.includes('-000000000002-')),
    false,
  )
  await restarted.close()
})

test('payloads come from memory while they are there, and from disk afterwards', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, {
    payloadCacheBytes: 2 * (payloadOf(0).length + entryOverheadBytes),
  })
  const pieces = [Buffer.from('payload '), Buffer.from('2')]
  const { held } = await ring.append([
    unstored(0),
    unstored(1),
    { ...unstored(2), payload: pieces },
  ])
  const reads = disk.count('read')
  assert.deepEqual(Buffer.concat((await ring.read(pick(held, 2))).payload), payloadOf(2))
  assert.deepEqual(Buffer.concat((await ring.read(pick(held, 1))).payload), payloadOf(1))
  assert.equal(disk.count('read'), reads)
  assert.deepEqual(Buffer.concat((await ring.read(pick(held, 0))).payload), payloadOf(0))
  assert.equal(disk.count('read'), reads + 1)
  ring.end(pick(held, 1).at)
  assert.deepEqual(Buffer.concat((await ring.read(pick(held, 1))).payload), payloadOf(1))
  assert.equal(disk.count('read'), reads + 2)
  await ring.close()
})

test('a large payload with a long header is read whole', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  const large = unstored(0, { payload: Buffer.alloc(300_000, 'a line of a log\n') })
  const named = { ...large, batch: { ...large.batch, service: 's'.repeat(5_000) } }
  const { held } = await ring.append([named, unstored(1)])
  assert.deepEqual(Buffer.concat((await ring.read(pick(held, 0))).payload), large.payload[0])
  assert.deepEqual(
    (await loadAll(ring)).map(({ batch }) => batch),
    [named.batch, unstored(1).batch],
  )
  await ring.close()
})

test('a removed segment is gone: its batches neither load, end, nor are read', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, { segmentFramesMax: 2 })
  const { held } = await ring.append(range(4).map((it) => unstored(it)))
  await ring.read(pick(held, 0))
  await ring.remove(1)
  await ring.remove(1)
  assert.deepEqual(idsOf(await loadAll(ring)), batchIds([2, 3]))
  await assert.rejects(ring.read(pick(held, 0)), { name: 'LogError', code: 'gone' })
  assert.equal(ring.end(pick(held, 0).at), false)
  assert.deepEqual(await ring.unended(1), [])
  assert.deepEqual(ring.accepted(1), [])
  await ring.close()
})

test('a removal that failed can be asked for again', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  const { held } = await ring.append([unstored(0)])
  for (const operation of ['unlink', 'syncDirectory'] as const) {
    disk.failNext(operation, 'EIO')
    await assert.rejects(ring.remove(1), { code: 'storage_failed' })
    assert.ok(ring.bytes() > 0)
    await assert.rejects(ring.read(pick(held, 0)), { code: 'gone' })
  }
  await ring.remove(1)
  assert.equal(ring.bytes(), 0)
  await ring.close()
})

test('nothing joins a segment once what is unended in it was asked for', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  await ring.append([unstored(0)])
  const [unended, appended] = await Promise.all([ring.unended(1), ring.append([unstored(1)])])
  assert.deepEqual(idsOf(unended), batchIds([0]))
  assert.deepEqual(
    appended.segments.map(({ id, sealed }) => ({ id, sealed })),
    [
      { id: 1, sealed: true },
      { id: 2, sealed: false },
    ],
  )
  await ring.close()
})

test('segments can be removed while others load and read', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk, { segmentFramesMax: 2 })
  const { held } = await ring.append(range(40).map((it) => unstored(it)))
  const removals = range(19).map((it) => ring.remove(it + 1))
  const reads = held.map((it) =>
    ring.read(it).then(
      ({ payload }) => payload,
      (cause: { code: string }) => cause.code,
    ),
  )
  const [loaded, outcomes] = await Promise.all([loadAll(ring), Promise.all(reads), ...removals])
  assert.ok(idsOf(loaded).includes(unstored(39).batch.id))
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome !== 'gone') assert.deepEqual(outcome, [payloadOf(index)])
  }
  assert.deepEqual(idsOf(await loadAll(ring)), batchIds([38, 39]))
  await ring.close()
})

test('a batch that recovery found corrupt is not loaded, and ends once', async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  const { held } = await ring.append(range(2).map((it) => unstored(it)))
  await ring.close()
  const path = disk.paths().find((it) => it.endsWith('.log')) ?? ''
  const offset = disk.contents(path).indexOf('payload 0')
  disk.flipBit({ path, offset, bit: 2 })
  const restarted = ringOn(disk)
  const recovery = await restarted.recover(nothingEnded)
  assert.deepEqual(
    recovery.corrupt.map((it) => it.held),
    [pick(held, 0)],
  )
  assert.deepEqual(
    recovery.segments.map(({ batches }) => batches),
    [1],
  )
  assert.deepEqual(idsOf(await loadAll(restarted)), batchIds([1]))
  assert.deepEqual(idsOf(await restarted.unended(1)), batchIds([0, 1]))
  assert.equal(restarted.end(pick(held, 0).at), true)
  assert.equal(restarted.end(pick(held, 0).at), false)
  assert.deepEqual(idsOf(await restarted.unended(1)), batchIds([1]))
  assert.equal(restarted.end(pick(held, 1).at), true)
  await restarted.close()
})
