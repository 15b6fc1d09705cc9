/** Batches and drop events of one stream, made by hand, and a book that is told of them. */
import { inMemory, openBookDatabase } from '../../../../infra/book/book-database.ts'
import type { BookRequest, BookState, Question } from '../../../../infra/book/book-request.ts'
import type { CompactionBounds } from '../../../../infra/book/compaction.ts'
import type { OpenPage } from '../../../../infra/book/page.ts'
import { openPage } from '../../../../infra/book/page.ts'
import { batchId, instant, seq } from '../../../../schemas/brand.ts'
import type { Batch, Drop } from '../../../../schemas/messages.ts'

export const startMs = 1_780_000_000_000
export const secondMs = 1_000

type Span = { readonly from: number; readonly to: number }
export const stream = { tenant: 'acme', service: 'web', producer: 'edge-1-a' }

export const batch = ({ from, to }: Span, change: Partial<Batch> = {}): Batch => {
  const coordinates = { ...stream, ...change, firstSeq: seq(from), lastSeq: seq(to) }
  const acceptedAtMs = change.acceptedAtMs ?? instant(startMs)
  return {
    ...coordinates,
    id: batchId(coordinates),
    bytes: 100,
    priority: 'normal',
    fromMs: acceptedAtMs,
    toMs: acceptedAtMs,
    acceptedAtMs,
  }
}

export const lost = ({ from, to }: Span, change: Partial<Drop> = {}): Drop => ({
  id: `${String(from).padStart(9, '0')}-0000`,
  atMs: instant(startMs + secondMs),
  ...stream,
  firstSeq: seq(from),
  lastSeq: seq(to),
  records: to - from + 1,
  bytes: 10,
  reason: 'cache_overwritten',
  detail: 'the cache was full',
  fromMs: instant(startMs),
  toMs: instant(startMs),
  ...change,
})

export const delivered = (of: Batch) => ({
  batch: of,
  delivered: of.lastSeq - of.firstSeq + 1,
  drops: [],
})

export type TestBook = {
  /** One page with what it is told. */
  readonly tell: (telling: (page: OpenPage) => void) => BookState
  readonly ask: (request: BookRequest) => unknown
  readonly sums: () => readonly number[]
  readonly accepted: (question: Omit<Question, 'kind'>) => unknown
  readonly close: () => void
}

export const openTestBook = (path = inMemory, bounds?: CompactionBounds): TestBook => {
  const database = openBookDatabase(path, bounds)
  let pages = 0
  const stateOf = (request: BookRequest): BookState => {
    const answer = database.answer(request)
    if (answer.type !== 'state') throw new Error(`The answer is ${answer.type}.`)
    return answer.state
  }
  return {
    tell: (telling) => {
      const page = openPage()
      telling(page)
      pages += 1
      return stateOf({ type: 'page', page: page.cut({ position: String(pages), atMs: startMs }) })
    },
    ask: database.answer,
    sums: () => {
      const { sums } = stateOf({ type: 'state' })
      return [sums.accepted, sums.delivered, sums.dropped, sums.pending, sums.refused]
    },
    accepted: (question) => {
      const answer = database.answer({ type: 'ask', question: { kind: 'accepted', ...question } })
      return answer.type === 'accepted' ? answer.services : []
    },
    close: database.close,
  }
}
