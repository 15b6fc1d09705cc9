/**
 * Log lines are JSON, one a line: `{time, level, event, message, …fields}`. Levels go by loss, so
 * that an alert can be hung on one of them: `warn` is unexpected but nothing was lost; `error` means
 * that data was lost or that a person must act.
 */
export const levels = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof levels)[number]

/** An event is named `noun.pastParticiple`; a message is a sentence for people. */
export type Write = (event: string, message: string, fields?: Fields) => void
export type Fields = Readonly<Record<string, unknown>>
export type Log = Readonly<Record<Level, Write>> & {
  /** A log whose lines carry these fields too. */
  readonly child: (fields: Fields) => Log
}

const stringCharsMax = 8 * 1024
const depthMax = 6
const itemsMax = 100
/** What a field of such a name holds is never written, whoever passed it by mistake. */
const secret = /authorization|cookie|password|secret|token|api[-_]?key/i

/** @param options.write takes one line, its newline included. It must not throw. */
export const openLog = (options: {
  readonly write: (line: string) => void
  readonly level: Level
  readonly now: () => number
}): Log => {
  const lowest = levels.indexOf(options.level)
  const withFields = (fields: Fields): Log => {
    const at = (level: Level): Write =>
      levels.indexOf(level) < lowest
        ? () => undefined
        : (event, message, more = {}) => {
            const head = { time: new Date(options.now()).toISOString(), level, event, message }
            const line = { ...head, ...plainFields({ ...fields, ...more }), ...head }
            options.write(`${JSON.stringify(line)}\n`)
          }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (more) => withFields({ ...fields, ...more }),
    }
  }
  return withFields({})
}

const plainFields = (fields: Fields): Record<string, unknown> =>
  plain(fields, 0) as Record<string, unknown>

/** Anything at all, as JSON that is bounded and has no secrets: a log line must never throw. */
const plain = (value: unknown, depth: number): unknown => {
  if (typeof value === 'string')
    return value.length > stringCharsMax ? `${value.slice(0, stringCharsMax)}…` : value
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null)
    return typeof value === 'function' || typeof value === 'symbol' ? String(value) : value
  if (depth >= depthMax) return '…'
  if (value instanceof Error) return plainError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  const items: readonly unknown[] | undefined = Array.isArray(value)
    ? value
    : value instanceof Set || value instanceof Map
      ? [...value]
      : undefined
  if (items !== undefined) return items.slice(0, itemsMax).map((item) => plain(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, itemsMax)
      .map(([key, item]) => [key, secret.test(key) ? '[redacted]' : plain(item, depth + 1)]),
  )
}

const plainError = (error: Error, depth: number): unknown => ({
  name: error.name,
  message: plain(error.message, depth),
  ...('code' in error ? { code: plain(error.code, depth + 1) } : {}),
  ...(error.stack === undefined ? {} : { stack: plain(error.stack, depth) }),
  ...(error.cause === undefined ? {} : { cause: plain(error.cause, depth + 1) }),
})
