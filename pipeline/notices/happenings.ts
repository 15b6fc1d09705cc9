/** What happens to the pipeline as a whole, in the words of a notice. */
import type { Announcement } from '../../actors/sentinel/protocol.ts'
import type { Book, Route } from '../../infra/notices/book.ts'
import type { Assignment } from '../../schemas/messages.ts'
import { type Subject, subjectFacts } from '../sentinel/subjects.ts'

type Needs = {
  readonly book: Pick<Book, 'happen' | 'routed' | 'head'>
  readonly nowMs: number
}

/** @param given.pendingOf tells how many records of some tenants are held; of others nothing is said. */
export const tellStall = (
  { book, nowMs }: Needs,
  given: {
    readonly subject: Subject
    readonly announcement: Announcement
    readonly pendingOf: (tenants: string) => number
  },
): void => {
  const { subject, announcement, pendingOf } = given
  const { actor, symptom } = subjectFacts[subject]
  const { kind, stalledMs } = announcement
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
