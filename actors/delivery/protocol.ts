import type { InstantMs, Seq } from '../../schemas/brand.ts'
import type { Assignment, DropReason, Held, Messages, Settlement } from '../../schemas/messages.ts'
import type { Stamped, TimerFired } from '../kit/port.ts'

/** What one request carries: whole batches, or after a 413 a part of one. All of one tenant. */
export type Piece = {
  readonly held: readonly Held[]
  /** Set when the piece is a part of a single batch: the records [firstSeq, lastSeq] of it. */
  readonly cut: { readonly firstSeq: Seq; readonly lastSeq: Seq } | null
}

/** What an endpoint said to one attempt. */
export type Verdict =
  | { readonly kind: 'accepted' }
  /** OTLP partial_success: it took the request, except for so many records. */
  | { readonly kind: 'partial'; readonly rejected: number; readonly message: string }
  /** 307 or 308; a missing Location is `null`. */
  | { readonly kind: 'redirected'; readonly status: number; readonly location: string | null }
  /** 413 */
  | { readonly kind: 'tooLarge' }
  /** 429, or another answer with Retry-After */
  | { readonly kind: 'throttled'; readonly status: number; readonly retryAfterMs: number | null }
  /** 5xx, or 408 */
  | { readonly kind: 'failed'; readonly status: number; readonly detail: string }
  /** No answer: refused, reset, name not found, TLS, a body that is no HTTP */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** Any other answer, a 4xx above all: the same request would be refused again. */
  | { readonly kind: 'rejected'; readonly status: number; readonly message: string }
  /** The record log could not give the payload back: it is gone, or its checksum is wrong. */
  | { readonly kind: 'unreadable'; readonly held: readonly Held[]; readonly detail: string }

/** How a batch ended, before the ledger has it: delivered + the drops' records = its records. */
export type Fate = {
  readonly held: Held
  readonly delivered: number
  readonly drops: readonly Loss[]
}
export type Loss = {
  readonly firstSeq: Seq
  readonly lastSeq: Seq
  readonly records: number
  readonly reason: DropReason
  readonly detail: string
}

export type DeliveryAnswer =
  | {
      readonly type: 'attempt.answered'
      /** Which attempt of this send: a late answer to an older one is recognised by it. */
      readonly attempt: number
      readonly verdict: Verdict
      /** 0 to 1, drawn by the port, to spread retries. */
      readonly jitter: number
    }
  | { readonly type: 'fates.recorded'; readonly settlements: readonly Settlement[] }
  | { readonly type: 'fates.failed'; readonly detail: string }

export type DeliveryEffects = {
  /** One request. Answered by `attempt.answered`, whatever happens, unless it is abandoned first. */
  readonly attempt: {
    readonly sendId: string
    readonly attempt: number
    readonly assignment: Assignment
    readonly piece: Piece
    readonly deadlineMs: InstantMs
  }
  /** Stop caring about an attempt. The client may finish it all the same; the answer is then late. */
  readonly abandon: { readonly sendId: string; readonly attempt: number }
  /** Make the ends of batches durable. Answered by `fates.recorded` or `fates.failed`. */
  readonly recordFates: { readonly sendId: string; readonly fates: readonly Fate[] }
}

export type DeliveryInput = {
  readonly sendId: string
  readonly held: readonly Held[]
  readonly assignment: Assignment
  readonly attemptTimeoutMs: number
  /** How long the endpoint manager may take to answer a redirect. */
  readonly assignmentTimeoutMs: number
  /** How long the ledger may take to make an end durable. */
  readonly recordTimeoutMs: number
  /** Records older than this are dropped as expired when an attempt fails; 0: never. */
  readonly ageMsMax: number
  /** No attempt goes on for longer: then the cache takes the batches back. */
  readonly leaseUntilMs: InstantMs
  readonly startedAtMs: InstantMs
  /** The last epoch under which the endpoint was seen to take something when this send began. */
  readonly provenEpoch: number
}

export type DeliveryInbox = Stamped<
  Messages['endpoint.assigned'] | Messages['redirect.refused'] | DeliveryAnswer | TimerFired
>
