import { openLog } from '../infra/telemetry/log.ts'

/** What may wait for a reader that is slow, or stuck: losses that go on write megabytes a second. */
const waitingBytesMax = 4 * 1024 * 1024

/** A stream that keeps in memory what its reader has not taken, as stderr does on a pipe. */
export type LineStream = {
  readonly write: (text: string) => unknown
  /** Bytes that wait. */
  readonly writableLength: number
  readonly once: (event: 'drain', listener: () => void) => unknown
}

/**
 * Writes lines as long as their reader takes them. Beyond what may wait they are left out, and how many
 * is said in a line of the log, `lines.omitted`, once the reader has taken what was there.
 */
export const boundedLines = (stream: LineStream): ((line: string) => void) => {
  const log = openLog({ write: (line) => stream.write(line), level: 'warn', now: Date.now })
  let omitted = 0
  const tell = (): void => {
    const text =
      `${omitted} lines of the log were left out here, since nobody took those before them. What they ` +
      'told of drop events is in drops.ndjson and in the metrics all the same.'
    log.warn('lines.omitted', text, { lines: omitted })
    omitted = 0
  }
  return (line) => {
    // Until it is told that some are missing none follows, or it would be told in the wrong place.
    if (omitted === 0 && stream.writableLength <= waitingBytesMax) {
      stream.write(line)
      return
    }
    if (omitted === 0) stream.once('drain', tell)
    omitted += 1
  }
}
