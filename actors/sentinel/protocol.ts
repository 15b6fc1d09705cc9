import type { InstantMs } from '../../schemas/brand.ts'
import type { Stamped } from '../kit/port.ts'

/**
 * What one thing is watched for: whether it gets on. Its words are not heard, since whoever is stuck
 * may still say that all is well. Sampled by the port, several times within `stallAfterMs`.
 */
export type ProgressSeen = {
  readonly type: 'progress.seen'
  /** Whether something waits to be done, or is under way. */
  readonly work: 'some' | 'none'
  /** Another number each time that something was done: a message taken, an attempt ended. */
  readonly progress: number
  /** Records held: accepted, and neither delivered nor dropped. */
  readonly records: number
}

/** What the port answers to `restart`. */
export type RestartAnswer =
  | { readonly type: 'restart.done' }
  | { readonly type: 'restart.refused'; readonly detail: string }

export type SentinelInput = {
  /** What is watched, for people. */
  readonly subject: string
  /** Whether it can be started anew by itself; if not, only the whole process can. */
  readonly remedy: 'restart' | 'none'
  /** Work and no progress for so long is a stall; and so is as long again after a restart. */
  readonly stallAfterMs: number
  readonly startedAtMs: InstantMs
}

export type SentinelInbox = Stamped<ProgressSeen | RestartAnswer>

/** How long nothing was done, and how many records were held at most all the while. */
type Measure = { readonly stalledMs: number; readonly records: number }

export type Announcement = Measure &
  (
    | { readonly kind: 'stalled' }
    /** Nothing is left but to start the process anew: liveness fails. */
    | { readonly kind: 'givenUp'; readonly detail: string }
    | { readonly kind: 'recovered' }
  )

export type SentinelEffects = {
  readonly announce: Announcement
  /** Start what is watched anew. Answered once, but nobody waits for the answer for ever. */
  readonly restart: undefined
}
