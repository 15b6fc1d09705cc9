import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { Batch } from '../../schemas/messages.ts'
import { emptyBook, type SeqBook } from './numbering.ts'
import type { CollectorInput, Refusal } from './protocol.ts'

export type CollectorContext = CollectorInput & {
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
  book: emptyBook,
  open: null,
  refusal: null,
  dueMs: instant(input.startedAtMs + input.appendTimeoutMs),
})

export const refusalOf = ({ refusal, retryAfterMs }: CollectorContext): Refusal =>
  refusal ?? { reason: 'overdue', retryAfterMs }
