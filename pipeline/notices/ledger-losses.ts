/** Losses as the outbox of a pipeline in one process reads them: from the history of its ledger. */
import type { Ledger } from '../../infra/ledger/ledger.ts'
import type { Book } from '../../infra/notices/book.ts'

const pageDrops = 1_000
/** Pages of drop events taken in at a time; the rest follows with the next look. */
const pagesMax = 20

/** Drop events since the last look. A page may be empty though there are more: its cursor goes on. */
export const lossesOf =
  ({ ledger, now }: { readonly ledger: Pick<Ledger, 'drops'>; readonly now: () => number }) =>
  async (book: Pick<Book, 'head' | 'lose' | 'looked'>): Promise<'seen'> => {
    for (let page = 0; page < pagesMax; page += 1) {
      const { place } = book.head()
      const from = 'after' in place ? { cursor: place.after } : 'sinceMs' in place ? place : {}
      const { drops, cursor } = await ledger.drops({ ...from, limit: pageDrops })
      for (const drop of drops) {
        book.lose(drop, now())
        book.looked({ after: drop.id })
      }
      if (cursor === null) break
      book.looked({ after: cursor })
    }
    return 'seen'
  }
