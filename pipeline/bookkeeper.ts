/**
 * Writes down in the book what the ledger counts, off the path of the records: it is told in memory, and
 * hands over a page once in a while. The book is derived, so nothing waits for it and nothing fails with
 * it. When it is behind, after a crash or a failure, it is put right from the ledger and the record log.
 */
import type { AccountBook } from '../infra/book/account-book.ts'
import { BookError } from '../infra/book/book-error.ts'
import type { BookAnswer, BookState, Question, Sums } from '../infra/book/book-request.ts'
import type { BookStore } from '../infra/book/book-store.ts'
import { openPage, type Page } from '../infra/book/page.ts'
import type { Clock } from '../infra/clock/clock.ts'
import type { Log } from '../infra/telemetry/log.ts'
import { instant } from '../schemas/brand.ts'
import type { Drop } from '../schemas/messages.ts'
import { areEqual, type BookSources, type Check, checked } from './book-check.ts'

export type Bookkeeper = {
  readonly book: AccountBook
  /** To be called once, before anything is counted. */
  readonly begin: (given: BookSources) => void
  /** Rejects with a `BookError`, or an `Error` while the book is behind. */
  readonly ask: (question: Question) => Promise<BookAnswer>
  readonly view: () => BookView
  /** Writes what is left. What fails is told, not thrown. */
  readonly close: () => Promise<void>
}
export type BookView = {
  /** `behind`: it is being put right, or the disk takes nothing. */
  readonly state: 'starting' | 'behind' | 'kept'
  /** Records that the book has as accepted, and that are neither held nor ended. */
  readonly missingRecords: number
  /** What waits in memory to be written. */
  readonly waiting: number
}

const pageMs = 1_000
/** Of the time of one core: what takes long is done less often. */
const shareMax = 1 / 50
const pageMsMax = 30_000
const tidyMs = 60_000
const tidyMoreMs = 5_000
const retryMsMin = 1_000
const retryMsMax = 60_000
/** What may wait in memory for a disk that takes nothing; then the book is put right afterwards. */
export const pageSizeMax = 200_000

