/**
 * How a book stays small: intervals of long ago become totals of an hour, hours of a day, days one total
 * of all that came before. Drop events stay. No sum changes.
 */
import type { DatabaseSync } from 'node:sqlite'
import { countsOf, hourMs, hourOf, type Interval, isLate } from './interval.ts'
import { type IntervalRows, intervalColumns } from './interval-rows.ts'
import { anyProducer } from './pages.ts'
import type { StreamRows } from './stream-rows.ts'

/** Ages from which on, and numbers of rows beyond which even what is younger, is joined. */
export type CompactionBounds = {
  readonly intervalMsMax: number
  readonly intervalsMax: number
  readonly hourMsMax: number
  readonly dayMsMax: number
  readonly totalsMax: number
  readonly streamsMax: number
}
const dayMs = 24 * hourMs
export const compactionBounds: CompactionBounds = {
  intervalMsMax: 7 * dayMs,
  intervalsMax: 100_000,
  hourMsMax: 92 * dayMs,
  dayMsMax: 731 * dayMs,
  totalsMax: 500_000,
  streamsMax: 10_000,
}
/** In one go, so that nobody waits long for the book. */
const intervalsPerGo = 2_000
const stretchesPerGo = 32
const streamsPerGo = 200

export type Compaction = {
  /** Answers whether there is more to do. */
  readonly tidy: (nowMs: number, producers: readonly string[]) => 'more' | 'done'
}

