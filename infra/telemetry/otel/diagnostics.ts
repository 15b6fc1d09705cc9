import { DiagLogLevel, diag } from '@opentelemetry/api'
import type { Log } from '../log.ts'

/** The same complaint again within this time is counted, and not logged. */
const quietMs = 60_000
const complaintsMax = 100
const charsMax = 500

/**
 * What the SDK has to complain about, an exporter that cannot reach its collector above all, as warnings
 * in the log: nothing of the records is lost by it.
 */
export const logDiagnostics = (log: Pick<Log, 'warn'>, nowMs: () => number): void => {
  const saidAtMs = new Map<string, number>()
  const complain = (text: string): void => {
    const atMs = nowMs()
    const complaint = firstLine(text)
    const last = saidAtMs.get(complaint)
    if (last !== undefined && atMs - last < quietMs) return
    if (saidAtMs.size >= complaintsMax) saidAtMs.clear()
    saidAtMs.set(complaint, atMs)
    log.warn('telemetry.failed', `OpenTelemetry: ${complaint}`)
  }
  const quiet = (): void => undefined
  diag.setLogger(
    { error: complain, warn: complain, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}

/** Errors come as JSON, with a stack. */
const firstLine = (text: string): string => {
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text
  return message.slice(0, charsMax).replaceAll(/\s+/g, ' ')
}
