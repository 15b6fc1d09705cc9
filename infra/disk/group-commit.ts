/**
 * Joins what is submitted while a commit is under way: it becomes the next commit, as one, so that
 * many callers share one `fdatasync`.
 */
export type GroupCommit<Item, Answer> = {
  /** @throws what `commit` throws, the same for all of its group; what `refuse` makes. */
  readonly submit: (item: Item) => Promise<Answer>
  /** Runs a task between two commits, before what waits. */
  readonly exclusive: <T>(task: () => Promise<T>) => Promise<T>
  /** Commits what waits, then resolves. What comes later is refused. */
  readonly close: () => Promise<void>
}

export type GroupCommitOptions<Item, Answer> = {
  /** All or nothing: one answer an item, in their order. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Answer[]>
  readonly bytesOf: (item: Item) => number
  readonly refuse: (why: 'queue_full' | 'closed') => Error
}

/** What may wait for the commit that is under way. */
export const itemsQueuedMax = 4096
export const bytesQueuedMax = 256 * 1024 * 1024
/** A group stops growing here, so that the first in it does not wait for ever. */
export const groupBytesMax = 32 * 1024 * 1024

type Queued<Item, Answer> = {
  readonly item: Item
  readonly bytes: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (cause: unknown) => void
}

export const openGroupCommit = <Item, Answer>(
  options: GroupCommitOptions<Item, Answer>,
): GroupCommit<Item, Answer> => {
  const queue: Queued<Item, Answer>[] = []
  const tasks: (() => Promise<void>)[] = []
  let queuedBytes = 0
  let running: Promise<void> | null = null
  let closed: 'closed' | null = null

  const takeGroup = (): readonly Queued<Item, Answer>[] => {
    let [count, bytes] = [0, 0]
    for (const queued of queue) {
      if (count > 0 && bytes + queued.bytes > groupBytesMax) break
      bytes += queued.bytes
      count += 1
    }
    queuedBytes -= bytes
    return queue.splice(0, count)
  }
  const commitGroup = async (): Promise<void> => {
    const group = takeGroup()
    try {
      const answers = await options.commit(group.map(({ item }) => item))
      for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer)
    } catch (cause) {
      for (const { reject } of group) reject(cause)
    }
  }
  const run = async (): Promise<void> => {
    // What is submitted in this same turn is in the first group too.
    await Promise.resolve()
    while (tasks.length + queue.length > 0) {
      const task = tasks.shift()
      await (task === undefined ? commitGroup() : task())
    }
    running = null
  }
  const wake = (): void => {
    running ??= run()
  }

  return {
    submit: (item) => {
      const bytes = options.bytesOf(item)
      if (closed !== null) return Promise.reject(options.refuse('closed'))
      if (
        queue.length >= itemsQueuedMax ||
        (queuedBytes > 0 && queuedBytes + bytes > bytesQueuedMax)
      )
        return Promise.reject(options.refuse('queue_full'))
      return new Promise((resolve, reject) => {
        queue.push({ item, bytes, resolve, reject })
        queuedBytes += bytes
        wake()
      })
    },
    exclusive: (task) => {
      if (closed !== null) return Promise.reject(options.refuse('closed'))
      if (tasks.length >= itemsQueuedMax) return Promise.reject(options.refuse('queue_full'))
      return new Promise((resolve, reject) => {
        tasks.push(() => task().then(resolve, reject))
        wake()
      })
    },
    close: async () => {
      closed = 'closed'
      await running
    },
  }
}
