import type { Fate } from '../../actors/delivery/protocol.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Drop, DropReason, Eviction, Held, Settlement } from '../../schemas/messages.ts'
import type { Fact } from '../journal/journal.ts'

/**
 * The account: accepted = delivered + dropped + pending, per producer, tenant and stream. The four are
 * counted apart, each where it happens, so that `unaccounted` can be other than 0.
 */
export type Ledger = {
  /**
   * Batches that the record log has made durable: accepted, and pending. Tell the client only after.
   * @throws {LedgerError} `segment_closed` when one lies in a segment that is going or gone: then it
   * is not kept, nothing was counted, and the append has to be answered as failed.
   */
  readonly appended: (held: readonly Held[]) => void
  /**
   * Notes durably what was accepted since the last time and has not ended. What a segment file had
   * before is missed to the record if the file is taken away; what it took in since is not.
   * `isRoom` is asked if there is anything to note, and may put it off.
   * @throws {JournalError} it is noted the next time.
   */
  readonly note: (isRoom: () => boolean) => Promise<void>
  /** Records that a client was refused. No loss: the client still holds them. */
  readonly refused: (parts: readonly { tenant: string; service: string; records: number }[]) => void
  /**
   * Makes the ends of batches durable, drop events with them, in one journal write. A batch that had
   * ended already is left out of the account (a late answer), but has its settlement all the same,
   * with the numbers of its first end while its segment lives. In the order of `fates`.
   * @throws {LedgerError} `fate_unbalanced` (a mistake in the caller), `contended`
   * @throws {JournalError} nothing ended: the same batches may be recorded again.
   */
  readonly recordFates: (fates: readonly Fate[], nowMs: InstantMs) => Promise<readonly Settlement[]>
  /**
   * Makes the loss of all that is unsettled in a segment durable: one drop event a contiguous range.
   * It carries over what the segment had accepted as well, so no retirement follows. Idempotent.
   * @throws {JournalError} nothing was dropped.
   */
  readonly recordEviction: (segment: number, nowMs: InstantMs) => Promise<Eviction>
  /**
   * Carries over what a segment had accepted, durably; then the record log may remove it. Idempotent.
   * @throws {LedgerError} `segment_pending` when not everything in it has ended.
   */
  readonly recordRetirement: (segment: number) => Promise<void>
  /** The record log has removed a segment for good: checkpoints need not remember it any more. */
  readonly removed: (segment: number) => void
  readonly totals: (tenant?: string) => Totals
  readonly streams: (tenant?: string) => readonly StreamAccount[]
  /** Over all producers. */
  readonly services: () => readonly ServiceAccount[]
  /** Those of this life. */
  readonly producers: () => readonly string[]
  /** Rejects with a `LedgerError` `archive_failed` when old drop events cannot be read. */
  readonly drops: (query: DropQuery) => Promise<DropPage>
  /**
   * Hands `write` the facts from which the account can be rebuilt, to open a new journal file with
   * (`journal.checkpoint`), the `ledger.checkpointed` first. Nothing of the ledger's is written to the
   * journal meanwhile: what the old file holds is in the facts, or is in neither.
   */
  readonly checkpoint: (write: (facts: readonly Fact[]) => Promise<void>) => Promise<void>
  readonly close: () => Promise<void>
}

export type Totals = {
  readonly accepted: number
  readonly delivered: number
  readonly dropped: number
  readonly pending: number
  readonly refused: number
  /** accepted − delivered − dropped − pending */
  readonly unaccounted: number
}
/** `producer` is `*` where the streams of producers of former lives were folded into one. */
export type StreamAccount = Omit<Totals, 'refused'> & {
  readonly tenant: string
  readonly service: string
  readonly producer: string
}
export type ServiceAccount = Totals & { readonly tenant: string; readonly service: string }
export type DropQuery = {
  readonly tenant?: string
  /** Recorded at this instant or later. */
  readonly sinceMs?: number
  /** Recorded before this instant. */
  readonly untilMs?: number
  /** `oldest` first unless told. */
  readonly order?: DropOrder
  /** 1,000 at most; 100 unless told. */
  readonly limit?: number
  /** Only what comes behind it in that order: the `cursor` of a page, or the id of any drop. */
  readonly cursor?: string
  readonly reason?: DropReason
}
export const dropOrders = ['oldest', 'newest'] as const
export type DropOrder = (typeof dropOrders)[number]
export type DropPage = {
  readonly drops: readonly Drop[]
  /**
   * Where the next page starts; `null` when this is the end for now. To follow what is still to come,
   * ask again with the id of the last drop that was seen.
   */
  readonly cursor: string | null
}
