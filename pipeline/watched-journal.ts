import type { Journal } from '../infra/journal/journal.ts'

/** A journal of which it is known whether its file takes no more, so that a new one can be begun. */
export type WatchedJournal = Journal & { readonly isBroken: () => boolean }

export const watched = (journal: Journal): WatchedJournal => {
  let broken = false
  return {
    ...journal,
    isBroken: () => broken,
    append: async (facts) => {
      try {
        await journal.append(facts)
      } catch (cause) {
        broken = true
        throw cause
      }
    },
    checkpoint: async (facts) => {
      await journal.checkpoint(facts)
      broken = false
    },
  }
}
