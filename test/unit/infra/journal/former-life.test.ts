import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formerLife } from '../../../../infra/journal/former-life.ts'
import { openJournal } from '../../../../infra/journal/open-journal.ts'
import { replay } from '../../../../infra/ledger/replay.ts'
import { instant } from '../../../../schemas/brand.ts'
import { type FaultyDisk, openFaultyDisk } from '../../../support/faulty-disk.ts'

const nowMs = instant(1_750_000_000_000)
const look = (filesystem: FaultyDisk) => formerLife({ filesystem, directory: '/data', nowMs })
const put = async (disk: FaultyDisk, path: string, text: string): Promise<void> => {
  const file = await disk.open(path, 'create')
  await file.write([Buffer.from(text)], 0)
  await file.close()
}
/** Opens the journal as a start does, and answers what it says of how the account began. */
const begun = async (disk: FaultyDisk) => {
  const former = await look(disk)
  const journal = openJournal({
    filesystem: disk,
    directory: '/data/journal',
    opening: former === undefined ? [] : [former],
    reserveBytes: 4096,
  })
  const replayed = await replay(journal.recover())
  await journal.close()
  return replayed.begun
}

test('a folder that never had a journal begins one without a word', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  await put(disk, '/data/drops/drops.ndjson', '')
  assert.equal(await begun(disk), null)
  assert.equal(await begun(disk), null)
})

for (const trace of [
  'ring/segment-000000000003-normal.log',
  'ring/highest-id-000000000007',
  'drops/drops.ndjson',
  'ledger.sqlite',
])
  test(`a journal that was removed is missed because of ${trace}, once, and for good`, async () => {
    const disk = openFaultyDisk({ seed: 1 })
    await put(disk, `/data/${trace}`, 'x')
    const found = await begun(disk)
    assert.match(
      found?.detail ?? '',
      new RegExp(`^There is no journal in /data/journal, and ${trace} `),
    )
    assert.equal(found?.atMs, nowMs)
    assert.equal(await look(disk), undefined, 'there is one now')
    assert.deepEqual(await begun(disk), found)
  })
