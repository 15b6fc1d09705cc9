import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openRanges } from '../../../../infra/receiver/ranges.ts'
import { type Coordinates, seq } from '../../../../schemas/brand.ts'
import { sizeOf } from '../../../../schemas/range-set.ts'

const of = (first: number, last: number, service = 'auth'): Coordinates => ({
  producer: 'edge-1.1',
  tenant: 'acme',
  service,
  firstSeq: seq(first),
  lastSeq: seq(last),
})
const open = () => openRanges({ streamsMax: 100, rangesMax: 1000 })

test('ranges say of any numbers what a set of them says', () => {
  const range = fc.tuple(fc.nat(60), fc.nat(12)).map(([first, more]) => of(first, first + more))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), range, (added, asked) => {
      const ranges = open()
      const seen = new Set<number>()
      for (const one of added) {
        const fresh: number[] = []
        for (let at: number = one.firstSeq; at <= one.lastSeq; at += 1)
          if (!seen.has(at)) fresh.push(at)
        const gaps = ranges.add(one)
        const numbers = gaps.flatMap(({ firstSeq, lastSeq }) =>
          Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index),
        )
        assert.deepEqual(numbers, fresh)
        for (const at of fresh) seen.add(at)
      }
      const missing = ranges.missing(asked)
      let count = 0
      for (let at: number = asked.firstSeq; at <= asked.lastSeq; at += 1)
        if (!seen.has(at)) count += 1
      assert.equal(sizeOf(missing), count)
      const [stream] = ranges.streams()
      assert.equal(sizeOf(stream?.ranges ?? []), seen.size)
      for (const [index, { firstSeq }] of (stream?.ranges ?? []).entries()) {
        const before = stream?.ranges[index - 1]
        assert.ok(before === undefined || before.lastSeq + 1 < firstSeq, 'ranges are merged')
      }
    }),
  )
})

test('streams are apart, and the one unused for longest is forgotten first', () => {
  const ranges = openRanges({ streamsMax: 2, rangesMax: 10 })
  for (const service of ['a', 'b', 'a', 'c']) ranges.add(of(0, 9, service))
  assert.deepEqual(
    ranges.streams().map(({ service }) => service),
    ['a', 'c'],
  )
  assert.equal(sizeOf(ranges.missing(of(0, 9, 'b'))), 10)
})

test('of one stream the lowest ranges are forgotten first', () => {
  const ranges = openRanges({ streamsMax: 2, rangesMax: 3 })
  for (const first of [0, 10, 20, 30]) ranges.add(of(first, first + 4))
  assert.equal(sizeOf(ranges.missing(of(0, 4))), 5)
  assert.equal(sizeOf(ranges.missing(of(10, 34))), 10)
})
