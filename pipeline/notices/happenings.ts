/** What happens to the pipeline as a whole, in the words of a notice. */
import type { Announcement } from '../../actors/sentinel/protocol.ts'
import type { Ledger } from '../../infra/ledger/ledger.ts'
import type { Book, Route } from '../../infra/notices/book.ts'
import type { Assignment } from '../../schemas/messages.ts'
import { isMatch } from '../config/star-pattern.ts'
import { type Subject, subjectFacts } from '../sentinel/subjects.ts'

/** Somebody does not get on, or does so again. */
export type Stall = {
  readonly actor: string
  /** What is wrong; completes "for 12 s …". */
  readonly symptom: string
  readonly announcement: Announcement
}

export const stallOf = (subject: Subject, announcement: Announcement): Stall => {
  const { actor, symptom } = subjectFacts[subject]
  return { actor, symptom, announcement }
}

/** How many records of some tenants are held. */
export type PendingOf = (tenants: string) => number
export const pendingIn =
  (ledger: Pick<Ledger, 'streams'>): PendingOf =>
  (tenants) =>
    ledger
      .streams()
      .reduce((sum, { tenant, pending }) => (isMatch(tenants, tenant) ? sum + pending : sum), 0)

type Needs = {
  readonly book: Pick<Book, 'happen' | 'routed' | 'head'>
  readonly nowMs: number
}

/** Nobody is told how much is held of others. */
export const tellStall = (
  { book, nowMs }: Needs,
  { actor, symptom, announcement: { kind, stalledMs } }: Stall,
  pendingOf: PendingOf,
): void => {
  const at = new Date(nowMs).toISOString()
  const base = { at, actor, stalledSeconds: stalledMs / 1_000 }
  const mark = nowMs.toString(36)
  if (kind === 'recovered')
    book.happen('recovered', {
      mark,
      nowMs,
      happening: (tenants) => ({ ...base, pendingRecords: pendingOf(tenants) }),
    })
  else
    book.happen('stall', {
      mark,
      nowMs,
      happening: (tenants) => ({
        ...base,
        state: kind === 'stalled' ? 'stalled' : 'unresolved',
        symptom,
        pendingRecords: pendingOf(tenants),
      }),
    })
}

/** The first endpoint of all, and the same one again, is no redirect. */
export const tellAssignment = ({ book, nowMs }: Needs, assignment: Assignment): void => {
  const { epoch, url, by, reason, atMs } = assignment
  const before: Route | null = book.head().route
  book.routed({ epoch, url })
  if (before === null || before.url === url) return
  const happening = {
    at: new Date(atMs).toISOString(),
    from: before.url,
    to: url,
    epoch,
    by,
    reason,
  }
  book.happen(by === 'rollback' ? 'rollback' : 'redirect', {
    mark: String(epoch),
    nowMs,
    happening: () => happening,
  })
}
