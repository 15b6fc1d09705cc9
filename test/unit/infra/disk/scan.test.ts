import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFrame, headSign, tailSign } from '../../../../infra/disk/frame.ts'
import { type Found, scanFrames } from '../../../../infra/disk/scan.ts'
import { openFaultyDisk } from '../../../support/faulty-disk.ts'

const salt = 0xdead_beef
const frameOf = (text: string, payload: Buffer | string = text) =>
  Buffer.concat(
    encodeFrame({ header: Buffer.from(text), payload: [Buffer.from(payload)], salt }).pieces,
  )

const scanned = async (content: Buffer, readsFailing = 0): Promise<readonly Found[]> => {
  const disk = openFaultyDisk({ seed: 1 })
  disk.place('/file', content)
  const file = await disk.open('/file', 'read')
  disk.failNext('read', 'EIO', readsFailing)
  return Array.fromAsync(scanFrames({ file, salt, from: 0, to: content.length }))
}

const kinds = (found: readonly Found[]): readonly string[] =>
  found.map((it) => (it.kind === 'frame' ? `${it.from} ${it.header}` : it.kind))

test('frames are found one after the other, and what is not finished is torn', async () => {
  const content = Buffer.concat([frameOf('a'), frameOf('b'), frameOf('c').subarray(0, -1)])
  assert.deepEqual(kinds(await scanned(content)), ['head a', 'head b', 'torn'])
})

test('found things have no holes between them, wherever a block of the file is wiped', async () => {
  const content = Buffer.concat(['a', 'b', 'c', 'd', 'e'].map((it) => frameOf(it, it.repeat(90))))
  for (let start = 0; start < content.length; start += 7) {
    const wiped = Buffer.from(content).fill(0, start, Math.min(start + 150, content.length))
    let offset = 0
    for (const found of await scanned(wiped)) {
      assert.equal(found.offset, offset, `wiped from ${start}`)
      offset += found.bytes
    }
    assert.equal(offset, content.length)
  }
})

test('a frame whose head is wiped is found by its tail, also when it is the last or a torn one follows', async () => {
  const headless = frameOf('b').fill(0, 0, 24)
  assert.deepEqual(kinds(await scanned(Buffer.concat([frameOf('a'), headless]))), [
    'head a',
    'tail b',
  ])
  const torn = frameOf('c').subarray(0, 20)
  assert.deepEqual(kinds(await scanned(Buffer.concat([headless, torn]))), ['tail b', 'torn'])
  assert.deepEqual(kinds(await scanned(Buffer.concat([headless, headless, frameOf('d')]))), [
    'tail b',
    'tail b',
    'head d',
  ])
})

test('zeros behind the last frame are torn, and not damage', async () => {
  assert.deepEqual(kinds(await scanned(Buffer.concat([frameOf('a'), Buffer.alloc(9_000)]))), [
    'head a',
    'torn',
  ])
})

test('a payload of nothing but magics is passed over, where its frame is sound and where it is not', async () => {
  const guess = salt + 1
  const magics = Buffer.concat(
    Array(40_000).fill(Buffer.concat([headSign(guess), tailSign(guess)])),
  )
  const hostile = frameOf('a', magics)
  assert.deepEqual(kinds(await scanned(Buffer.concat([hostile, frameOf('b')]))), [
    'head a',
    'head b',
  ])
  hostile.fill(0, 0, 4)
  assert.deepEqual(kinds(await scanned(Buffer.concat([hostile, frameOf('b')]))), [
    'tail a',
    'head b',
  ])
})

test('blocks that the disk cannot read are damage, and what is around them is found', async () => {
  const content = Buffer.concat([
    frameOf('a', 'a'.repeat(5_000)),
    frameOf('b', 'b'.repeat(5_000)),
    frameOf('c'),
  ])
  // The first read fails as a whole, then its first block.
  assert.deepEqual(kinds(await scanned(content, 2)), ['tail a', 'head b', 'head c'])
})
