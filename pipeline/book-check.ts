/** How a book that is behind is put right: what is held, what was dropped, and the sums of the ledger. */
import { BookError } from '../infra/book/book-error.ts'
import type { BookState, Corrections, Sums } from '../infra/book/book-request.ts'
import type { BookStore } from '../infra/book/book-store.ts'
import type { Page } from '../infra/book/page.ts'
import type { Clock } from '../infra/clock/clock.ts'
import type { Ledger } from '../infra/ledger/ledger.ts'
import type { Batch, Held } from '../schemas/messages.ts'

/** Where a book is put right from. */
export type BookSources = {
  readonly ledger: Pick<Ledger, 'totals' | 'services' | 'drops' | 'producers'>
  readonly held: () => AsyncIterable<Held>
}

export type Check = {
  readonly origin: BookState['origin']
  readonly corrections: Corrections
  readonly missingRecords: number
  /** Its sums are the ledger's now. */
  readonly isRight: boolean
}

const batchesPerRequest = 1_000
const dropsPerRequest = 1_000
/** Drop events are counted some time after they are made: so much older ones are told again. */
const overlapMs = 600_000

export const checked = async (
  store: BookStore,
  { ledger, held }: BookSources,
  given: {
    readonly cut: () => Page
    readonly write: (page: Page) => Promise<BookState>
    readonly clock: Pick<Clock, 'now'>
  },
): Promise<Check> => {
  const before = await store.ask({ type: 'check' })
  if (before.type !== 'state') throw new BookError('unwritable', 'The book gave no state.')
  const { origin, writtenAtMs } = before.state
  let batches: Batch[] = []
  for await (const { batch } of held()) {
    batches.push(batch)
    if (batches.length < batchesPerRequest) continue
    await store.ask({ type: 'held', batches })
    batches = []
  }
  await store.ask({ type: 'held', batches })
  await tellDrops(store, ledger, Math.max(0, writtenAtMs - overlapMs))
  await store.ask({ type: 'unheld', atMs: given.clock.now() })
  // The page, the sums and the totals are of one moment.
  const page = given.cut()
  const [sums, totals] = [ledger.services(), ledger.totals()]
  await given.write(page)
  const answer = await store.ask({ type: 'sums', sums, atMs: page.atMs, writtenAtMs })
  if (answer.type !== 'checked') throw new BookError('unwritable', 'The book gave no sums.')
  const { corrections, state } = answer
  const { missingRecords } = corrections
  return { origin, corrections, missingRecords, isRight: areEqual(state.sums, totals) }
}

const tellDrops = async (
  store: BookStore,
  ledger: BookSources['ledger'],
  sinceMs: number,
): Promise<void> => {
  let cursor: string | null = ''
  while (cursor !== null) {
    const from: { cursor?: string } = cursor === '' ? {} : { cursor }
    const page = await ledger.drops({ ...from, sinceMs, limit: dropsPerRequest })
    if (page.drops.length > 0) await store.ask({ type: 'drops', drops: page.drops })
    cursor = page.cursor
  }
}

export const areEqual = (one: Sums, other: Sums): boolean =>
  one.accepted === other.accepted &&
  one.delivered === other.delivered &&
  one.dropped === other.dropped &&
  one.pending === other.pending &&
  one.refused === other.refused
