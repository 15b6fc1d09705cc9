/** What sinks have taken, batch by batch and record by record. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type Coordinates, coordinatesOf } from '../../schemas/brand.ts'
import { idOf } from './known-records.ts'
import type { Load } from './load.ts'
import type { Sink } from './sink.ts'
import type { SinkRequest } from './sink-book.ts'

type Batch = Coordinates & { readonly id: string; readonly records: readonly Buffer[] }

const takingAnswers: readonly SinkRequest['answer'][] = [
  'accept',
  'takeThenReset',
  'acceptThenReset',
]
const isTaken = ({ answer }: SinkRequest): boolean => takingAnswers.includes(answer)

/** The batches of a request, each with its part of the records: they are sent in the order of the ids. */
export const batchesOf = ({ ids, records }: SinkRequest): readonly Batch[] => {
  let from = 0
  const batches = ids.map((id) => {
    const coordinates = coordinatesOf(id)
    assert.ok(coordinates !== undefined, `"${id}" is no batch id`)
    const to = from + coordinates.lastSeq - coordinates.firstSeq + 1
    const batch = { ...coordinates, id, records: records.slice(from, to) }
    from = to
    return batch
  })
  assert.equal(from, records.length, 'the ids of a request count its records')
  return batches
}

/** The numbers of all records that were taken, each of which has to be what was sent, to the byte. */
export const idsTaken = (sinks: readonly Sink[], load: Load): ReadonlySet<number> => {
  const ids = new Set<number>()
  for (const record of sinks
    .flatMap(({ requests }) => requests.filter(isTaken))
    .flatMap(({ records }) => records)) {
    const id = idOf(record)
    if (!ids.has(id)) assert.deepEqual(record, load.recordOf(id))
    ids.add(id)
  }
  return ids
}

/** The records that were promised and are not there. */
export const missingOf = ({ promised }: Load, there: ReadonlySet<number>): readonly number[] =>
  promised.flatMap(({ firstId, lastId }) =>
    Array.from({ length: lastId - firstId + 1 }, (_, index) => firstId + index).filter(
      (id) => !there.has(id),
    ),
  )

/**
 * A receiver can be exact: whatever comes twice comes under the same id and is the same, and two
 * batches with different ids have no record in common.
 */
export const assertExactIds = (requests: readonly SinkRequest[]): void => {
  const known = new Map<string, { readonly digest: string; readonly batch: Coordinates }>()
  for (const batch of requests.filter(({ records }) => records.length > 0).flatMap(batchesOf)) {
    const hash = createHash('sha256')
    for (const record of batch.records) hash.update(record)
    const digest = hash.digest('hex')
    const before = known.get(batch.id)
    if (before === undefined) known.set(batch.id, { digest, batch })
    else assert.equal(digest, before.digest, `${batch.id} came with other records`)
  }
  const lastOf = new Map<string, number>()
  const inOrder = [...known.values()].sort((a, b) => a.batch.firstSeq - b.batch.firstSeq)
  for (const { batch } of inOrder) {
    const stream = JSON.stringify([batch.producer, batch.tenant, batch.service])
    const last = lastOf.get(stream) ?? -1
    assert.ok(batch.firstSeq > last, `${stream} ${batch.firstSeq} is in two batches`)
    lastOf.set(stream, batch.lastSeq)
  }
}
