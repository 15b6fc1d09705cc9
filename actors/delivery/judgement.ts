/** What follows from an answer: a pure step, and which way the send goes on. */
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { Assignment, ReturnReason } from '../../schemas/messages.ts'
import { delivered, fatesOf, halves, lost, type Progress } from './pieces.ts'
import type { DeliveryInput, Piece, Verdict } from './protocol.ts'

export type DeliveryContext = DeliveryInput & {
  /** The newest assignment that this send has heard of. */
  readonly newest: Assignment
  /** The one that its latest attempt went out under. */
  readonly under: Assignment
  readonly attempt: number
  /** What is still to go out; the first is being attempted. */
  readonly pieces: readonly Piece[]
  readonly progress: Progress
  /** Why what is left goes back to the cache. */
  readonly failure: Failure | null
  readonly dueMs: InstantMs
}

export type Failure = {
  readonly reason: ReturnReason
  readonly detail: string
  readonly retryAfterMs: number | null
  readonly jitter: number
}

/** An endpoint's verdict, or how else an attempt can end. */
export type Outcome = (
  | Verdict
  | { readonly kind: 'timedOut' }
  | { readonly kind: 'redirectFailed'; readonly detail: string }
) & { readonly jitter: number }

/** again: the next attempt; ask: whereto?; record: make ends durable; giveBack: nothing has ended. */
export type Way = 'again' | 'ask' | 'record' | 'giveBack'

export const judged = (
  context: DeliveryContext,
  outcome: Outcome,
  nowMs: InstantMs,
): { readonly context: DeliveryContext; readonly way: Way } => {
  const next = taken(context, outcome, nowMs)
  const isOver = next.pieces.length === 0
  if (isOver || next.failure !== null) {
    return {
      context: next,
      way: fatesOf(next.held, next.progress).length > 0 ? 'record' : 'giveBack',
    }
  }
  if (nowMs >= context.leaseUntilMs) {
    const failure = {
      reason: 'timed_out',
      detail: 'the lease ended',
      retryAfterMs: null,
      jitter: outcome.jitter,
    } as const
    const given: DeliveryContext = { ...next, failure }
    return {
      context: given,
      way: fatesOf(given.held, given.progress).length > 0 ? 'record' : 'giveBack',
    }
  }
  if (outcome.kind === 'redirected' && !knowsNewer(context)) return { context: next, way: 'ask' }
  return { context: attemptingAgain(next, nowMs), way: 'again' }
}

/** An assignment has come since the attempt went out. */
export const knowsNewer = ({ newest, under }: DeliveryContext): boolean =>
  newest.epoch > under.epoch

export const attemptingAgain = (context: DeliveryContext, nowMs: InstantMs): DeliveryContext => ({
  ...context,
  under: context.newest,
  attempt: context.attempt + 1,
  dueMs: attemptDeadline(context, nowMs),
})

export const attemptDeadline = (
  { attemptTimeoutMs, leaseUntilMs }: DeliveryInput,
  nowMs: InstantMs,
): InstantMs => instant(Math.min(nowMs + attemptTimeoutMs, leaseUntilMs))

const taken = (context: DeliveryContext, outcome: Outcome, nowMs: InstantMs): DeliveryContext => {
  const [piece, ...rest] = context.pieces
  if (piece === undefined) return context
  const { progress } = context
  switch (outcome.kind) {
    case 'accepted':
      return {
        ...context,
        pieces: rest,
        progress: delivered(progress, piece, { rejected: 0, message: '' }),
      }
    case 'partial':
      return { ...context, pieces: rest, progress: delivered(progress, piece, outcome) }
    case 'rejected': {
      if (isMisaddressed(context, outcome)) {
        return knowsNewer(context)
          ? context
          : failed(context, { ...outcome, kind: 'failed', detail: outcome.message }, nowMs)
      }
      // Which batch it is that the endpoint will not have is found out, so that the others go.
      const parts = piece.held.length > 1 ? halves(piece) : undefined
      if (parts !== undefined) return { ...context, pieces: [...parts, ...rest] }
      const detail = `${outcome.status} ${outcome.message}`.trim()
      return {
        ...context,
        pieces: rest,
        progress: lost(progress, [piece], { reason: 'rejected_by_endpoint', detail }),
      }
    }
    case 'unreadable':
      return unreadable(context, outcome, nowMs)
    case 'tooLarge': {
      const parts = halves(piece)
      if (parts !== undefined) return { ...context, pieces: [...parts, ...rest] }
      const why = {
        reason: 'rejected_by_endpoint',
        detail: '413: a single record is too large',
      } as const
      return { ...context, pieces: rest, progress: lost(progress, [piece], why) }
    }
    case 'redirected':
      return context
    default:
      return knowsNewer(context) ? context : failed(context, outcome, nowMs)
  }
}

