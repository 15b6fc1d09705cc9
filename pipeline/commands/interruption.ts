import type { Log } from '../../infra/telemetry/log.ts'

/** npm hands on the Ctrl-C that the terminal has sent to the process already: one wish, two signals. */
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
  let firstAtMs: number | null = null
  const hear = (signal: NodeJS.Signals) => {
    if (firstAtMs === null) {
      firstAtMs = nowMs()
      resolve(signal)
      return
    }
    if (signal === 'SIGINT' && nowMs() - firstAtMs < echoMsMax) return
    log.warn('stop.hurried', 'A second signal: exiting at once. What was accepted is on disk.', {
      signal,
    })
    hurry()
  }
  signals.on('SIGTERM', hear)
  signals.on('SIGINT', hear)
  return promise
}
