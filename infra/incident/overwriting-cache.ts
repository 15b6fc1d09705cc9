/** What lies in the cache: one payload as it was collected. */
export type Entry = { readonly payload: Buffer; readonly records: number }

/**
 * A circular cache: when it is full, the newest overwrites the oldest, whether that was sent or not.
 * It outlives the agent, as a file on disk would. That it counts what it overwrites is for the
 * audience: nobody in the agent asks.
 */
export type OverwritingCache = {
  readonly add: (entry: Entry) => void
  /** The oldest that nobody has taken; waits until there is one. It stays in the cache. */
  readonly take: () => Promise<Entry>
  /** It was delivered: the cache may forget it. */
  readonly remove: (entry: Entry) => void
  /** It was not: somebody shall take it again. */
  readonly giveBack: (entry: Entry) => void
  /** After a restart nobody has taken anything, and nobody waits. */
  readonly reopen: () => void
  readonly heldRecords: () => number
}

export const openOverwritingCache = (options: {
  readonly bytesMax: number
  readonly onOverwritten: (records: number) => void
}): OverwritingCache => {
  const entries: Entry[] = []
  const taken = new Set<Entry>()
  const waiters: ((entry: Entry) => void)[] = []
  let bytes = 0

  const forget = (index: number): Entry | undefined => {
    const [entry] = index < 0 ? [] : entries.splice(index, 1)
    if (entry !== undefined) {
      taken.delete(entry)
      bytes -= entry.payload.length
    }
    return entry
  }
  const hand = (entry: Entry): void => {
    const waiter = waiters.shift()
    if (waiter === undefined) return
    taken.add(entry)
    waiter(entry)
  }

  return {
    add: (entry) => {
      while (entries.length > 0 && bytes + entry.payload.length > options.bytesMax)
        options.onOverwritten(forget(0)?.records ?? 0)
      entries.push(entry)
      bytes += entry.payload.length
      hand(entry)
    },
    take: () => {
      const oldest = entries.find((entry) => !taken.has(entry))
      if (oldest === undefined) return new Promise((resolve) => waiters.push(resolve))
      taken.add(oldest)
      return Promise.resolve(oldest)
    },
    remove: (entry) => {
      forget(entries.indexOf(entry))
    },
    giveBack: (entry) => {
      // What was overwritten meanwhile is not there any more.
      if (taken.delete(entry)) hand(entry)
    },
    reopen: () => {
      taken.clear()
      waiters.length = 0
    },
    heldRecords: () => entries.reduce((sum, { records }) => sum + records, 0),
  }
}
