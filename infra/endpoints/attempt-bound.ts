import type { InstantMs } from '../../schemas/brand.ts'

/** The longest that a Node timer can wait. */
const timerMsMax = 2 ** 31 - 1

/** What ends an attempt from outside. */
export type AttemptBound = {
  /** For the HTTP client: aborted at the deadline, or when the attempt is abandoned. */
  readonly signal: AbortSignal
  /** Resolves with why, as soon as the bound is reached; never, if it is released before. */
  readonly reached: Promise<string>
  /** Lets go of the timer and of the listener. */
  readonly release: () => void
}

export const boundAttempt = (options: {
  readonly deadlineMs: InstantMs
  readonly signal: AbortSignal
  readonly nowMs: number
}): AttemptBound => {
  const { promise: reached, resolve } = Promise.withResolvers<string>()
  const client = new AbortController()
  const remainingMs = Math.max(0, options.deadlineMs - options.nowMs)

  const reach = (why: string): void => {
    release()
    resolve(why)
    client.abort()
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
  return { signal: client.signal, reached, release }
}
