import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seq } from '../../../schemas/brand.ts'
import {
  differenceOf,
  firstOf,
  intersectionOf,
  type RangeSet,
  rangeSet,
  sizeOf,
  unionOf,
} from '../../../schemas/range-set.ts'

const range = fc
  .tuple(fc.nat(60), fc.nat(9))
  .map(([first, more]) => ({ firstSeq: seq(first), lastSeq: seq(first + more) }))
const ranges = fc.array(range, { maxLength: 12 })

const numbersIn = (set: RangeSet): Set<number> =>
  new Set(
    set.flatMap(({ firstSeq, lastSeq }) =>
      Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index),
    ),
  )
const sorted = (numbers: Iterable<number>): readonly number[] => [...numbers].sort((a, b) => a - b)
const isSet = (set: RangeSet): boolean =>
  set.every(({ firstSeq }, index) => firstSeq > (set[index - 1]?.lastSeq ?? -2) + 1)

test('sets of ranges say what sets of their numbers say', () => {
  fc.assert(
    fc.property(ranges, ranges, (some, others) => {
      const [a, b] = [rangeSet(some), rangeSet(others)]
      const [inA, inB] = [numbersIn(some), numbersIn(others)]
      for (const [made, expected] of [
        [a, inA],
        [unionOf(a, b), inA.union(inB)],
        [intersectionOf(a, b), inA.intersection(inB)],
        [differenceOf(a, b), inA.difference(inB)],
      ] as const) {
        assert.deepEqual(sorted(numbersIn(made)), sorted(expected))
        assert.equal(sizeOf(made), expected.size)
        assert.ok(isSet(made), JSON.stringify(made))
      }
    }),
  )
})

test('the first none are no range', () => {
  assert.deepEqual(firstOf(0), [])
  assert.deepEqual(firstOf(3), [{ firstSeq: 0, lastSeq: 2 }])
})
