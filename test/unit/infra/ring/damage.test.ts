import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileHeaderBytes } from '../../../../infra/disk/file-header.ts'
import type { Held } from '../../../../schemas/messages.ts'
import { diskOf, nothingEnded, recovered, ringOn, served, unstored } from './ring-fixture.ts'

/** One sealed segment with three small frames, as bytes, and where its frames end. */
const smallSegment = async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  const held: Held[] = []
  const ends: number[] = []
  for (let index = 0; index < 3; index += 1) {
    const appended = await ring.append([unstored(index)])
    held.push(...appended.held)
    ends.push(appended.segments[0]?.bytes ?? 0)
  }
  await ring.close()
  const path = disk.paths().find((it) => it.endsWith('.log')) ?? ''
  return { path, bytes: disk.contents(path), held, ends }
}

const expected = new Map([0, 1, 2].map((it) => [unstored(it).batch.id as string, unstored(it)]))
const assertPayloads = (batches: ReadonlyMap<string, Buffer>, where: string): void => {
  for (const [id, payload] of batches) {
    const wanted = expected.get(id)?.payload[0]
    assert.deepEqual(payload, wanted, `${where}: wrong bytes for ${id}`)
  }
}

test('whatever is cut off the end of a segment, whole batches are served and nothing else', async () => {
  const { path, bytes, held, ends } = await smallSegment()
  for (let length = 0; length < bytes.length; length += 1) {
    const disk = diskOf(1)
    disk.place(path, bytes.subarray(0, length))
    const { recovery, batches } = await served(disk)
    const whole = held.filter((_, index) => (ends[index] ?? 0) <= length)
    assert.deepEqual(
      [...batches.keys()],
      whole.map(({ batch }) => batch.id),
      `cut to ${length}`,
    )
    assertPayloads(batches, `cut to ${length}`)
    assert.deepEqual(recovery.corrupt, [], `cut to ${length}`)
    assert.deepEqual(recovery.unknown, [], `cut to ${length}`)
    const kept =
      whole.length === 0
        ? length < fileHeaderBytes
          ? 0
          : fileHeaderBytes
        : (ends[whole.length - 1] ?? 0)
    assert.equal(recovery.tornBytes, length - kept, `cut to ${length}`)
  }
})

test('whichever bit of a segment flips, each batch is served intact or reported with its range', async () => {
  const { path, bytes, held } = await smallSegment()
  const lost = new Map<string, number>()
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const where = `bit ${bit % 8} of byte ${bit >> 3}`
    const disk = diskOf(1)
    disk.place(path, bytes)
    disk.flipBit({ path, offset: bit >> 3, bit: bit % 8 })
    const { recovery, batches } = await served(disk)
    assertPayloads(batches, where)
    const corrupt = recovery.corrupt.map((it) => it.held)
    for (const here of held) {
      const isServed = batches.has(here.batch.id)
      const reported = corrupt.filter(({ batch }) => batch.id === here.batch.id)
      assert.equal(reported.length, isServed ? 0 : 1, `${where}: ${here.batch.id}`)
      if (!isServed) assert.deepEqual(reported[0], here, where)
      if (!isServed) lost.set(here.batch.id, (lost.get(here.batch.id) ?? 0) + 1)
    }
    assert.deepEqual(recovery.unknown, [], where)
    assert.equal(recovery.tornBytes, 0, where)
  }
  // Only a payload is there once: nothing but its own bits can lose a batch.
  const payloadBits = held.map(({ batch }) => [batch.id as string, batch.bytes * 8] as const)
  assert.deepEqual(lost, new Map(payloadBits))
})

test('whichever bit of the last frame is lost while the ring runs, no wrong bytes are read', async () => {
  const { path, bytes, held } = await smallSegment()
  const last = held[2]
  assert.ok(last)
  for (let offset = last.at.offset; offset < bytes.length; offset += 1) {
    const disk = diskOf(1)
    disk.place(path, bytes)
    const ring = ringOn(disk)
    await ring.recover(nothingEnded)
    disk.flipBit({ path, offset, bit: offset % 8 })
    const outcome: unknown = await ring.read(last).then(
      ({ payload }) => payload,
      (cause: { code: string }) => cause.code,
    )
    if (outcome !== 'corrupt') assert.deepEqual(outcome, expected.get(last.batch.id)?.payload)
    await ring.close()
  }
})

test('a frame that is wiped out is unknown damage, and its neighbours are served', async () => {
  const { path, bytes, ends } = await smallSegment()
  const disk = diskOf(1)
  const wiped = Buffer.from(bytes)
  wiped.fill(0, ends[0], ends[1])
  disk.place(path, wiped)
  const { recovery, batches } = await served(disk)
  assert.deepEqual([...batches.keys()], [unstored(0).batch.id, unstored(2).batch.id])
  assert.equal(recovery.unknown.length, 1)
  assert.match(recovery.unknown[0]?.detail ?? '', new RegExp(`at offset ${ends[0]}`))
})

test('a payload that holds whole frames of another segment is never taken for frames', async () => {
  const { bytes } = await smallSegment()
  const disk = diskOf(1)
  const ring = await recovered(disk, { drawSalt: () => 0xfeed_5a17 })
  const hostile = bytes.subarray(fileHeaderBytes)
  const { held } = await ring.append([unstored(7, { payload: hostile }), unstored(8)])
  await ring.close()
  const path = disk.paths().find((it) => it.endsWith('.log')) ?? ''
  disk.flipBit({ path, offset: (held[0]?.at.offset ?? 0) + 3, bit: 0 })
  const { batches } = await served(disk)
  assert.deepEqual([...batches.keys()], [unstored(7).batch.id, unstored(8).batch.id])
  assert.deepEqual(batches.get(unstored(7).batch.id), hostile)
})

test('a segment of an unknown format version is refused by name and left as it is', async () => {
  const { path, bytes } = await smallSegment()
  const { encodeFileHeader } = await import('../../../../infra/disk/file-header.ts')
  const { crc32 } = await import('node:zlib')
  const header = encodeFileHeader({
    kind: 'segment',
    salt: 1,
    number: 1,
    schema: 0n,
    durableBytes: 0,
  })
  header.writeUInt32LE(9, 8)
  header.writeUInt32LE(crc32(header.subarray(0, 44)), 44)
  const disk = diskOf(1)
  disk.place(path, Buffer.concat([header, bytes.subarray(fileHeaderBytes)]))
  await assert.rejects(ringOn(disk).recover(nothingEnded), {
    name: 'FormatVersionError',
    message: /format version 9/,
  })
  assert.deepEqual(disk.contents(path).subarray(fileHeaderBytes), bytes.subarray(fileHeaderBytes))
})

test('a segment without a readable file header is reported, counted, and can be removed', async () => {
  const { path, bytes } = await smallSegment()
  const disk = diskOf(1)
  disk.place(path, Buffer.concat([Buffer.alloc(fileHeaderBytes), bytes.subarray(fileHeaderBytes)]))
  const ring = ringOn(disk)
  const recovery = await ring.recover(nothingEnded)
  assert.equal(recovery.unknown.length, 1)
  assert.deepEqual(recovery.segments, [
    { id: 1, priority: 'normal', bytes: bytes.length, batches: 0, sealed: true },
  ])
  await ring.remove(1)
  assert.equal(ring.bytes(), 0)
  await ring.close()
})
