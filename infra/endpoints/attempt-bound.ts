import type { InstantMs } from '../../schemas/brand.ts'

/** The longest that a Node timer can wait. */
const timerMsMax = 2 ** 31 - 1

/** What ends an attempt from outside. */
export type AttemptBound = {
  readonly isReached: () => boolean
  /** Lets go of the timer and of the listener: the bound will not be reached any more. */
  readonly release: () => void
}

/** @param options.onReached is told why, once: the deadline has passed, or the attempt is abandoned. */
export const boundAttempt = (options: {
  readonly deadlineMs: InstantMs
  readonly signal: AbortSignal
  readonly nowMs: number
  readonly onReached: (why: string) => void
}): AttemptBound => {
  const remainingMs = Math.max(0, options.deadlineMs - options.nowMs)
  let reached = false

  const reach = (why: string): void => {
    release()
    reached = true
    // Not before its caller has the bound in its hands.
    queueMicrotask(() => options.onReached(why))
  }
  const onAbort = (): void => reach('abandoned')
  const timer = setTimeout(
    () => reach(`timed out after ${remainingMs} ms`),
    Math.min(remainingMs, timerMsMax),
  )
  const release = (): void => {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', onAbort)
  }
  options.signal.addEventListener('abort', onAbort, { once: true })
  if (options.signal.aborted) onAbort()
  else if (remainingMs === 0) reach('timed out before it was sent')
  return { isReached: () => reached, release }
}
