/** Ctrl-C ends a long task early, and it cleans up all the same. */
export const interruptible = (): {
  readonly signal: AbortSignal
  readonly release: () => void
} => {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const name of signals) process.once(name, abort)
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.off(name, abort)
    },
  }
}
