import type { Log } from '../../infra/telemetry/log.ts'

/**
 * npm hands on what the terminal, or `timeout`, has sent to the process already as one of its group: one
 * wish, the same signal twice.
 */
const echoMsMax = 250

/** Resolves at the first SIGTERM or SIGINT with its name; the second calls `hurry`. */
export const interruption = (given: {
  /** The process, which emits signals by their names. */
  readonly signals: Pick<NodeJS.EventEmitter, 'on'>
  readonly nowMs: () => number
  readonly hurry: () => void
  readonly log: Log
}): Promise<string> => {
  const { signals, nowMs, hurry, log } = given
  const { promise, resolve } = Promise.withResolvers<string>()
  let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | null = null
  const hear = (signal: NodeJS.Signals) => {
    if (first === null) {
      first = { signal, atMs: nowMs() }
      resolve(signal)
      return
    }
    if (signal === first.signal && nowMs() - first.atMs < echoMsMax) return
    log.warn('stop.hurried', 'A second signal: exiting at once. What was accepted is on disk.', {
      signal,
    })
    hurry()
  }
  signals.on('SIGTERM', hear)
  signals.on('SIGINT', hear)
  return promise
}
