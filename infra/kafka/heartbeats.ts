export type Heartbeats = {
  readonly stop: () => void
  /** What one was answered with that was no heartbeat's answer, once it has been dealt with. */
  readonly broken: () => Promise<unknown>
}

/** After these the client joins its group again by itself. After all others it goes on as if nothing were. */
const rejoining: ReadonlySet<unknown> = new Set([
  'REBALANCE_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
])
export const joinsAgainAfter = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'type' in cause && rejoining.has(cause.type)

/**
 * Heartbeats while a batch is being handled. When one is answered with a rebalance, or not at all, what is
 * under way is let go of at once, so that the handling comes to its end.
 */
export const beatWhileHandling = (options: {
  readonly heartbeat: () => Promise<void>
  readonly everyMs: number
  readonly revoke: () => Promise<void>
}): Heartbeats => {
  let broken: unknown
  let revoking: Promise<void> = Promise.resolve()
  let stopped = false
  const timer = setInterval(() => {
    if (broken !== undefined) return
    options.heartbeat().catch((cause: unknown) => {
      if (stopped || broken !== undefined) return
      broken = cause
      revoking = options.revoke()
    })
  }, options.everyMs)
  return {
    stop: () => {
      stopped = true
      clearInterval(timer)
    },
    broken: async () => {
      await revoking
      return broken
    },
  }
}