export const openCompaction = (
  database: DatabaseSync,
  {
    streams,
    intervals,
    bounds,
  }: {
    readonly streams: StreamRows
    readonly intervals: IntervalRows
    readonly bounds: CompactionBounds
  },
): Compaction => {
  const countOf = (table: 'interval' | 'total' | 'stream'): number =>
    Number(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows'])
  const oldest = database.prepare(
    `SELECT stream, ${intervalColumns} FROM interval
     WHERE state NOT IN ('pending', 'missing', 'settled') AND ended_to_ms < ?
     ORDER BY ended_to_ms LIMIT ?`,
  )
  const add = database.prepare(
    `INSERT INTO total (stream, kind, from_ms, to_ms, accepted, delivered, dropped, late)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET to_ms = max(to_ms, excluded.to_ms),
       accepted = accepted + excluded.accepted, delivered = delivered + excluded.delivered,
       dropped = dropped + excluded.dropped, late = late + excluded.late`,
  )
  /** The counts go to the total, and the interval says only that its records are over. */
  const settle = (stream: number, interval: Interval): void => {
    const { accepted, delivered, dropped } = countsOf(interval)
    const late = isLate(interval) ? delivered : 0
    const { acceptedFromMs, endedToMs } = interval
    const fromMs = hourOf(acceptedFromMs) * hourMs
    const time =
      acceptedFromMs === 0
        ? (['unknown', 0, endedToMs] as const)
        : (['hour', fromMs, fromMs + hourMs - 1] as const)
    add.run(stream, ...time, accepted, delivered, dropped, late)
    streams.add(stream, { accepted, delivered, dropped })
    intervals.turn(stream, interval, { ...settled, state: 'settled' })
  }
  const settleOld = (nowMs: number): number => {
    const isFull = countOf('interval') > bounds.intervalsMax
    const beforeMs = nowMs - (isFull ? hourMs : bounds.intervalMsMax)
    const old = oldest.all(beforeMs, intervalsPerGo)
    for (const row of old) {
      const { stream, ...rest } = row as unknown as Interval & { readonly stream: number }
      // It may have become a part of another in the meantime.
      for (const interval of intervals.within(stream, rest))
        if (interval.firstSeq === rest.firstSeq && interval.state === rest.state)
          settle(stream, interval)
    }
    return old.length
  }
  const widen = (nowMs: number): number => {
    const isFull = countOf('total') > bounds.totalsMax
    const hours = widened(database, {
      ...{ from: 'hour', to: 'day', widthMs: dayMs },
      beforeMs: nowMs - (isFull ? 2 * dayMs : bounds.hourMsMax),
    })
    if (hours > 0) return hours
    return widened(database, {
      ...{ from: 'day', to: 'past', widthMs: Number.POSITIVE_INFINITY },
      beforeMs: nowMs - (isFull ? 31 * dayMs : bounds.dayMsMax),
    })
  }
  return {
    tidy: (nowMs, producers) => {
      const intervalsDone = settleOld(nowMs)
      const stretches = widen(nowMs)
      streams.write()
      const excess = countOf('stream') - bounds.streamsMax
      const joined = excess > 0 ? joinStreams(database, { producers, excess }) : 0
      if (joined > 0) streams.forget()
      const isMore =
        intervalsDone === intervalsPerGo || stretches === stretchesPerGo || joined === streamsPerGo
      return isMore ? 'more' : 'done'
    },
  }
}

const settled = {
  mixedDropped: 0,
  acceptedFromMs: 0,
  acceptedToMs: 0,
  eventFromMs: 0,
  eventToMs: 0,
  endedFromMs: 0,
  endedToMs: 0,
  waitMsMax: 0,
} as const

/** Joins the totals of the oldest stretches; answers of how many. */
const widened = (
  database: DatabaseSync,
  given: {
    readonly from: 'hour' | 'day'
    readonly to: 'day' | 'past'
    readonly widthMs: number
    readonly beforeMs: number
  },
): number => {
  const { from, to, widthMs, beforeMs } = given
  const first = database.prepare('SELECT min(from_ms) AS ms FROM total WHERE kind = ?')
  const move = database.prepare(
    `INSERT INTO total
     SELECT stream, ?, ?, ?, sum(accepted), sum(delivered), sum(dropped), sum(late),
       sum(refused)
     FROM total WHERE kind = ? AND from_ms >= ? AND from_ms <= ? GROUP BY stream
     ON CONFLICT DO UPDATE SET to_ms = max(to_ms, excluded.to_ms),
       accepted = accepted + excluded.accepted, delivered = delivered + excluded.delivered,
       dropped = dropped + excluded.dropped, late = late + excluded.late,
       refused = refused + excluded.refused`,
  )
  const clear = database.prepare(
    'DELETE FROM total WHERE kind = ? AND from_ms >= ? AND from_ms <= ?',
  )
  for (let done = 0; done < stretchesPerGo; done += 1) {
    const found = first.get(from)?.['ms']
    if (found === null || found === undefined) return done
    const startMs = Number.isFinite(widthMs) ? Math.floor(Number(found) / widthMs) * widthMs : 0
    const stepMs = Number.isFinite(widthMs) ? widthMs : dayMs
    const endMs = Math.floor(Number(found) / stepMs) * stepMs + stepMs - 1
    if (endMs >= beforeMs) return done
    move.run(to, startMs, endMs, from, Number(found), endMs)
    clear.run(from, Number(found), endMs)
  }
  return stretchesPerGo
}

/** Joins streams of producers that are over, and of which all is over, into one per service. */
const joinStreams = (
  database: DatabaseSync,
  { producers, excess }: { readonly producers: readonly string[]; readonly excess: number },
): number => {
  const over = database
    .prepare(
      `SELECT id, tenant, service FROM stream
       WHERE producer <> ? AND producer NOT IN (SELECT value FROM json_each(?))
         AND NOT EXISTS (SELECT 1 FROM interval WHERE stream = id AND state <> 'settled')
       ORDER BY id LIMIT ?`,
    )
    .all(anyProducer, JSON.stringify(producers), Math.min(excess, streamsPerGo)) as unknown as {
    readonly id: number
    readonly tenant: string
    readonly service: string
  }[]
  const name = database.prepare(
    'INSERT OR IGNORE INTO stream (tenant, service, producer) VALUES (?, ?, ?)',
  )
  const heir = database.prepare(
    'SELECT id FROM stream WHERE tenant = ? AND service = ? AND producer = ?',
  )
  const steps = [
    `INSERT INTO total SELECT $to, kind, from_ms, to_ms, accepted, delivered, dropped, late, refused
     FROM total WHERE stream = $from
     ON CONFLICT DO UPDATE SET to_ms = max(to_ms, excluded.to_ms),
       accepted = accepted + excluded.accepted, delivered = delivered + excluded.delivered,
       dropped = dropped + excluded.dropped, late = late + excluded.late,
       refused = refused + excluded.refused`,
    `UPDATE stream SET (accepted, delivered, dropped, pending, refused) =
       (SELECT stream.accepted + f.accepted, stream.delivered + f.delivered,
          stream.dropped + f.dropped, stream.pending + f.pending, stream.refused + f.refused
        FROM stream AS f WHERE f.id = $from) WHERE id = $to`,
    'UPDATE drop_event SET stream = $to WHERE stream = $from',
  ].map((sql) => database.prepare(sql))
  const ends = ['total', 'interval'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE stream = ?`),
  )
  const end = database.prepare('DELETE FROM stream WHERE id = ?')
  for (const { id, tenant, service } of over) {
    name.run(tenant, service, anyProducer)
    const to = Number(heir.get(tenant, service, anyProducer)?.['id'])
    for (const step of steps) step.run({ $from: id, $to: to })
    for (const step of ends) step.run(id)
    end.run(id)
  }
  return over.length
}
