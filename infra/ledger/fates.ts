/** What the ends of batches are in the journal: marks, and the drop events that belong to them. */

import type { Fate, Loss } from '../../actors/delivery/protocol.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Batch, Drop, Mark, MarksRecorded } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { DropIds } from './drop-id.ts'
import { LedgerError } from './ledger-error.ts'

/** The drops of the fact are in the order of its marks: so a replay knows whose they are. */
export const marksRecorded = (
  fates: readonly Fate[],
  { nowMs, ids }: { readonly nowMs: InstantMs; readonly ids: DropIds },
): MarksRecorded => ({
  type: 'marks.recorded',
  marks: fates.map(markOf),
  drops: fates.flatMap(({ held, drops }) =>
    drops.map((loss) => dropOf(held.batch, loss, { id: ids.next(nowMs), atMs: nowMs })),
  ),
})

const markOf = ({ held, delivered, drops }: Fate): Mark => ({
  at: held.at,
  producer: held.batch.producer,
  tenant: held.batch.tenant,
  service: held.batch.service,
  firstSeq: held.batch.firstSeq,
  delivered,
  dropped: droppedOf(drops),
})

const droppedOf = (drops: readonly Loss[]): number =>
  drops.reduce((sum, { records }) => sum + records, 0)

/** The bytes of a part of a batch are its share by count: its records were never looked at one by one. */
const dropOf = (
  batch: Batch,
  loss: Loss,
  { id, atMs }: { readonly id: string; readonly atMs: InstantMs },
): Drop => ({
  id,
  atMs,
  tenant: batch.tenant,
  service: batch.service,
  producer: batch.producer,
  firstSeq: loss.firstSeq,
  lastSeq: loss.lastSeq,
  records: loss.records,
  bytes: Math.round((batch.bytes * loss.records) / recordsIn(batch)),
  reason: loss.reason,
  detail: loss.detail,
  fromMs: batch.fromMs,
  toMs: batch.toMs,
})

/** @throws {LedgerError} `fate_unbalanced` unless each record of the batch was delivered or dropped. */
export const assertBalanced = ({ held: { batch }, delivered, drops }: Fate): void => {
  const records = recordsIn(batch)
  const fault = [delivered, ...drops.map((loss) => loss.records)].some((it) => !isCount(it))
    ? 'a count is negative or no whole number'
    : delivered + droppedOf(drops) !== records
      ? `${delivered} delivered and ${droppedOf(drops)} dropped are not its ${records} records`
      : drops.map((loss) => faultOf(loss, batch)).find((it) => it !== undefined)
  if (fault === undefined) return
  throw new LedgerError(
    'fate_unbalanced',
    `The end of batch ${batch.id} cannot be recorded: ${fault}. The batch stays pending.`,
  )
}

const faultOf = (loss: Loss, batch: Batch): string | undefined => {
  const range = `the lost range ${loss.firstSeq}-${loss.lastSeq}`
  if (loss.firstSeq < batch.firstSeq || loss.lastSeq > batch.lastSeq) return `${range} is not in it`
  if (loss.records < 1) return `${range} has no records`
  if (loss.records > recordsIn(loss)) return `${range} is said to hold ${loss.records} records`
  return undefined
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
