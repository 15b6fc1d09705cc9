/** How a page is written into a book. */
import type { DatabaseSync } from 'node:sqlite'
import type { Drop } from '../../schemas/messages.ts'
import { hourMs } from './interval.ts'
import type { IntervalRows } from './interval-rows.ts'
import { droppedInterval, type Page } from './page.ts'
import type { StreamRows } from './stream-rows.ts'

/** The stream of what has no producer: refusals, and former lives that were joined. */
export const anyProducer = '*'

export type Pages = {
  readonly write: (page: Page) => void
  /** The events alone, to be read by people; what they change is in a page. */
  readonly events: (drops: readonly Drop[]) => void
  readonly drops: (drops: readonly Drop[]) => void
}

export const openPages = (
  database: DatabaseSync,
  { streams, intervals }: { readonly streams: StreamRows; readonly intervals: IntervalRows },
): Pages => {
  const insertDrop = database.prepare(
    'INSERT OR IGNORE INTO drop_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const refuse = database.prepare(
    `INSERT INTO total (stream, kind, from_ms, to_ms, refused) VALUES (?, 'hour', ?, ?, ?)
     ON CONFLICT DO UPDATE SET refused = refused + excluded.refused`,
  )
  const put = database.prepare(
    'INSERT INTO book VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  )
  const keepDrop = (drop: Drop): void => {
    insertDrop.run(
      drop.id,
      streams.idOf(drop),
      drop.producer,
      drop.atMs,
      drop.firstSeq,
      drop.lastSeq,
      drop.records,
      drop.bytes,
      drop.reason,
      drop.detail,
      drop.fromMs,
      drop.toMs,
    )
  }
  return {
    write: ({ streams: pages, drops, refusals, position, atMs }) => {
      for (const { accepted, ended, ...name } of pages) {
        const stream = streams.idOf(name)
        for (const interval of accepted) intervals.put(stream, interval)
        for (const interval of ended) intervals.put(stream, interval)
      }
      for (const drop of drops) keepDrop(drop)
      for (const { tenant, service, records, hourFromMs } of refusals) {
        const stream = streams.idOf({ tenant, service, producer: anyProducer })
        refuse.run(stream, hourFromMs, hourFromMs + hourMs - 1, records)
        streams.add(stream, { refused: records })
      }
      put.run('position', position)
      put.run('written_at_ms', String(atMs))
    },
    events: (drops) => {
      for (const drop of drops) keepDrop(drop)
    },
    drops: (drops) => {
      for (const drop of drops) {
        keepDrop(drop)
        intervals.put(streams.idOf(drop), droppedInterval(drop))
      }
    },
  }
}
