import type { AccountBook } from '../book/account-book.ts'
import type { Journal } from '../journal/journal.ts'
import type { RecordLog } from '../ring/record-log.ts'
import type { Account } from './account.ts'
import type { DropIds } from './drop-id.ts'
import type { DropStore } from './drop-store.ts'
import type { Notes } from './notes.ts'
import type { SegmentBook } from './segment-book.ts'
import type { Turnstile } from './turnstile.ts'

/** What whoever records something works with. */
export type Desk = {
  readonly journal: Pick<Journal, 'append'>
  readonly log: Pick<RecordLog, 'end' | 'unended' | 'accepted'>
  readonly account: Account
  readonly segments: SegmentBook
  readonly drops: DropStore
  readonly ids: DropIds
  readonly turnstile: Turnstile
  readonly notes: Notes
  /** Is told all that is counted, in the moment in which it is. */
  readonly book: AccountBook
  /** Is told, in a sentence, of what a person has to know and what stops nothing. */
  readonly report: (detail: string) => void
}
