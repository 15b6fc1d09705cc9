import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openJournal } from '../../../../infra/journal/open-journal.ts'
import { inspectRing } from '../../../../infra/ring/inspection.ts'
import { offlineBatches, offlineRing } from '../../../../infra/ring/offline-segments.ts'
import { verifyRing } from '../../../../infra/ring/verification.ts'
import { instant } from '../../../../schemas/brand.ts'
import type { Held } from '../../../../schemas/messages.ts'
import type { FaultyDisk } from '../../../support/faulty-disk.ts'
import { diskOf, recovered, unstored } from './ring-fixture.ts'

const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => Array.fromAsync(items)

/** Two segments: three batches of one stream with a gap in it, and one of high priority. */
const filled = async () => {
  const disk = diskOf(1)
  const ring = await recovered(disk)
  const { held } = await ring.append([
    unstored(0),
    unstored(1),
    unstored(3),
    unstored(9, { priority: 'high' }),
  ])
  await ring.close()
  return { disk, held }
}

const settle = async (disk: FaultyDisk, { batch, at }: Held): Promise<void> => {
  const journal = openJournal({ filesystem: disk, directory: '/data/journal', reserveBytes: 512 })
  assert.deepEqual(await all(journal.recover()), [])
  const { producer, tenant, service } = batch
  const mark = { at, producer, tenant, service, firstSeq: 0, delivered: 10, dropped: 0 }
  await journal.append([{ type: 'marks.recorded', marks: [mark], drops: [] }])
  await journal.close()
}

test('a ring is told segment by segment, with streams, ranges, times and what has ended', async () => {
  const { disk, held } = await filled()
  const [first] = held
  assert.ok(first)
  await settle(disk, first)
  const before = disk.changes()
  const [normal, high] = await all(inspectRing('/data', disk))
  assert.deepEqual(normal, {
    path: '/data/ring/segment-000000000001-normal.log',
    id: 1,
    priority: 'normal',
    bytes: disk.contents('/data/ring/segment-000000000001-normal.log').length,
    batches: 3,
    records: 30,
    fates: { pending: 2, ended: 1, unknown: 0 },
    streams: [
      {
        producer: 'edge-1',
        tenant: 'acme',
        service: 'auth',
        batches: 3,
        records: 30,
        pendingRecords: 20,
        ranges: [
          { firstSeq: 0, lastSeq: 19 },
          { firstSeq: 30, lastSeq: 39 },
        ],
      },
    ],
    fromMs: instant(1_000),
    toMs: instant(2_003),
    acceptedFromMs: instant(3_000),
    acceptedToMs: instant(3_003),
    unreadableBytes: 0,
  })
  assert.deepEqual(high?.fates, { pending: 1, ended: 0, unknown: 0 })
  assert.equal(disk.changes(), before)
})

test('without a journal beside it, nobody knows what has ended', async () => {
  const { disk } = await filled()
  const reports = await all(inspectRing('/data', disk))
  assert.deepEqual(
    reports.map(({ fates }) => fates.unknown),
    [3, 1],
  )
})

test('batches can be read from outside, with their payloads', async () => {
  const { disk } = await filled()
  const payloads: string[] = []
  for await (const { payload } of offlineBatches(offlineRing('/data', disk))) {
    payloads.push(String(await payload()))
  }
  assert.deepEqual(payloads, ['payload 0', 'payload 1', 'payload 3', 'payload 9'])
})

test('a sound ring has no damage; each kind of damage is named, with its place and batch', async () => {
  const { disk, held } = await filled()
  assert.deepEqual(await all(verifyRing('/data', { filesystem: disk })), [])
  const path = '/data/ring/segment-000000000001-normal.log'
  const [first, second, third] = held
  assert.ok(first && second && third)
  const flip = (offset: number): void => disk.flipBit({ path, offset, bit: 0 })
  flip(20)
  flip(disk.contents(path).indexOf('payload 0'))
  flip(second.at.offset + 1)
  flip(disk.contents(path).length - 1)
  const found = await all(verifyRing('/data', { filesystem: disk }))
  assert.deepEqual(
    found.map(({ kind, offset, batch }) => ({ kind, offset, batch })),
    [
      { kind: 'file_header', offset: 0, batch: null },
      { kind: 'payload', offset: first.at.offset, batch: first.batch },
      { kind: 'head', offset: second.at.offset, batch: second.batch },
      { kind: 'tail', offset: third.at.offset, batch: third.batch },
    ],
  )
})

test('where there is no ring, that is said', async () => {
  const disk = diskOf(1)
  disk.failNext('list', 'ENOENT')
  await assert.rejects(all(inspectRing('/data', disk)), { code: 'ENOENT' })
})
