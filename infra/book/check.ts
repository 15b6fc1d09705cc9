/**
 * A book beside the ledger that it is derived from. It may be behind, or new: then what is held and what
 * was dropped is told to it, and what it had as held and nobody holds has ended unseen. What is left is
 * a difference of counts, which becomes a total of which the time is not known.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Batch } from '../../schemas/messages.ts'
import type { Corrections, MissingRange, ServiceSums, Sums } from './book-request.ts'
import { type Interval, sizeOfInterval } from './interval.ts'
import { type IntervalRows, intervalColumns } from './interval-rows.ts'
import { acceptedInterval } from './page.ts'
import { anyProducer } from './pages.ts'
import type { StreamRows } from './stream-rows.ts'

export type Check = {
  readonly begin: () => void
  readonly held: (batches: readonly Batch[]) => void
  readonly unheld: (atMs: number) => void
  readonly end: (given: {
    readonly sums: readonly ServiceSums[]
    readonly atMs: number
    readonly writtenAtMs: number
  }) => Corrections
}

type Rows = { readonly streams: StreamRows; readonly intervals: IntervalRows }
/** Ranges that are named; beyond, they are counted. */
const missingMax = 1_000

export const openCheck = (database: DatabaseSync, rows: Rows): Check => {
  const { streams, intervals } = rows
  database.exec(`
    CREATE TEMP TABLE held (stream INTEGER, first_seq INTEGER, last_seq INTEGER,
      PRIMARY KEY (stream, first_seq)) WITHOUT ROWID;
    CREATE TEMP TABLE unheld (stream INTEGER, first_seq INTEGER, last_seq INTEGER,
      PRIMARY KEY (stream, first_seq)) WITHOUT ROWID;`)
  const hold = database.prepare('INSERT OR REPLACE INTO held VALUES (?, ?, ?)')
  const miss = database.prepare('INSERT OR REPLACE INTO unheld VALUES (?, ?, ?)')
  const heldIn = database.prepare(
    `SELECT first_seq AS firstSeq, last_seq AS lastSeq FROM held
     WHERE stream = ? AND first_seq <= ? AND last_seq >= ? ORDER BY first_seq`,
  )
  const open = database.prepare(
    `SELECT stream, ${intervalColumns} FROM interval WHERE state IN ('pending', 'missing')`,
  )
  return {
    begin: () => database.exec('DELETE FROM held; DELETE FROM unheld'),
    held: (batches) => {
      for (const batch of batches) {
        const stream = streams.idOf(batch)
        hold.run(stream, batch.firstSeq, batch.lastSeq)
        for (const known of intervals.within(stream, batch)) {
          // Whoever took it away has brought it back.
          if (known.state === 'missing') intervals.turn(stream, known, { state: 'pending' })
        }
        intervals.put(stream, acceptedInterval(batch))
      }
    },
    unheld: (atMs) => {
      const found: { readonly stream: number; readonly interval: Interval }[] = []
      for (const row of open.all()) {
        const { stream, ...interval } = row as unknown as Interval & { readonly stream: number }
        const held = heldIn.all(stream, interval.lastSeq, interval.firstSeq) as unknown as Range[]
        for (const range of outside(interval, held))
          found.push({ stream, interval: { ...interval, ...range } })
      }
      for (const { stream, interval } of found) {
        miss.run(stream, interval.firstSeq, interval.lastSeq)
        if (interval.state === 'missing') continue
        const ended = { endedFromMs: interval.acceptedFromMs, endedToMs: atMs }
        intervals.put(stream, { ...interval, ...ended, state: 'inferred' })
      }
    },
    end: (given) => compare(database, rows, given),
  }
}

type Range = { readonly firstSeq: number; readonly lastSeq: number }

const outside = ({ firstSeq, lastSeq }: Range, held: readonly Range[]): readonly Range[] => {
  const rest: Range[] = []
  let next = firstSeq
  for (const range of held) {
    if (range.firstSeq > next) rest.push({ firstSeq: next, lastSeq: range.firstSeq - 1 })
    next = Math.max(next, range.lastSeq + 1)
  }
  return next <= lastSeq ? [...rest, { firstSeq: next, lastSeq }] : rest
}

const none: Sums = { accepted: 0, delivered: 0, dropped: 0, pending: 0, refused: 0 }
const keyOf = ({ tenant, service }: { readonly tenant: string; readonly service: string }) =>
  `${tenant.length}:${tenant}${service}`

