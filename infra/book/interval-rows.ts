/**
 * The intervals of a book: apart, and each record in one of them at most. So what is told twice changes
 * nothing, and what is told in another order comes to the same.
 */
import type { DatabaseSync } from 'node:sqlite'
import { countsOf, type Interval, type IntervalState, joined } from './interval.ts'
import type { StreamRows } from './stream-rows.ts'

export type IntervalRows = {
  /** Those records of it that the book knows of no better. */
  readonly put: (stream: number, interval: Interval) => void
  /** Another state, of an interval that is in the book as it is given. */
  readonly turn: (stream: number, interval: Interval, change: Partial<Interval>) => void
  readonly remove: (stream: number, firstSeq: number) => void
  /** In order, those that have a part in the range. */
  readonly within: (
    stream: number,
    range: { readonly firstSeq: number; readonly lastSeq: number },
  ) => readonly Interval[]
}

/** Who knows more overrides who knows less; a first end stands. */
const weights: Readonly<Record<IntervalState, number>> = {
  pending: 0,
  missing: 1,
  inferred: 2,
  mixed: 3,
  delivered: 3,
  dropped: 3,
  settled: 3,
}

export const intervalColumns = `first_seq AS firstSeq, last_seq AS lastSeq, state,
  mixed_dropped AS mixedDropped, accepted_from_ms AS acceptedFromMs,
  accepted_to_ms AS acceptedToMs, event_from_ms AS eventFromMs, event_to_ms AS eventToMs,
  ended_from_ms AS endedFromMs, ended_to_ms AS endedToMs, wait_ms_max AS waitMsMax`

export const openIntervalRows = (database: DatabaseSync, streams: StreamRows): IntervalRows => {
  const before = database.prepare(
    `SELECT ${intervalColumns} FROM interval WHERE stream = ? AND first_seq <= ?
     ORDER BY first_seq DESC`,
  )
  const at = database.prepare(
    `SELECT ${intervalColumns} FROM interval WHERE stream = ? AND first_seq = ?`,
  )
  const insert = database.prepare(
    'INSERT INTO interval VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const remove = database.prepare('DELETE FROM interval WHERE stream = ? AND first_seq = ?')

  const within: IntervalRows['within'] = (stream, { firstSeq, lastSeq }) => {
    const found: Interval[] = []
    for (const row of before.iterate(stream, lastSeq)) {
      const interval = row as unknown as Interval
      if (interval.lastSeq < firstSeq) break
      found.push(interval)
    }
    return found.reverse()
  }
  const count = (stream: number, interval: Interval, sign: 1 | -1): void => {
    const { accepted, delivered, dropped, pending } = countsOf(interval)
    streams.add(stream, {
      accepted: sign * accepted,
      delivered: sign * delivered,
      dropped: sign * dropped,
      pending: sign * pending,
    })
  }
  const takeOut = (stream: number, interval: Interval): void => {
    remove.run(stream, interval.firstSeq)
    count(stream, interval, -1)
  }
  /** Into a gap; with a neighbour that it follows, or that follows it, it becomes one. */
  const putIn = (stream: number, interval: Interval): void => {
    let whole = interval
    const [left] = within(stream, {
      firstSeq: interval.firstSeq - 1,
      lastSeq: interval.firstSeq - 1,
    })
    const withLeft = left === undefined ? undefined : joined(left, whole)
    if (left !== undefined && withLeft !== undefined) {
      takeOut(stream, left)
      whole = withLeft
    }
    const right = at.get(stream, interval.lastSeq + 1) as unknown as Interval | undefined
    const withRight = right === undefined ? undefined : joined(whole, right)
    if (right !== undefined && withRight !== undefined) {
      takeOut(stream, right)
      whole = withRight
    }
    insert.run(
      stream,
      whole.firstSeq,
      whole.lastSeq,
      whole.state,
      whole.mixedDropped,
      whole.acceptedFromMs,
      whole.acceptedToMs,
      whole.eventFromMs,
      whole.eventToMs,
      whole.endedFromMs,
      whole.endedToMs,
      whole.waitMsMax,
    )
    count(stream, whole, 1)
  }
  const put: IntervalRows['put'] = (stream, interval) => {
    const { firstSeq, lastSeq } = interval
    let next = firstSeq
    for (const known of within(stream, interval)) {
      const [from, to] = [Math.max(known.firstSeq, firstSeq), Math.min(known.lastSeq, lastSeq)]
      if (known.firstSeq > next)
        putIn(stream, { ...interval, firstSeq: next, lastSeq: known.firstSeq - 1 })
      next = to + 1
      if (weights[known.state] >= weights[interval.state]) continue
      takeOut(stream, known)
      if (known.firstSeq < from) putIn(stream, { ...known, lastSeq: from - 1 })
      if (known.lastSeq > to) putIn(stream, { ...known, firstSeq: to + 1 })
      putIn(stream, { ...timed(interval, known), firstSeq: from, lastSeq: to })
    }
    if (next <= lastSeq) putIn(stream, { ...interval, firstSeq: next })
  }
  return {
    within,
    put,
    turn: (stream, interval, change) => {
      takeOut(stream, interval)
      putIn(stream, { ...interval, ...change })
    },
    remove: (stream, firstSeq) => {
      remove.run(stream, firstSeq)
    },
  }
}

/** An end that does not say when its records were accepted leaves them the time that is known. */
const timed = (end: Interval, known: Interval): Interval => {
  if (end.acceptedFromMs > 0) return end
  const { acceptedFromMs, acceptedToMs } = known
  return { ...end, acceptedFromMs, acceptedToMs }
}
