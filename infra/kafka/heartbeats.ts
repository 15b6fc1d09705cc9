export type Heartbeats = {
  readonly stop: () => void
  /** What one was answered with that was no heartbeat's answer, once it has been dealt with. */
  readonly broken: () => Promise<unknown>
}

/**
 * Heartbeats while a batch is being handled. When one is answered with a rebalance, what is under way is
 * let go of at once, so that the handling comes to its end.
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
