/** What whoever keeps a book is asked, as values that can travel between threads or processes. */
import type { Batch, Drop } from '../../schemas/messages.ts'
import type { Page, StreamName } from './page.ts'

export type BookRequest =
  | { readonly type: 'state' }
  | { readonly type: 'page'; readonly page: Page }
  /** Drop events of a page that is still to come. They change no sum: those are in its intervals. */
  | { readonly type: 'events'; readonly drops: readonly Drop[] }
  /**
   * A check against the ledger: `check`, then what is held and what was dropped in any parts, then
   * `unheld`, then the page that was cut when the sums were taken, then the `sums`. No other page between.
   */
  | { readonly type: 'check' }
  | { readonly type: 'held'; readonly batches: readonly Batch[] }
  | { readonly type: 'drops'; readonly drops: readonly Drop[] }
  | { readonly type: 'unheld'; readonly atMs: number }
  | {
      readonly type: 'sums'
      readonly sums: readonly ServiceSums[]
      readonly atMs: number
      /** When the last page was written before the check. */
      readonly writtenAtMs: number
    }
  /** Makes it smaller where it may. `producers`: those that may go on. */
  | { readonly type: 'tidy'; readonly nowMs: number; readonly producers: readonly string[] }
  | { readonly type: 'ask'; readonly question: Question }

export type Sums = {
  readonly accepted: number
  readonly delivered: number
  readonly dropped: number
  readonly pending: number
  readonly refused: number
}
/** Over all producers. */
export type ServiceSums = Sums & { readonly tenant: string; readonly service: string }

export type Question = {
  readonly kind: 'late' | 'accepted'
  readonly tenant?: string
  readonly service?: string
  /** Both inclusive. `late`: of the records' own times; `accepted`: of their acceptance. */
  readonly fromMs: number
  readonly toMs: number
}

export type BookAnswer =
  | { readonly type: 'state'; readonly state: BookState }
  | { readonly type: 'checked'; readonly state: BookState; readonly corrections: Corrections }
  | { readonly type: 'tidied'; readonly left: 'more' | 'done' }
  | { readonly type: 'late'; readonly late: readonly LateService[] }
  | { readonly type: 'accepted'; readonly services: readonly ServiceTotals[] }

export type BookState = {
  readonly sums: Sums
  /** Records in intervals that are `missing`. */
  readonly missingRecords: number
  /** Of the last page; empty in a new book. */
  readonly position: string
  /** When the last page was written; 0 in a new book. */
  readonly writtenAtMs: number
  /** `new`: nothing was there, or it was set aside. */
  readonly origin: 'new' | 'kept'
  /** Why what was there could not be gone on with; null where it could, or nothing was there. */
  readonly setAside: string | null
}

/** By how much the book was put right, and which records it has as accepted and nobody knows of. */
export type Corrections = {
  readonly services: number
  /** Records whose time is not known any more, or that were counted and are not in the ledger. */
  readonly records: number
  readonly missing: readonly MissingRange[]
  readonly missingRecords: number
}
export type MissingRange = StreamName & { readonly firstSeq: number; readonly lastSeq: number }

/** Delivered later than `lateAfterMs` after their acceptance. Instants as in `Interval`. */
export type LateService = {
  readonly tenant: string
  readonly service: string
  readonly records: number
  readonly eventFromMs: number
  readonly eventToMs: number
  readonly endedFromMs: number
  readonly endedToMs: number
  readonly waitMsMax: number
  /** Of the records' own times; the first so many. */
  readonly spans: readonly { readonly fromMs: number; readonly toMs: number }[]
}

export type ServiceTotals = Sums & {
  readonly tenant: string
  readonly service: string
  readonly late: number
  /** Of `accepted`, so many are of a stretch of which only a part lies in the time asked about. */
  readonly uncertain: number
}
