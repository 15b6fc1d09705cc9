import { batchId, type Seq, seq } from '../../schemas/brand.ts'
import type { Batch } from '../../schemas/messages.ts'
import type { Part } from './protocol.ts'

/**
 * The next number of every stream of one producer. A value that is never changed in place: a step
 * copies one bucket, so that ten thousand streams cost no more than ten.
 */
export type SeqBook = readonly Readonly<Record<string, Seq>>[]

const bucketCount = 256
export const emptyBook: SeqBook = Array.from({ length: bucketCount }, () => ({}))

/** Gives each part the next numbers of its stream. The book counts only once it is taken over. */
export const number = (
  parts: readonly Part[],
  { producer, book }: { readonly producer: string; readonly book: SeqBook },
): { readonly batches: readonly Batch[]; readonly book: SeqBook } => {
  const next = [...book]
  const batches = parts.map(({ records, ...part }): Batch => {
    const stream = JSON.stringify([part.tenant, part.service])
    const index = bucketOf(stream)
    const firstSeq = next[index]?.[stream] ?? seq(0)
    const lastSeq = seq(firstSeq + records - 1)
    next[index] = { ...next[index], [stream]: seq(lastSeq + 1) }
    const { tenant, service } = part
    const id = batchId({ producer, tenant, service, firstSeq, lastSeq })
    return { ...part, id, producer, firstSeq, lastSeq }
  })
  return { batches, book: next }
}

/** FNV-1a, folded to a bucket. */
const bucketOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % bucketCount
}