export const openBookkeeper = ({
  store,
  clock,
  log,
}: {
  readonly store: BookStore
  readonly clock: Clock
  readonly log: Log
}): Bookkeeper => {
  const page = openPage()
  let sources: BookSources | null = null
  let view: Omit<BookView, 'waiting'> = { state: 'starting', missingRecords: 0 }
  let unwritten: Page | null = null
  /** Handed over ahead of their page, and not written so far. */
  let events: readonly Drop[] = []
  /** When the next page may be written. */
  let dueAtMs = 0
  let pages = 0
  let retryMs = 0
  /** What the store had taken when the last page was written. */
  let spentMs = 0
  let tidyAtMs = clock.now() + tidyMs
  let atStart: Sums | null = null
  let working: Promise<void> | null = null
  let callOff = (): void => undefined

  const cut = (): Page => {
    pages += 1
    return page.cut({ position: `${startedAtMs}-${pages}`, atMs: clock.now() })
  }
  const startedAtMs = clock.now()
  const turnTo = (state: BookView['state']): void => {
    view = { ...view, state }
  }

  /** After a failure it may be in the book already: its answer alone was lost. */
  const write = async (of: Page): Promise<BookState> => {
    unwritten = of
    if (retryMs > 0) {
      const before = stateIn(await store.ask({ type: 'state' }))
      if (before.position === of.position) {
        unwritten = null
        return before
      }
    }
    const state = stateIn(await store.ask({ type: 'page', page: of }))
    unwritten = null
    return state
  }
  /** Where losses go on, they alone would make most of a page that is long in coming. */
  const writeEvents = async (): Promise<void> => {
    if (events.length === 0) events = page.takeDrops()
    if (events.length > 0) await store.ask({ type: 'events', drops: events })
    events = []
  }
  const keep = async ({ ledger }: BookSources): Promise<void> => {
    if (unwritten !== null) await write(unwritten)
    await writeEvents()
    if (page.size() === 0) return
    const totals = ledger.totals()
    const { sums } = await write(cut())
    if (areEqual(sums, totals)) return
    log.warn('book.differed', 'The book differs from the ledger, and is put right from it.', {
      ...{ book: sums, ledger: totals },
    })
    turnTo('behind')
  }
  const putRight = async (from: BookSources): Promise<void> => {
    if (unwritten !== null) await write(unwritten)
    const check: Check = await checked(store, from, { cut, write, clock })
    view = { state: 'kept', missingRecords: check.missingRecords }
    tellCheck(log, check)
    if (!check.isRight) throw new BookError('unwritable', 'The book does not come to the ledger.')
  }
  const begin = async (from: BookSources): Promise<void> => {
    const state = stateIn(await store.ask({ type: 'state' }))
    if (state.setAside !== null)
      log.warn('book.replaced', `${state.setAside} A new book is made from the ledger.`)
    const isRight = atStart !== null && areEqual(state.sums, atStart)
    view = { state: isRight ? 'kept' : 'behind', missingRecords: state.missingRecords }
    if (view.state === 'behind') await putRight(from)
  }
  const tidy = async ({ ledger }: BookSources): Promise<void> => {
    const nowMs = clock.now()
    if (nowMs < tidyAtMs) return
    const answer = await store.ask({ type: 'tidy', nowMs, producers: ledger.producers() })
    const isMore = answer.type === 'tidied' && answer.left === 'more'
    tidyAtMs = clock.now() + (isMore ? tidyMoreMs : tidyMs)
  }
  const turn = async (from: BookSources): Promise<void> => {
    const isDue = view.state !== 'kept' || clock.now() >= dueAtMs
    try {
      if (!isDue) return await writeEvents()
      if (view.state === 'starting') await begin(from)
      else if (view.state === 'behind') await putRight(from)
      else await keep(from)
      await tidy(from)
      if (retryMs > 0) log.info('book.resumed', 'The book is written again.')
      retryMs = 0
      const restMs = (store.spentMs() - spentMs) / shareMax
      spentMs = store.spentMs()
      dueAtMs = clock.now() + Math.min(pageMsMax, restMs)
    } catch (cause) {
      failed(cause)
    }
  }
  const failed = (cause: unknown): void => {
    dueAtMs = 0
    const isDamaged = cause instanceof BookError && cause.code === 'damaged'
    if (retryMs === 0) {
      const text = 'The book of the account could not be written; the account itself goes on.'
      log.warn('book.failed', `${text} It is tried again.`, { cause })
    }
    retryMs = Math.min(Math.max(retryMsMin, retryMs * 2), retryMsMax)
    if (isDamaged && view.state !== 'starting') turnTo('behind')
    // Too much to wait for a disk: the ledger knows it all, and the book is put right from there.
    if (page.size() < pageSizeMax) return
    unwritten = null
    events = []
    cut()
    if (view.state !== 'starting') turnTo('behind')
  }
  const loop = (delayMs: number): void => {
    callOff = clock.at(instant(clock.now() + delayMs), () => {
      if (sources === null) return
      working = turn(sources).then(() => {
        working = null
        loop(Math.max(pageMs, retryMs))
      })
    })
  }
  return {
    book: page,
    view: () => ({
      ...view,
      waiting: page.size() + events.length + (unwritten === null ? 0 : 1),
    }),
    begin: (from) => {
      sources = from
      atStart = from.ledger.totals()
      loop(0)
    },
    ask: async (question) => {
      if (view.state !== 'kept') throw new Error('The book is not up to date yet; ask again.')
      return store.ask({ type: 'ask', question })
    },
    close: async () => {
      callOff()
      await working
      callOff()
      dueAtMs = 0
      if (sources !== null) await turn(sources)
      try {
        await store.close()
      } catch (cause) {
        log.warn('book.failed', 'The book could not be closed; the next start puts it right.', {
          cause,
        })
      }
    },
  }
}

const stateIn = (answer: BookAnswer): BookState => {
  if (answer.type === 'state') return answer.state
  throw new BookError('unwritable', `The book answered with ${answer.type} instead of its state.`)
}

const tellCheck = (log: Log, { origin, corrections, missingRecords }: Check): void => {
  const { services, records, missing } = corrections
  const why = origin === 'new' ? 'was built from the ledger' : 'was put right from the ledger'
  log.info('book.corrected', `The book ${why}.`, { services, records })
  if (missingRecords === 0) return
  const text =
    `${missingRecords} records that were accepted are gone: the book knows them as held, and they ` +
    'are neither held nor delivered nor dropped. Look for what removed or changed files in the data directory.'
  log.error('records.missing', text, { ranges: missing.slice(0, 20) })
}