/** Answers about the address or the credentials, and not about what was sent. */
const misaddressed: readonly number[] = [401, 403, 404, 405, 407]

/**
 * An endpoint that was just assigned, and has taken nothing yet, may be the wrong one: a slip of whoever
 * commanded it must not cost records. They go back, and it is given up for the one before it.
 */
const isMisaddressed = (
  { under, provenEpoch }: DeliveryContext,
  { status }: { readonly status: number },
): boolean =>
  under.by !== 'configuration' && under.epoch !== provenEpoch && misaddressed.includes(status)

/** What can not be read is lost; the rest of its piece goes out without it. */
const unreadable = (
  context: DeliveryContext,
  { held, detail, jitter }: Extract<Outcome, { kind: 'unreadable' }>,
  nowMs: InstantMs,
): DeliveryContext => {
  const ids = new Set(held.map(({ batch }) => batch.id))
  const pieces = context.pieces.flatMap((piece) => {
    const left = piece.held.filter(({ batch }) => !ids.has(batch.id))
    return left.length === 0 ? [] : [{ ...piece, held: left }]
  })
  const unread = context.pieces.flatMap((piece) =>
    piece.held
      .filter(({ batch }) => ids.has(batch.id))
      .map((it): Piece => ({ held: [it], cut: piece.cut })),
  )
  // One that names nothing of ours would be asked again at once, and for ever.
  if (unread.length === 0) return failed(context, { kind: 'unreachable', detail, jitter }, nowMs)
  const why = { reason: 'cache_corrupt', detail } as const
  const progress = lost(context.progress, unread, why)
  return { ...context, pieces, progress }
}

type Failing = Extract<
  Outcome,
  { kind: 'throttled' | 'failed' | 'unreachable' | 'timedOut' | 'redirectFailed' }
>

const reasons: Record<Failing['kind'], ReturnReason> = {
  throttled: 'throttled',
  failed: 'server_error',
  unreachable: 'unreachable',
  timedOut: 'timed_out',
  redirectFailed: 'redirect_failed',
}

/** A failed attempt: what is too old now has expired, everything else goes back. */
const failed = (context: DeliveryContext, outcome: Failing, nowMs: InstantMs): DeliveryContext => {
  const failure: Failure = {
    reason: reasons[outcome.kind],
    detail: detailOf(outcome),
    retryAfterMs: outcome.kind === 'throttled' ? outcome.retryAfterMs : null,
    jitter: outcome.jitter,
  }
  const isOld = (acceptedAtMs: number): boolean =>
    context.ageMsMax > 0 && nowMs - acceptedAtMs > context.ageMsMax
  const detail = `not delivered within ${context.ageMsMax} ms; the last attempt: ${failure.detail}`
  const expired = context.pieces
    .flatMap(({ held, cut }) => held.map((it): Piece => ({ held: [it], cut })))
    .filter(({ held }) => held.every(({ batch }) => isOld(batch.acceptedAtMs)))
  const progress = lost(context.progress, expired, { reason: 'expired', detail })
  return { ...context, progress, failure }
}

const detailOf = (outcome: Failing): string => {
  switch (outcome.kind) {
    case 'throttled':
      return `the endpoint answered ${outcome.status}`
    case 'failed':
      return `the endpoint answered ${outcome.status} ${outcome.detail}`.trim()
    case 'timedOut':
      return 'no answer before the deadline'
    default:
      return outcome.detail
  }
}
