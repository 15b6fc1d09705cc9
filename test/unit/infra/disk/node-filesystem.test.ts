import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { nodeFilesystem } from '../../../../infra/disk/node-filesystem.ts'
import { openJournal } from '../../../../infra/journal/open-journal.ts'
import { openRing } from '../../../../infra/ring/ring.ts'
import { factOf } from '../journal/journal-fixture.ts'
import { idsOf, loadAll, nothingEnded, unstored } from '../ring/ring-fixture.ts'

const root = await mkdtemp(join(tmpdir(), 'holdfast-disk-'))
after(() => rm(root, { recursive: true }))

test('pieces are written one behind the other, also many more than one call takes', async () => {
  const path = join(root, 'pieces')
  const file = await nodeFilesystem.open(path, 'create')
  const pieces = Array.from({ length: 5_000 }, (_, index) => Buffer.from(`${index},`))
  await file.write([Buffer.from('head'), Buffer.alloc(0), ...pieces], 0)
  await file.datasync()
  assert.equal(await readFile(path, 'utf8'), `head${pieces.join('')}`)
  const target = Buffer.alloc(100)
  assert.equal(await file.read(target, (await file.size()) - 5), 5)
  await file.truncate(4)
  assert.equal(await file.size(), 4)
  await file.close()
  await assert.rejects(nodeFilesystem.open(path, 'create'), { code: 'EEXIST' })
  await assert.rejects(nodeFilesystem.open(join(root, 'none'), 'update'), { code: 'ENOENT' })
})

test('a directory is made with its parents, and is there already the second time', async () => {
  const directory = join(root, 'a', 'b', 'c')
  await nodeFilesystem.makeDirectory(directory)
  await nodeFilesystem.makeDirectory(directory)
  assert.deepEqual(await nodeFilesystem.list(directory), [])
})

test('ring and journal keep what they were given on the disk of this machine', async () => {
  const ringOn = () =>
    openRing({
      filesystem: nodeFilesystem,
      directory: join(root, 'ring'),
      segmentBytes: 64 * 1024,
      durability: 'fsync',
    })
  const ring = ringOn()
  await ring.recover(nothingEnded)
  const payload = Buffer.alloc(20_000, 'a line of a log\n')
  await Promise.all(Array.from({ length: 10 }, (_, it) => ring.append([unstored(it, { payload })])))
  await ring.close()
  const restarted = ringOn()
  const recovery = await restarted.recover(nothingEnded)
  assert.ok(recovery.segments.length > 2)
  const held = await loadAll(restarted)
  assert.deepEqual(
    idsOf(held),
    Array.from({ length: 10 }, (_, it) => unstored(it).batch.id),
  )
  for (const it of held)
    assert.deepEqual(Buffer.concat((await restarted.read(it)).payload), payload)
  for (const { id } of recovery.segments) await restarted.remove(id)
  assert.equal(restarted.bytes(), 0)
  await restarted.close()

  const journalOn = () =>
    openJournal({ filesystem: nodeFilesystem, directory: join(root, 'journal') })
  const journal = journalOn()
  assert.deepEqual(await Array.fromAsync(journal.recover()), [])
  await journal.append([factOf(0)])
  await journal.checkpoint([factOf(1)])
  await journal.append([factOf(2)])
  await journal.close()
  const again = journalOn()
  assert.deepEqual(await Array.fromAsync(again.recover()), [factOf(1), factOf(2)])
  await again.close()
})
