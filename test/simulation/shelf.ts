/** Where the book of the account stands in a run: it outlives a life, may be lost, and may fail. */
import { type BookDatabase, inMemory, openBookDatabase } from '../../infra/book/book-database.ts'
import { BookError } from '../../infra/book/book-error.ts'
import type { ServiceTotals } from '../../infra/book/book-request.ts'
import type { BookStore } from '../../infra/book/book-store.ts'
import { chanceOf } from '../support/chance.ts'
import type { Life } from './life.ts'

export type Shelf = {
  readonly bookOf: (life: Life) => BookStore
  /** All of it, per service, as the book has it. */
  readonly services: () => readonly ServiceTotals[]
  readonly close: () => void
}

const lostOneIn = 6
const failingOneIn = 40

export const openShelf = (seed: number): Shelf => {
  const chance = chanceOf(seed + 1)
  let database: BookDatabase = openBookDatabase(inMemory)
  const asked = (request: Parameters<BookStore['ask']>[0]): ReturnType<BookDatabase['answer']> => {
    if (chance.oneIn(failingOneIn)) throw new BookError('unwritable', 'The disk takes nothing.')
    const answer = database.answer(request)
    // It was done, and nobody hears of it.
    if (chance.oneIn(failingOneIn)) throw new BookError('unwritable', 'The thread has ended.')
    return answer
  }
  return {
    bookOf: (life) => {
      if (chance.oneIn(lostOneIn)) {
        database.close()
        database = openBookDatabase(inMemory)
      }
      return {
        ask: (request) =>
          new Promise((resolve, reject) => {
            // Whoever has died asks nothing more, and is answered nothing.
            if (life.isOver()) return
            try {
              resolve(asked(request))
            } catch (cause) {
              reject(cause)
            }
          }),
        spentMs: () => 0,
        close: async () => undefined,
      }
    },
    services: () => {
      const question = { kind: 'accepted', fromMs: 0, toMs: Number.MAX_SAFE_INTEGER } as const
      const answer = database.answer({ type: 'ask', question })
      return answer.type === 'accepted' ? answer.services : []
    },
    close: () => database.close(),
  }
}
