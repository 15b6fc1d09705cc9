import type { InstantMs } from '../../schemas/brand.ts'
import type { Assignment, Held, Messages } from '../../schemas/messages.ts'
import type { Stamped, TimerFired } from '../kit/port.ts'

export type DispatcherInput = {
  readonly dispatcher: string
  /** Requests in flight at most. */
  readonly concurrency: number
  /** Batches and payload bytes of one request at most. */
  readonly requestBatchesMax: number
  readonly requestBytesMax: number
  /** Payload bytes leased in all at most: a share of the cache, so that eviction can always go on. */
  readonly leasedBytesMax: number
  readonly backoff: { readonly initialMs: number; readonly maxMs: number }
  /** `stream`: one batch of a stream in flight at most. */
  readonly ordering: 'none' | 'stream'
  /** How long to wait for an assignment before asking again. */
  readonly assignmentTimeoutMs: number
  readonly startedAtMs: InstantMs
}

export type DispatcherEffects = {
  /** Bring a delivery to life. It is told what it needs to know until it says `send.ended`. */
  readonly startSend: {
    readonly sendId: string
    readonly held: readonly Held[]
    readonly assignment: Assignment
    /** What is not settled by then, the cache takes back. */
    readonly leaseUntilMs: InstantMs
    readonly nowMs: InstantMs
    /** The last epoch under which the endpoint was seen to take something; -1: none yet. */
    readonly provenEpoch: number
  }
}

export type DispatcherInbox = Stamped<
  | Messages['endpoint.assigned']
  | Messages['redirect.refused']
  | Messages['batches.leased']
  | Messages['attempt.moved']
  | Messages['send.ended']
  | Messages['dispatch.suspended']
  | Messages['dispatch.resumed']
  | Messages['drain.requested']
  | TimerFired
>
