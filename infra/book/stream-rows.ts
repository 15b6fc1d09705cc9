import type { DatabaseSync } from 'node:sqlite'
import type { Counts } from './interval.ts'
import type { StreamName } from './page.ts'

/** The streams of a book, by name, and their sums: what changes is written once a transaction. */
export type StreamRows = {
  readonly idOf: (stream: StreamName) => number
  readonly add: (id: number, change: Partial<Counts & { readonly refused: number }>) => void
  /** Writes the sums that have changed. Within the transaction. */
  readonly write: () => void
  /** After a transaction that was taken back, or one that has removed streams. */
  readonly forget: () => void
}
type Change = { -readonly [Name in keyof Counts | 'refused']: number }

/** Streams in memory at most; others are looked up. */
const idsMax = 20_000

export const openStreamRows = (database: DatabaseSync): StreamRows => {
  const find = database.prepare(
    'SELECT id FROM stream WHERE tenant = ? AND service = ? AND producer = ?',
  )
  const insert = database.prepare(
    'INSERT INTO stream (tenant, service, producer) VALUES (?, ?, ?) RETURNING id',
  )
  const update = database.prepare(
    `UPDATE stream SET accepted = accepted + ?, delivered = delivered + ?, dropped = dropped + ?,
      pending = pending + ?, refused = refused + ? WHERE id = ?`,
  )
  const ids = new Map<string, number>()
  const changes = new Map<number, Change>()
  return {
    idOf: ({ tenant, service, producer }) => {
      const key = `${tenant.length}:${service.length}:${tenant}${service}${producer}`
      const known = ids.get(key)
      if (known !== undefined) return known
      const row = find.get(tenant, service, producer) ?? insert.get(tenant, service, producer)
      const id = Number(row?.['id'])
      if (ids.size >= idsMax) ids.clear()
      ids.set(key, id)
      return id
    },
    add: (id, change) => {
      const sum = changes.get(id) ?? {
        ...{ accepted: 0, delivered: 0, dropped: 0, pending: 0, refused: 0 },
      }
      sum.accepted += change.accepted ?? 0
      sum.delivered += change.delivered ?? 0
      sum.dropped += change.dropped ?? 0
      sum.pending += change.pending ?? 0
      sum.refused += change.refused ?? 0
      changes.set(id, sum)
    },
    write: () => {
      for (const [id, { accepted, delivered, dropped, pending, refused }] of changes)
        update.run(accepted, delivered, dropped, pending, refused, id)
      changes.clear()
    },
    forget: () => {
      ids.clear()
      changes.clear()
    },
  }
}
