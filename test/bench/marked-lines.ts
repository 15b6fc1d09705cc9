/**
 * Requests as lines of syslog (RFC 5424, one a record), for peers that speak no OTLP. Each line says which
 * request it belongs to; a request has arrived once as many lines of it have as it has records.
 */
import {
  digitsOf,
  type Mark,
  type MarkedRequest,
  markChars,
  markKey,
  markOf,
} from './marked-request.ts'

const head = `<14>1 2026-01-01T00:00:00Z bench bench - - - ${markKey}:`

export const markedLines = (options: {
  readonly records: number
  readonly recordBytes: number
}): MarkedRequest => {
  const { records, recordBytes } = options
  const filling = Math.max(0, recordBytes - head.length - markChars - 2)
  const line = `${head}${'0'.repeat(markChars)} ${'x'.repeat(filling)}\n`
  const bytes = Buffer.from(line.repeat(records), 'latin1')
  return {
    bytes,
    mark: (number, sentAtUs) => {
      const mark = digitsOf({ number, records, sentAtUs })
      for (let index = 0; index < records; index += 1)
        bytes.write(mark, index * line.length + head.length, 'latin1')
    },
  }
}

/** Calls back for each line that has a mark, wherever in the text it stands: after `:`, or JSON's `":"`. */
export const readLineMarks = (text: Buffer, found: (mark: Mark) => void): void => {
  for (let at = text.indexOf(markKey); at >= 0; at = text.indexOf(markKey, at + markKey.length)) {
    let from = at + markKey.length
    while (separators.has(text[from] ?? 0)) from += 1
    found(markOf(text.toString('latin1', from, from + markChars)))
  }
}
const separators: ReadonlySet<number> = new Set(Buffer.from('": '))
