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

/**
 * How long a notice waits for a disk that fails. One that was sent and is not kept is made anew after a
 * crash, together with what was lost since, under another id: so a fault that passes is waited for. One
 * that stays keeps nobody from being told.
 */
const unkeptMsMax = 10_000

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
  let failingSinceMs: number | undefined
  const ids = (): ReadonlySet<string> =>
    new Set(book.lanes.flatMap((lane) => lane.waiting().map(({ id }) => id)))
  // Those that the book was opened with are kept: they come from the file.
  let sendable = ids()
  const write = async (): Promise<void> => {
    const written = ids()
    try {
      await file.keep(book.lines(clock.now()))
      failingSinceMs = undefined
      sendable = written
    } catch (cause) {
      state = 'changed'
      failingSinceMs ??= clock.now()
      complain(
        `Notices could not be kept. New ones wait until they are, ${unkeptMsMax / 1_000} s at most; then they are sent all the same, perhaps twice.`,
        cause,
      )
      if (clock.now() - failingSinceMs >= unkeptMsMax) sendable = written
    }
  }
  return {
    changed: () => {
      state = 'changed'
    },
    keep: async () => {
      if (state === 'changed') {
        state = 'same'
        await write()
      }
      return sendable
    },
    begin: write,
  }
}
