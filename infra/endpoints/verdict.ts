import type { Verdict } from '../../actors/delivery/protocol.ts'
import { partialSuccess } from '../otlp/response.ts'
import { answerMessage, printable } from './answer-message.ts'
import { retryAfterMs } from './retry-after.ts'
import { baseOf } from './target.ts'

/** An answer, as far as it came. */
export type Answer = {
  readonly status: number
  readonly location: string | undefined
  readonly retryAfter: string | undefined
  readonly contentType: string
  /** Its start, if it was too long or did not end. */
  readonly body: Uint8Array
  /** What was posted to, and how many records. */
  readonly target: URL
  readonly records: number
  readonly nowMs: number
  /** Takes the secrets out of what the receiver wrote. */
  readonly redact: (text: string) => string
}

type Row = (answer: Answer) => Verdict

/** What an answer means. Total: every status has a row, of its own or of its class. */
export const verdictOf: Row = (answer) => (rows[answer.status] ?? classRow(answer.status))(answer)

/** What OTLP receivers answer with. Some leave the type out. */
export const isOtlpAnswer = (contentType: string): boolean =>
  contentType === '' || /^application\/(x-)?(protobuf|json)\b/i.test(contentType)

const accepted: Row = (answer) => {
  if (!isOtlpAnswer(answer.contentType)) return { kind: 'accepted' }
  const partial = partialSuccess(answer.body, answer.contentType)
  if (partial === undefined || !(partial.rejected > 0)) return { kind: 'accepted' }
  const rejected = Math.min(partial.rejected, answer.records)
  return { kind: 'partial', rejected, message: printable(answer.redact(partial.message)) }
}

const redirected: Row = ({ status, location, target }) => ({
  kind: 'redirected',
  status,
  location: baseOf(location, target),
})

const tooLarge: Row = () => ({ kind: 'tooLarge' })

const throttled: Row = ({ status, retryAfter, nowMs }) => ({
  kind: 'throttled',
  status,
  retryAfterMs: retryAfterMs(retryAfter, nowMs),
})

const failed: Row = (answer) => ({
  kind: 'failed',
  status: answer.status,
  detail: messageOf(answer),
})

/** 503 is "not now" when it says for how long, and a fault when not. */
const unavailable: Row = (answer) =>
  retryAfterMs(answer.retryAfter, answer.nowMs) === null ? failed(answer) : throttled(answer)

const rejected: Row = (answer) => ({
  kind: 'rejected',
  status: answer.status,
  message: messageOf(answer),
})

const rows: Readonly<Record<number, Row>> = {
  307: redirected,
  308: redirected,
  408: failed,
  413: tooLarge,
  429: throttled,
  // Request Header Fields Too Large: the batch ids are in the headers, and half as many may fit.
  431: tooLarge,
  503: unavailable,
}

const classRow = (status: number): Row => {
  if (status >= 200 && status < 300) return accepted
  if (status >= 400 && status < 500) return rejected
  // 5xx; the 3xx that would turn a POST into a GET, or point nowhere; 1xx, which is no answer yet;
  // and numbers that HTTP does not have. Records are never lost by any of them.
  return failed
}

const messageOf = ({ body, contentType, redact }: Answer): string =>
  printable(redact(answerMessage(body, contentType)))
