import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFileHeader, fileHeaderBytes } from '../../../../infra/disk/file-header.ts'
import { encodeFrame } from '../../../../infra/disk/frame.ts'
import { encodeFacts } from '../../../../infra/journal/fact-frame.ts'
import { openFaultyDisk } from '../../../support/faulty-disk.ts'
import { actorsIn, directory, factOf, factsOn, namesOf, recovered } from './journal-fixture.ts'

const path = `${directory}/journal-00000002.log`

/** A journal that began with a checkpoint of two facts and got two more, one at a time. */
const smallJournal = async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const { journal } = await recovered(disk, { reserveBytes: 256 })
  await journal.checkpoint([factOf(0), factOf(1)])
  const ends = [journal.bytes()]
  for (const index of [2, 3]) {
    await journal.append([factOf(index)])
    ends.push(journal.bytes())
  }
  await journal.close()
  const [checkpointEnd = 0, secondEnd = 0, end = 0] = ends
  return { bytes: disk.contents(path), checkpointEnd, secondEnd, end }
}

const diskWith = (bytes: Uint8Array) => {
  const disk = openFaultyDisk({ seed: 1 })
  disk.place(path, bytes)
  return disk
}

test('whichever bit flips, a fact is read as it was, refused loudly, or is the last and unfinished', async () => {
  const { bytes, secondEnd, end } = await smallJournal()
  const outcomes = { intact: 0, refused: 0, unfinished: 0 }
  for (let bit = 0; bit < end * 8; bit += 1) {
    const disk = diskWith(bytes)
    disk.flipBit({ path, offset: bit >> 3, bit: bit % 8 })
    const where = `bit ${bit % 8} of byte ${bit >> 3}`
    try {
      const kept = actorsIn(await factsOn(disk))
      const whole = kept.length === 4
      if (!whole) assert.ok(bit >> 3 >= secondEnd, where)
      assert.deepEqual(kept, namesOf(whole ? [0, 1, 2, 3] : [0, 1, 2]), where)
      outcomes[whole ? 'intact' : 'unfinished'] += 1
    } catch (cause) {
      assert.equal((cause as { code?: string }).code, 'corrupt', where)
      assert.match((cause as Error).message, /journal-00000002\.log at offset \d+/)
      assert.ok(bit >> 3 < secondEnd, where)
      assert.deepEqual(disk.contents(path).length, bytes.length)
      outcomes.refused += 1
    }
  }
  assert.ok(outcomes.intact > 0 && outcomes.refused > 0 && outcomes.unfinished > 0)
})

test('wherever the file is cut, what the checkpoint held is refused loudly and the rest is a prefix', async () => {
  const { bytes, checkpointEnd, secondEnd, end } = await smallJournal()
  for (let length = 0; length <= end; length += 1) {
    const disk = diskWith(bytes.subarray(0, length))
    if (length < checkpointEnd) {
      await assert.rejects(factsOn(disk), { code: 'corrupt' }, `cut to ${length}`)
      continue
    }
    const kept = length < secondEnd ? [0, 1] : length < end ? [0, 1, 2] : [0, 1, 2, 3]
    assert.deepEqual(actorsIn(await factsOn(disk)), namesOf(kept), `cut to ${length}`)
  }
})

test('the rest of an unfinished frame is overwritten, and the journal goes on behind the last fact', async () => {
  const { bytes, secondEnd, end } = await smallJournal()
  const disk = diskWith(bytes.fill(0, secondEnd, secondEnd + 8))
  disk.flipBit({ path, offset: end - 3, bit: 1 })
  const { journal, facts } = await recovered(disk)
  assert.deepEqual(actorsIn(facts), namesOf([0, 1, 2]))
  const rest = disk.contents(path).subarray(secondEnd)
  assert.ok(rest.every((byte) => byte === 0))
  await journal.append([factOf(4)])
  await journal.close()
  assert.deepEqual(actorsIn(await factsOn(disk)), namesOf([0, 1, 2, 4]))
})

test('a file whose header is gone is refused loudly', async () => {
  const { bytes } = await smallJournal()
  const disk = diskWith(bytes.fill(0, 0, fileHeaderBytes))
  await assert.rejects(factsOn(disk), {
    name: 'JournalError',
    code: 'corrupt',
    message: /offset 0/,
  })
})

test('a journal that another release wrote is refused as such, and is not called damaged', async () => {
  const salt = 0x0a11_5a17
  const payload = encodeFacts([factOf(0)])
  const [, body] = payload
  // The fingerprint of the schema begins behind two bytes of the encoding.
  body?.writeUInt8(body.readUInt8(2) ^ 0xff, 2)
  const frame = encodeFrame({ header: new Uint8Array(0), payload, salt })
  const end = fileHeaderBytes + frame.bytes
  const header = { kind: 'journal', salt, number: 1, schema: 0n, durableBytes: end } as const
  const bytes = Buffer.concat([encodeFileHeader(header), ...frame.pieces])
  const disk = diskWith(bytes)
  await assert.rejects(factsOn(disk), {
    name: 'FormatVersionError',
    message: /a fact of another release.*Nothing was changed\. Run the release that wrote it/,
  })
  assert.deepEqual(disk.contents(path).subarray(0, end), bytes)
})
