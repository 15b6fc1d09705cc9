/** Work that is done one piece at a time, in the order it came in. */
export type Turns = {
  /** `busy` when too much waits already. @throws what the work throws. */
  readonly run: (work: () => Promise<void>) => Promise<'done' | 'busy'>
  /** Resolves when all that was taken on is over. */
  readonly idle: () => Promise<void>
}

export const openTurns = (options: { readonly waitingMax: number }): Turns => {
  let waiting = 0
  let last: Promise<void> = Promise.resolve()
  return {
    run: async (work) => {
      if (waiting >= options.waitingMax) return 'busy'
      waiting += 1
      const turn = last.then(work)
      // The next in line waits for its end, good or bad. A failure is thrown to whoever asked for it.
      last = Promise.allSettled([turn]).then(() => undefined)
      try {
        await turn
        return 'done'
      } finally {
        waiting -= 1
      }
    },
    idle: () => last,
  }
}
