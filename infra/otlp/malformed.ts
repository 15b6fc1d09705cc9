import { childOf, type Message, request } from './grammar.ts'
import { type Cursor, cursorOver, MalformedError, readEnd, readTag, skipValue } from './wire.ts'

/** A client sent what is no ExportLogsServiceRequest. */
export type Malformed = {
  readonly kind: 'malformed'
  /** What is wrong and where, for the client to read. */
  readonly message: string
  /** Protobuf: bytes from the start of the body. JSON: `null`. */
  readonly offset: number | null
  /** Protobuf: `resource_logs[0].scope_logs[2].log_records[7].body`; JSON: `$.resourceLogs[0]…`. */
  readonly path: string
}

/**
 * Turns an error met while walking into a value that says where. The walk itself keeps no path, to
 * be fast; here the way down to the offset is walked once more, by the grammar.
 */
export const malformedAt = (bytes: Uint8Array, error: MalformedError): Malformed => {
  const path = pathTo(cursorOver(bytes), error.offset)
  const { message, offset } = error
  const where = path === '' ? 'the request' : path
  return { kind: 'malformed', message: `${message}, at byte ${offset} in ${where}`, offset, path }
}

const pathTo = (cursor: Cursor, offset: number): string => {
  let message: Message | null = request
  let end = cursor.bytes.length
  const steps: string[] = []
  while (message !== null && offset < end) {
    const step = stepTo(cursor, { end, message, offset })
    if (step === undefined) break
    steps.push(step.name)
    end = step.end
    message = step.child
  }
  return steps.join('.')
}

type Step = { readonly name: string; readonly end: number; readonly child: Message | null }

/** The field that holds the offset; undefined when the fault is in a tag of this very message. */
const stepTo = (
  cursor: Cursor,
  { end, message, offset }: { end: number; message: Message; offset: number },
): Step | undefined => {
  const indexes = new Map<number, number>()
  while (cursor.at < end) {
    const start = cursor.at
    const tag = readTagLeniently(cursor, end)
    if (tag === undefined) return undefined
    const field = tag >>> 3
    const index = indexes.get(field) ?? 0
    indexes.set(field, index + 1)
    const position = message.repeated.has(field) ? `[${index}]` : ''
    const name = `${message.names[field] ?? `field ${field}`}${position}`
    const child = childOf(message, tag)
    if (offset === start) return { name, end, child: null }
    try {
      const content = (tag & 7) === 2 ? readEnd(cursor, end) : cursor.at
      if ((tag & 7) !== 2) skipValue(cursor, tag & 7, end)
      if (offset < Math.max(content, cursor.at) && offset >= cursor.at)
        return { name, end: content, child }
      cursor.at = Math.max(content, cursor.at)
    } catch (cause) {
      if (cause instanceof MalformedError) return { name, end, child: null }
      throw cause
    }
  }
  return undefined
}

const readTagLeniently = (cursor: Cursor, end: number): number | undefined => {
  try {
    return readTag(cursor, end)
  } catch (cause) {
    if (cause instanceof MalformedError) return undefined
    throw cause
  }
}
