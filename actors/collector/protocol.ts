import type { InstantMs } from '../../schemas/brand.ts'
import type { Batch, Messages, RefusalReason } from '../../schemas/messages.ts'
import type { Stamped, TimerFired } from '../kit/port.ts'

/** What clients sent while the last append was under way, counted and split, not yet numbered. */
export type GroupOffered = {
  readonly type: 'group.offered'
  readonly appendId: number
  readonly parts: readonly Part[]
}

/** Records of one stream, in the order in which they came. It becomes one batch. */
export type Part = Pick<
  Batch,
  'tenant' | 'service' | 'bytes' | 'priority' | 'fromMs' | 'toMs' | 'acceptedAtMs'
> & { readonly records: number }

export type CollectorInput = {
  /** This collector in this life; never used before (the name and a fresh incarnation). */
  readonly producer: string
  /** How long an append may take before its clients are told 503. */
  readonly appendTimeoutMs: number
  /** What a refused client is told to wait. */
  readonly retryAfterMs: number
  readonly startedAtMs: InstantMs
}

export type CollectorInbox = Stamped<
  | GroupOffered
  | Messages['append.done']
  | Messages['append.refused']
  | Messages['cache.filled']
  | Messages['cache.opened']
  | Messages['drain.requested']
  | TimerFired
>

/** What the collector asks of the sources' intake. */
export type IntakeEffects = {
  /** Offer the next group as soon as there is one. One group is out at a time. */
  readonly takeGroup: undefined
  /** The group is on stable storage: tell its clients 200. */
  readonly acknowledge: { readonly appendId: number }
  /** The group was not kept, or may not be: tell its clients 503. */
  readonly refuse: Refusal & { readonly appendId: number }
  /** Tell every client 503 from now on. */
  readonly closeIntake: Refusal
  readonly openIntake: undefined
}
export type Refusal = { readonly reason: RefusalReason; readonly retryAfterMs: number }
