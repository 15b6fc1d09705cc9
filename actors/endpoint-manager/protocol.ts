import type { Epoch, InstantMs } from '../../schemas/brand.ts'
import type { Assignment, Messages } from '../../schemas/messages.ts'
import type { Stamped, TimerFired } from '../kit/port.ts'

/**
 * What the assignment journal answers: its position is the epoch. `write` is the number that it was
 * given with the draft, so that a late answer is told from the one to the write that is out.
 */
export type JournalAnswer =
  | { readonly type: 'assignment.journaled'; readonly write: number; readonly epoch: Epoch }
  | { readonly type: 'journal.failed'; readonly write: number; readonly detail: string }

export type CommandResult =
  | { readonly kind: 'assigned'; readonly assignment: Assignment }
  | {
      readonly kind: 'refused'
      readonly why: 'not_allowed' | 'busy' | 'failed'
      readonly reason: string
    }

/** What happened to the endpoint, for people: logs, metrics, notices. */
export type Announcement =
  | { readonly kind: 'assigned'; readonly assignment: Assignment; readonly from: string | null }
  | { readonly kind: 'confirmed'; readonly assignment: Assignment }
  | {
      readonly kind: 'rolledBack'
      readonly from: string
      readonly to: string
      readonly reason: string
    }
  | { readonly kind: 'redirectRefused'; readonly location: string | null; readonly reason: string }

/** An assignment before it has its epoch. */
export type Draft = Omit<Assignment, 'epoch'>

export type EndpointManagerEffects = {
  /**
   * Make an assignment durable. Nobody is told of it before. Answered by its number; one that is not
   * answered for long is written once more, under the same number.
   */
  readonly journalAssignment: Draft & { readonly write: number }
  readonly answerCommand: { readonly commandId: string; readonly result: CommandResult }
  readonly announce: Announcement
}

export type EndpointManagerInput = {
  /** The configured endpoint; taken unless an assignment was restored. */
  readonly url: string
  /** Host patterns (`*.example.com`, `eu.example.net`, with or without a port) that may be redirected to. */
  readonly allow: readonly string[]
  /** Redirects in a row, without a good answer between them, at most. */
  readonly hopsMax: number
  /** Commands waiting for the journal at most. */
  readonly commandsMax: number
  /** Failed attempts, with none that succeeded, after which a new endpoint is given up. */
  readonly probationFailuresMax: number
  readonly journalTimeoutMs: number
  readonly historyMax: number
  /** How long a hop counts against `hopsMax` and for the recognition of loops. */
  readonly hopTtlMs: number
  readonly startedAtMs: InstantMs
}

export type EndpointManagerInbox = Stamped<
  | Messages['endpoint.commanded']
  | Messages['endpoint.pinned']
  | Messages['endpoint.unpinned']
  | Messages['endpoint.requested']
  | Messages['redirect.reported']
  | Messages['attempt.reported']
  | JournalAnswer
  | TimerFired
>
