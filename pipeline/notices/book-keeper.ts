/** Writes the book of notices down, and says aloud what goes wrong with it. */
import type { Clock } from '../../infra/clock/clock.ts'
import type { Book } from '../../infra/notices/book.ts'
import type { OutboxFile } from '../../infra/notices/outbox-file.ts'
import type { Log } from '../../infra/telemetry/log.ts'

/** Between two complaints about the same trouble. */
const complaintMs = 60_000

export type Complain = (message: string, cause: unknown) => void
export const openComplaints = ({
  log,
  world: { clock },
}: {
  readonly log: Log
  readonly world: { readonly clock: Pick<Clock, 'now'> }
}): Complain => {
  const saidAtMs = new Map<string, number>()
  return (message, cause) => {
    const nowMs = clock.now()
    if (nowMs - (saidAtMs.get(message) ?? Number.NEGATIVE_INFINITY) < complaintMs) return
    saidAtMs.set(message, nowMs)
    log.error('notices.hampered', message, { cause })
  }
}

export type BookKeeper = {
  readonly changed: () => void
  /** Keeps the book if it has changed. Answers which notices may be sent: those that are kept. */
  readonly keep: () => Promise<ReadonlySet<string>>
  readonly begin: () => Promise<void>
}

/** A disk that fails keeps nobody from being told: then it is told though it may be told twice. */
export const openBookKeeper = ({
  file,
  book,
  clock,
  complain,
}: {
  readonly file: OutboxFile
  readonly book: Book
  readonly clock: Pick<Clock, 'now'>
  readonly complain: Complain
}): BookKeeper => {
  let state: 'same' | 'changed' = 'same'
  const ids = (): ReadonlySet<string> =>
    new Set(book.lanes.flatMap((lane) => lane.waiting().map(({ id }) => id)))
  const write = async (): Promise<void> => {
    try {
      await file.keep(book.lines(clock.now()))
    } catch (cause) {
      state = 'changed'
      complain('Notices could not be kept; they are sent all the same, perhaps twice.', cause)
    }
  }
  return {
    changed: () => {
      state = 'changed'
    },
    keep: async () => {
      if (state === 'same') return ids()
      state = 'same'
      const lines = write()
      const sendable = ids()
      await lines
      return sendable
    },
    begin: write,
  }
}
