import { cursorOver, MalformedError, readEnd, readTag, skipValue } from '../otlp/wire.ts'

/** What a receiver says of itself ends up in drop events and logs: it is kept short and printable. */
export const messageCharsMax = 500

/**
 * Why a request was not taken, in the receiver's words: the message of a google.rpc.Status, as OTLP
 * has it, or else the text that came. Empty where there is none. As it came: see `printable`.
 */
export const answerMessage = (body: Uint8Array, contentType: string): string => {
  if (body.byteLength === 0) return ''
  if (/^application\/(x-)?protobuf\b/i.test(contentType)) return statusMessage(body)
  const text = new TextDecoder().decode(body)
  return /^application\/json\b/i.test(contentType) ? jsonMessage(text) : text
}

/** Control characters, line breaks and characters that turn the direction of text become spaces. */
export const printable = (text: string): string => {
  const line = text
    .slice(0, 4 * messageCharsMax)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\s]+/gu, ' ')
    .trim()
  const short = line.length > messageCharsMax ? `${line.slice(0, messageCharsMax - 1)}…` : line
  return short.toWellFormed()
}

/** `Status { int32 code = 1; string message = 2; repeated Any details = 3 }` */
const messageTag = (2 << 3) | 2

const statusMessage = (body: Uint8Array): string => {
  const cursor = cursorOver(body)
  const end = body.byteLength
  try {
    while (cursor.at < end) {
      const tag = readTag(cursor, end)
      if (tag === messageTag) {
        const messageEnd = readEnd(cursor, end)
        return cursor.bytes.toString('utf8', cursor.at, messageEnd)
      }
      skipValue(cursor, tag & 7, end)
    }
  } catch (cause) {
    // Cut off, or no Status at all: the status line has said what there is to know.
    if (!(cause instanceof MalformedError)) throw cause
  }
  return ''
}

const jsonMessage = (text: string): string => {
  try {
    const value: unknown = JSON.parse(text)
    const message =
      typeof value === 'object' && value !== null && 'message' in value ? value.message : undefined
    return typeof message === 'string' ? message : text
  } catch (cause) {
    if (cause instanceof SyntaxError) return text
    throw cause
  }
}
