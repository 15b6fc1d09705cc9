import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import {
  openStreamCounts,
  openStreamNames,
  type StreamCounts,
  streamKey,
} from '../../../../infra/ring/stream-counts.ts'
import { seq } from '../../../../schemas/brand.ts'

const nameOf = (index: number) => ({
  producer: 'edge-1-a',
  tenant: `tenant-${index % 7}`,
  service: `service-${index}`,
})
const batchOf = (index: number, from: number, to: number) => ({
  ...nameOf(index),
  firstSeq: seq(from),
  lastSeq: seq(to),
})
const asObject = (counts: StreamCounts): Record<string, string> =>
  Object.fromEntries(
    counts
      .all()
      .map((it) => [streamKey(it), `${it.records} of ${it.firstSeq}-${it.lastSeq}`])
      .sort(),
  )

test('what was added is told for each segment by itself, packed or not', () => {
  const steps = fc.array(
    fc.record({
      segment: fc.nat({ max: 3 }),
      stream: fc.nat({ max: 5 }),
      records: fc.integer({ min: 1, max: 1_000 }),
      next: fc.constantFrom('go on', 'pack', 'clear'),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, (told) => {
      const names = openStreamNames()
      const counts = [0, 1, 2, 3].map(() => openStreamCounts(names))
      const expected = counts.map(() => new Map<string, string>())
      let lastSeq = -1
      for (const { segment, stream, records, next } of told) {
        const key = streamKey(nameOf(stream))
        const firstSeq = lastSeq + 1
        lastSeq += records
        counts[segment]?.add(batchOf(stream, firstSeq, lastSeq))
        const [had = 0, from = firstSeq] =
          expected[segment]?.get(key)?.match(/\d+/g)?.map(Number) ?? []
        expected[segment]?.set(key, `${had + records} of ${from}-${lastSeq}`)
        if (next === 'pack') counts[segment]?.pack()
        if (next !== 'clear') continue
        counts[segment]?.clear()
        expected[segment]?.clear()
      }
      for (const [index, of] of counts.entries())
        assert.deepEqual(asObject(of), Object.fromEntries([...(expected[index] ?? [])].sort()))
      assert.equal(names.size(), new Set(expected.flatMap((of) => [...of.keys()])).size)
    }),
  )
})

test('the names of streams that no segment has any more are let go', () => {
  const names = openStreamNames()
  for (let round = 0; round < 3; round += 1) {
    const [older, newer] = [openStreamCounts(names), openStreamCounts(names)]
    for (const index of [0, 1]) older.add(batchOf(index, 0, 0))
    for (const index of [1, 2]) newer.add(batchOf(index, 0, 0))
    older.pack()
    assert.equal(names.size(), 3)
    older.clear()
    older.clear()
    assert.equal(names.size(), 2)
    newer.clear()
    assert.equal(names.size(), 0)
  }
})

test('a hundred sealed segments of four thousand streams each take a few bytes a stream', () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const usedBytes = (): number => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const [segments, streams] = [100, 4_000]
  const names = openStreamNames()
  const before = usedBytes()
  const counts = Array.from({ length: segments }, () => {
    const of = openStreamCounts(names)
    for (let index = 0; index < streams; index += 1) of.add(batchOf(index, 0, 2))
    of.pack()
    return of
  })
  const bytes = (usedBytes() - before) / (segments * streams)
  assert.equal(counts.at(-1)?.all().length, streams)
  // 28 of the counts, and some 3 of the names, which all segments share. It was 250.
  assert.ok(bytes < 80, `${bytes} bytes for each stream of a segment`)
})
