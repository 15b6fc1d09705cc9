/**
 * Lets many write to the journal at a time, but none while a checkpoint is taken: what is written to
 * the old file and is not in the checkpoint would be forgotten.
 */
export type Turnstile = {
  /** Runs at once, beside others, or as soon as what runs alone has ended. Never one in another. */
  readonly through: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** Runs once all that came before has ended; what comes later waits. */
  readonly alone: <Result>(work: () => Promise<Result>) => Promise<Result>
}

export const openTurnstile = (): Turnstile => {
  let inside = 0
  let closed: PromiseWithResolvers<void> | null = null
  let emptied: PromiseWithResolvers<void> | null = null

  return {
    through: async (work) => {
      while (closed !== null) await closed.promise
      inside += 1
      try {
        return await work()
      } finally {
        inside -= 1
        if (inside === 0) emptied?.resolve()
      }
    },
    alone: async (work) => {
      while (closed !== null) await closed.promise
      const mine = Promise.withResolvers<void>()
      closed = mine
      try {
        if (inside > 0) {
          emptied = Promise.withResolvers<void>()
          await emptied.promise
        }
        return await work()
      } finally {
        emptied = null
        closed = null
        mine.resolve()
      }
    },
  }
}