const compare = (
  database: DatabaseSync,
  { streams, intervals }: Rows,
  given: Parameters<Check['end']>[0],
): Corrections => {
  const written = (): ReadonlyMap<string, ServiceSums> => {
    streams.write()
    return serviceSums(database)
  }
  const wanted = new Map(given.sums.map((sums) => [keyOf(sums), sums]))
  const missing: MissingRange[] = []
  let missingRecords = 0
  const before = written()
  const unheld = unheldOf(database)
  for (const [key, ranges] of unheld) {
    const has = before.get(key)
    if (has === undefined) continue
    const inferred = ranges.flatMap(({ id, ...range }) =>
      intervals
        .within(id, range)
        .filter(({ state }) => state === 'inferred' || state === 'missing')
        .map((interval) => ({ id, name: range, interval: clipped(interval, range) })),
    )
    const open = inferred.filter(({ interval }) => interval.state === 'inferred')
    const size = open.reduce((sum, { interval }) => sum + sizeOfInterval(interval), 0)
    const excess = has.delivered - (wanted.get(key)?.delivered ?? 0)
    // Some were delivered and some were not: how many is known, and not which.
    if (excess > 0 && excess < size) missingRecords += excess
    const isGone = excess >= size
    for (const { id, name, interval } of inferred) {
      if (interval.state === 'inferred' && !isGone) continue
      if (interval.state === 'inferred') gone(intervals, id, interval)
      missingRecords += sizeOfInterval(interval)
      const { tenant, service, producer } = name
      const { firstSeq, lastSeq } = interval
      if (missing.length < missingMax)
        missing.push({ tenant, service, producer, firstSeq, lastSeq })
    }
  }
  const { services, records } = correct(database, { streams, intervals }, given, written())
  return { services, records, missing, missingRecords }
}

/** It was called delivered for want of anybody who held it, and the ledger has no such delivery. */
const gone = (intervals: IntervalRows, id: number, { firstSeq, lastSeq }: Interval): void => {
  for (const known of intervals.within(id, { firstSeq, lastSeq })) {
    const part = clipped(known, { firstSeq, lastSeq })
    const times = { endedFromMs: 0, endedToMs: 0 }
    intervals.turn(id, known, { ...part, ...times, state: 'missing' })
    if (known.firstSeq < part.firstSeq) intervals.put(id, { ...known, lastSeq: part.firstSeq - 1 })
    if (known.lastSeq > part.lastSeq) intervals.put(id, { ...known, firstSeq: part.lastSeq + 1 })
  }
}

const clipped = <Of extends Range>(interval: Of, { firstSeq, lastSeq }: Range): Of => ({
  ...interval,
  firstSeq: Math.max(interval.firstSeq, firstSeq),
  lastSeq: Math.min(interval.lastSeq, lastSeq),
})

const unheldOf = (database: DatabaseSync) => {
  const rows = database
    .prepare(
      `SELECT id, tenant, service, producer, first_seq AS firstSeq, last_seq AS lastSeq
       FROM unheld JOIN stream ON stream.id = unheld.stream ORDER BY id, first_seq`,
    )
    .all() as unknown as readonly (MissingRange & { readonly id: number })[]
  return Map.groupBy(rows, keyOf)
}

export const serviceSums = (database: DatabaseSync): ReadonlyMap<string, ServiceSums> => {
  const rows = database
    .prepare(
      `SELECT tenant, service, sum(accepted) AS accepted, sum(delivered) AS delivered,
         sum(dropped) AS dropped, sum(pending) AS pending, sum(refused) AS refused
       FROM stream GROUP BY tenant, service`,
    )
    .all() as unknown as readonly ServiceSums[]
  return new Map(rows.map((row) => [keyOf(row), row]))
}

/** What is left between the two becomes a total of the time since the book was last written. */
const correct = (
  database: DatabaseSync,
  { streams }: Rows,
  { sums, atMs, writtenAtMs }: Parameters<Check['end']>[0],
  has: ReadonlyMap<string, ServiceSums>,
): Pick<Corrections, 'services' | 'records'> => {
  const add = database.prepare(
    `INSERT INTO total (stream, kind, from_ms, to_ms, accepted, delivered, dropped, refused)
     VALUES (?, 'unknown', ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET to_ms = excluded.to_ms, accepted = accepted + excluded.accepted,
       delivered = delivered + excluded.delivered, dropped = dropped + excluded.dropped,
       refused = refused + excluded.refused`,
  )
  const wanted = new Map(sums.map((it) => [keyOf(it), it]))
  let [services, records] = [0, 0]
  for (const key of new Set([...wanted.keys(), ...has.keys()])) {
    const [want, had] = [wanted.get(key), has.get(key)]
    const name = want ?? had
    if (name === undefined) continue
    const change = differenceOf(want ?? none, had ?? none)
    if (Object.values(change).every((it) => it === 0)) continue
    services += 1
    records += Math.max(Math.abs(change.accepted), Math.abs(change.delivered))
    const { tenant, service } = name
    const stream = streams.idOf({ tenant, service, producer: anyProducer })
    const { accepted, delivered, dropped, refused } = change
    add.run(stream, writtenAtMs, atMs, accepted, delivered, dropped, refused)
    streams.add(stream, change)
  }
  streams.write()
  return { services, records }
}

const differenceOf = (want: Sums, had: Sums): Sums => ({
  accepted: want.accepted - had.accepted,
  delivered: want.delivered - had.delivered,
  dropped: want.dropped - had.dropped,
  pending: want.pending - had.pending,
  refused: want.refused - had.refused,
})
