import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { Batch } from '../../schemas/messages.ts'
import { emptyBook, type SeqBook } from './numbering.ts'
import type { CollectorInput, Refusal } from './protocol.ts'

export type CollectorContext = CollectorInput & {
  /** Which producer of this life it is: a new one after each append of which nobody knows. */
  readonly renewals: number
  /** Numbers that are taken. */
  readonly book: SeqBook
  /** The append under way, and the numbers that are taken once it is done. */
  readonly open: {
    readonly appendId: number
    readonly batches: readonly Batch[]
    readonly book: SeqBook
  } | null
  /** Why the cache takes nothing, while it does not. */
  readonly refusal: Refusal | null
  readonly dueMs: InstantMs
}

export const initialContext = (input: CollectorInput): CollectorContext => ({
  ...input,
  renewals: 0,
  book: emptyBook,
  open: null,
  refusal: null,
  dueMs: instant(input.startedAtMs + input.appendTimeoutMs),
})

/**
 * Another producer, from 0. A disk that failed may show at the next start what it did not keep now:
 * under numbers that nobody else may have got meanwhile.
 */
export const renewed = ({
  producer,
  renewals,
}: CollectorContext): Pick<CollectorContext, 'producer' | 'renewals' | 'book' | 'open'> => {
  const former = renewals === 0 ? producer : producer.slice(0, producer.lastIndexOf('.'))
  const next = renewals + 1
  return { producer: `${former}.${next}`, renewals: next, book: emptyBook, open: null }
}

export const refusalOf = ({ refusal, retryAfterMs }: CollectorContext): Refusal =>
  refusal ?? { reason: 'overdue', retryAfterMs }
