import type { Fate } from '../../actors/delivery/protocol.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Drop, DropReason, Eviction, Held, Settlement } from '../../schemas/messages.ts'
import type { Fact } from '../journal/journal.ts'

/**
 * The account: accepted = delivered + dropped + pending, per producer, tenant and stream. The four are
 * counted apart, each where it happens, so that `unaccounted` can be other than 0.
 */
export type Ledger = {
  /** Batches that the record log has made durable: accepted, and pending. */
  readonly appended: (held: readonly Held[]) => void
  /** Records that a client was refused. No loss: the client still holds them. */
  readonly refused: (parts: readonly { tenant: string; service: string; records: number }[]) => void
  /**
   * Makes the ends of batches durable, drop events with them, in one journal write. A batch that had
   * ended already is left out of the account (a late answer), but has its settlement all the same.
   */
  readonly recordFates: (fates: readonly Fate[], nowMs: InstantMs) => Promise<readonly Settlement[]>
  /** Makes the loss of all that is unsettled in a segment durable: one drop event a contiguous range. */
  readonly recordEviction: (segment: number, nowMs: InstantMs) => Promise<Eviction>
  /** Carries over what a segment had accepted, durably; then the record log may remove it. */
  readonly recordRetirement: (segment: number) => Promise<void>
  readonly totals: (tenant?: string) => Totals
  readonly streams: (tenant?: string) => readonly StreamAccount[]
  readonly drops: (query: DropQuery) => {
    readonly drops: readonly Drop[]
    readonly cursor: string | null
  }
  /** Facts from which the account can be rebuilt: they open a new journal file. */
  readonly checkpoint: () => readonly Fact[]
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
export type StreamAccount = Omit<Totals, 'refused'> & {
  readonly tenant: string
  readonly service: string
  readonly producer: string
}
export type DropQuery = {
  readonly tenant?: string
  readonly sinceMs?: number
  readonly limit?: number
  readonly cursor?: string
  readonly reason?: DropReason
}
