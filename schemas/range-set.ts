/**
 * Sets of record numbers of one stream as ranges: in order, apart, and not touching. What is made of
 * such sets is one again; `rangeSet` makes one of ranges in any order.
 */
import { type Seq, seq } from './brand.ts'

/** Both ends inclusive. */
export type SeqRange = { readonly firstSeq: Seq; readonly lastSeq: Seq }
export type RangeSet = readonly SeqRange[]

/** How many records a range holds; of a batch, a loss, a drop event. */
export const recordsIn = ({ firstSeq, lastSeq }: SeqRange): number => lastSeq - firstSeq + 1

export const rangeSet = (ranges: readonly SeqRange[]): RangeSet => {
  const merged: SeqRange[] = []
  for (const { firstSeq, lastSeq } of ranges.toSorted((a, b) => a.firstSeq - b.firstSeq)) {
    const last = merged.at(-1)
    if (last === undefined || last.lastSeq + 1 < firstSeq) merged.push({ firstSeq, lastSeq })
    else merged[merged.length - 1] = { ...last, lastSeq: seq(Math.max(last.lastSeq, lastSeq)) }
  }
  return merged
}

export const unionOf = (one: RangeSet, other: RangeSet): RangeSet => {
  const [last, next] = [one.at(-1), other[0]]
  // What is new lies behind what was there, nearly always.
  const isBehind = last === undefined || next === undefined || last.lastSeq + 1 < next.firstSeq
  return isBehind ? [...one, ...other] : rangeSet([...one, ...other])
}

export const intersectionOf = (one: RangeSet, other: RangeSet): RangeSet => {
  const common: SeqRange[] = []
  let [at, otherAt] = [0, 0]
  for (;;) {
    const [a, b] = [one[at], other[otherAt]]
    if (a === undefined || b === undefined) return common
    const firstSeq = seq(Math.max(a.firstSeq, b.firstSeq))
    const lastSeq = seq(Math.min(a.lastSeq, b.lastSeq))
    if (firstSeq <= lastSeq) common.push({ firstSeq, lastSeq })
    if (a.lastSeq < b.lastSeq) at += 1
    else otherAt += 1
  }
}

/** What is in the first and not in the second. */
export const differenceOf = (one: RangeSet, other: RangeSet): RangeSet => {
  const rest: SeqRange[] = []
  let otherAt = 0
  for (const { firstSeq, lastSeq } of one) {
    let next: number = firstSeq
    for (let b = other[otherAt]; b !== undefined && b.firstSeq <= lastSeq; b = other[otherAt]) {
      if (b.firstSeq > next) rest.push({ firstSeq: seq(next), lastSeq: seq(b.firstSeq - 1) })
      next = Math.max(next, b.lastSeq + 1)
      // The same range may cover the beginning of what comes next.
      if (b.lastSeq > lastSeq) break
      otherAt += 1
    }
    if (next <= lastSeq) rest.push({ firstSeq: seq(next), lastSeq })
  }
  return rest
}

export const sizeOf = (ranges: readonly SeqRange[]): number =>
  ranges.reduce((sum, range) => sum + recordsIn(range), 0)

/** The numbers from 0 on, so many. */
export const firstOf = (count: number): RangeSet =>
  count === 0 ? [] : [{ firstSeq: seq(0), lastSeq: seq(count - 1) }]
