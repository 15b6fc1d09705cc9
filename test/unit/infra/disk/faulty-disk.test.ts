import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFaultyDisk } from '../../../support/faulty-disk.ts'

/** Writes two synced sectors and four that are not, and answers what a crash leaves. */
const afterCrash = async (seed: number): Promise<string> => {
  const disk = openFaultyDisk({ seed })
  const file = await disk.open('/d/file', 'create')
  await file.write([Buffer.alloc(1_024, 'a')], 0)
  await file.datasync()
  await disk.syncDirectory('/d')
  await file.write([Buffer.alloc(1_024, 'b')], 1_024)
  await file.write([Buffer.alloc(1_024, 'c')], 2_048)
  await (await disk.open('/d/other', 'create')).close()
  disk.crash()
  await assert.rejects(file.size(), { code: 'EPOWER' })
  const content = disk.contents('/d/file').toString()
  const sectors = content.match(/.{1,512}/gs) ?? []
  return `${disk.paths().join()} ${sectors.map((it) => `${it[0] === '\0' ? '-' : it[0]}${it.length}`).join()}`
}

test('a crash keeps what was synced, and loses, tears or reorders the rest, the same way each time', async () => {
  const fates = new Set<string>()
  for (let seed = 0; seed < 200; seed += 1) {
    const fate = await afterCrash(seed)
    assert.equal(await afterCrash(seed), fate)
    assert.match(fate, /^\/d\/file(,\/d\/other)? a512,a512/)
    fates.add(fate)
  }
  const some = [...fates].join('\n')
  assert.match(some, /a512,a512$/m, 'all is lost')
  assert.match(some, /b512,b512,c512,c512$/m, 'all is kept')
  assert.match(some, /-512.*c512$/m, 'what came later is there and what came first is not')
  assert.match(some, /[bc](?!512)\d+$/m, 'a write is torn')
  assert.match(some, /other/)
  assert.ok(fates.size > 20)
})

test('a sync that fails leaves the disk as chance has it, and the next one changes nothing of that', async () => {
  const kept = new Set<number>()
  for (let seed = 0; seed < 50; seed += 1) {
    const disk = openFaultyDisk({ seed })
    const file = await disk.open('/d/file', 'create')
    await disk.syncDirectory('/d')
    await file.write([Buffer.alloc(600, 'a')], 0)
    disk.failNext('datasync', 'EIO')
    await assert.rejects(file.datasync(), { code: 'EIO' })
    await file.datasync()
    assert.equal(disk.contents('/d/file').length, 600)
    disk.crash()
    kept.add(disk.contents('/d/file').length)
  }
  assert.ok(kept.has(0) && kept.has(600))
})

test('a full disk takes what fits; overwriting needs no room, and deleting gives it back', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  disk.setCapacity(100)
  const file = await disk.open('/d/file', 'create')
  await assert.rejects(file.write([Buffer.alloc(150, 'a')], 0), { code: 'ENOSPC' })
  assert.equal(await file.size(), 100)
  await file.write([Buffer.alloc(100, 'b')], 0)
  await disk.unlink('/d/file')
  const other = await disk.open('/d/other', 'create')
  await other.write([Buffer.alloc(100, 'c')], 0)
  assert.equal(disk.contents('/d/other').length, 100)
})
