import type { InstantMs } from '../../schemas/brand.ts'
import type { Batch, Drop } from '../../schemas/messages.ts'

/**
 * The book of an account: what became of which records, and when. Values in, nothing out: it is told by
 * the ledger of this process, or by whoever reads the same from elsewhere, such as topics of a broker.
 *
 * What is told of numbered records may be told again, late, or in another order, and counts once: a
 * record is accepted when it is first heard of, and its first end is its end. Refusals have no numbers;
 * they count as often as they are told, so whoever may be told them twice keeps to `position`
 * (`Page.position`): it is written in one transaction with what came before it.
 */
export type AccountBook = {
  readonly accepted: (kept: readonly { readonly batch: Batch }[]) => void
  readonly ended: (ends: readonly BatchEnd[], atMs: InstantMs) => void
  /** Drop events of whole ranges, of whichever batches they were. */
  readonly dropped: (drops: readonly Drop[]) => void
  readonly refused: (parts: readonly Refusal[], atMs: InstantMs) => void
}

/** A batch, how many of its records were delivered, and the drop events of the others. */
export type BatchEnd = {
  readonly batch: Batch
  readonly delivered: number
  readonly drops: readonly Drop[]
}
export type Refusal = {
  readonly tenant: string
  readonly service: string
  readonly records: number
}

/** For a ledger of which nobody keeps a book. */
export const noBook: AccountBook = {
  accepted: () => undefined,
  ended: () => undefined,
  dropped: () => undefined,
  refused: () => undefined,
}
