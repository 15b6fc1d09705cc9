/** What can be asked of a book about a time. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { LateService, Question, ServiceTotals } from './book-request.ts'
import { lateAfterMs } from './interval.ts'

export type Questions = {
  readonly late: (question: Question) => readonly LateService[]
  readonly accepted: (question: Question) => readonly ServiceTotals[]
}

/** Of one service, in one answer. */
const spansMax = 200
const lateRowsMax = 50_000

export const openQuestions = (database: DatabaseSync): Questions => {
  const lateRows = database.prepare(
    `SELECT tenant, service,
       last_seq - first_seq + 1 - CASE state WHEN 'mixed' THEN mixed_dropped ELSE 0 END AS records,
       CASE event_from_ms WHEN 0 THEN accepted_from_ms ELSE event_from_ms END AS eventFromMs,
       CASE event_from_ms WHEN 0 THEN accepted_to_ms ELSE event_to_ms END AS eventToMs,
       ended_from_ms AS endedFromMs, ended_to_ms AS endedToMs, wait_ms_max AS waitMsMax
     FROM interval JOIN stream ON stream.id = interval.stream
     WHERE state IN ('delivered', 'mixed') AND wait_ms_max >= $lateAfterMs AND ${isIn}
       AND CASE event_from_ms WHEN 0 THEN accepted_from_ms ELSE event_from_ms END <= $toMs
       AND CASE event_from_ms WHEN 0 THEN accepted_to_ms ELSE event_to_ms END >= $fromMs
     UNION ALL
     -- Of what is a total by now: its hour of acceptance, and that it was late.
     SELECT tenant, service, late, from_ms, to_ms, 0, 0, 0
     FROM total JOIN stream ON stream.id = total.stream
     WHERE late > 0 AND from_ms <= $toMs AND to_ms >= $fromMs AND ${isIn}
     ORDER BY eventFromMs LIMIT ${lateRowsMax}`,
  )
  return {
    late: (question) => {
      const services = new Map<string, LateSums>()
      for (const row of lateRows.iterate({ ...values(question), $lateAfterMs: lateAfterMs }))
        addLate(services, row as unknown as LateRow)
      return [...services.values()].toSorted((a, b) => b.records - a.records)
    },
    accepted: (question) =>
      database.prepare(acceptedIn).all(values(question)) as unknown as readonly ServiceTotals[],
  }
}

type LateRow = Omit<LateService, 'spans'>
type LateSums = { -readonly [Name in keyof LateRow]: LateRow[Name] } & {
  readonly spans: { readonly fromMs: number; readonly toMs: number }[]
}

const addLate = (services: Map<string, LateSums>, row: LateRow): void => {
  const key = `${row.tenant.length}:${row.tenant}${row.service}`
  const sum = services.get(key) ?? { ...row, records: 0, spans: [] }
  services.set(key, sum)
  sum.records += row.records
  sum.eventFromMs = Math.min(sum.eventFromMs, row.eventFromMs)
  sum.eventToMs = Math.max(sum.eventToMs, row.eventToMs)
  if (row.endedFromMs > 0)
    sum.endedFromMs = Math.min(sum.endedFromMs || row.endedFromMs, row.endedFromMs)
  sum.endedToMs = Math.max(sum.endedToMs, row.endedToMs)
  sum.waitMsMax = Math.max(sum.waitMsMax, row.waitMsMax)
  const { eventFromMs: fromMs, eventToMs: toMs } = row
  const last = sum.spans.at(-1)
  if (last !== undefined && (fromMs <= last.toMs || sum.spans.length >= spansMax))
    sum.spans[sum.spans.length - 1] = { ...last, toMs: Math.max(last.toMs, toMs) }
  else sum.spans.push({ fromMs, toMs })
}

const isIn = `($tenant IS NULL OR tenant = $tenant) AND ($service IS NULL OR service = $service)`

const values = ({ tenant, service, fromMs, toMs }: Question): Record<string, SQLInputValue> => ({
  $tenant: tenant ?? null,
  $service: service ?? null,
  $fromMs: fromMs,
  $toMs: toMs,
})

const size = '(last_seq - first_seq + 1)'
const delivered = `CASE state WHEN 'delivered' THEN ${size} WHEN 'inferred' THEN ${size}
  WHEN 'mixed' THEN ${size} - mixed_dropped ELSE 0 END`

/** What is held whole lies in its hour; a total that reaches beyond the time counts as uncertain. */
const acceptedIn = `
  SELECT tenant, service, sum(t.accepted) AS accepted, sum(t.delivered) AS delivered,
    sum(t.dropped) AS dropped, sum(t.pending) AS pending, sum(t.refused) AS refused,
    sum(t.late) AS late,
    sum(CASE WHEN t.from_ms < $fromMs OR t.to_ms > $toMs THEN t.accepted ELSE 0 END) AS uncertain
  FROM (
    SELECT stream, from_ms, to_ms, accepted, delivered, dropped, 0 AS pending, refused, late
    FROM total WHERE from_ms <= $toMs AND to_ms >= $fromMs
    UNION ALL
    SELECT stream, accepted_from_ms,
      CASE accepted_from_ms WHEN 0 THEN ended_to_ms ELSE accepted_to_ms END, ${size}, ${delivered},
      CASE state WHEN 'dropped' THEN ${size} WHEN 'mixed' THEN mixed_dropped ELSE 0 END,
      CASE state WHEN 'pending' THEN ${size} ELSE 0 END, 0,
      CASE WHEN wait_ms_max >= ${lateAfterMs} THEN ${delivered} ELSE 0 END
    FROM interval
    WHERE state <> 'settled' AND accepted_from_ms <= $toMs
      AND CASE accepted_from_ms WHEN 0 THEN ended_to_ms ELSE accepted_to_ms END >= $fromMs
  ) AS t JOIN stream ON stream.id = t.stream
  WHERE ${isIn}
  GROUP BY tenant, service ORDER BY tenant, service`
