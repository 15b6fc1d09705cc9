import type { InstantMs } from '../../schemas/brand.ts'
import type {
  Batch,
  Eviction,
  Held,
  Messages,
  Position,
  Priority,
  RefusalReason,
  Settlement,
} from '../../schemas/messages.ts'
import type { Stamped, TimerFired } from '../kit/port.ts'

/** A file of the record log, of one priority. The log writes to one segment of each priority. */
export type Segment = {
  readonly id: number
  readonly priority: Priority
  /** On disk. */
  readonly bytes: number
  /** Not settled yet. */
  readonly batches: number
  /** Nothing will be appended to it any more. */
  readonly sealed: boolean
}

/** What the record log answers. */
export type LogAnswer =
  | { readonly type: 'log.recovered'; readonly segments: readonly Segment[] }
  | {
      readonly type: 'log.appended'
      readonly appendId: number
      readonly held: readonly Held[]
      /** Each segment that this append wrote to, as it is now, and those that it sealed. */
      readonly segments: readonly SegmentWritten[]
    }
  | { readonly type: 'log.failed'; readonly appendId: number; readonly reason: RefusalReason }
  | {
      readonly type: 'batches.loaded'
      readonly priority: Priority
      /** Oldest first, all behind what `load` named. */
      readonly held: readonly Held[]
      /** The last position looked at; `null` when there was nothing behind what `load` named. */
      readonly through: Position | null
    }
  | { readonly type: 'segment.removed'; readonly segment: number }
  | { readonly type: 'removal.failed'; readonly segment: number; readonly detail: string }

export type SegmentWritten = Pick<Segment, 'id' | 'priority' | 'bytes' | 'sealed'>

/** What the ledger answers to `recordEviction`. */
export type EvictionAnswer =
  | { readonly type: 'eviction.recorded'; readonly eviction: Eviction }
  | { readonly type: 'eviction.failed'; readonly segment: number; readonly detail: string }

/** What the cache asks of the record log and the ledger. Each asks once and is answered once. */
export type CacheEffects = {
  /** To ask again while the log is recovering changes nothing. */
  readonly recover: undefined
  readonly appendToLog: { readonly appendId: number; readonly batches: readonly Batch[] }
  /** Unsettled batches of a priority, oldest first, strictly behind a position. */
  readonly load: {
    readonly priority: Priority
    readonly after: Position | null
    readonly batchesMax: number
  }
  /** Make the loss of all that is unsettled in a segment durable, as drop events. */
  readonly recordEviction: { readonly segment: number; readonly nowMs: InstantMs }
  /** Let go of batches. Only the ledger makes a `Settlement`, after it is durable. */
  readonly release: { readonly settlements: readonly Settlement[] }
  /** Remove an evicted segment. Only the ledger makes an `Eviction`, after it is durable. */
  readonly removeEvicted: { readonly eviction: Eviction }
  /** Remove a segment in which everything is settled. */
  readonly retire: { readonly segment: number }
}

export type CacheInput = {
  readonly capacityBytes: number
  readonly whenFull: 'overwrite_oldest' | 'refuse'
  /** How long a dispatcher may keep what it was leased. */
  readonly leaseMs: number
  /** What a refused collector is told to wait. */
  readonly retryAfterMs: number
  /** How many batches of a priority are kept at hand, as coordinates. */
  readonly readyMax: number
  readonly ordering: 'none' | 'stream'
  /** How long the disk may take before the cache says that it is stuck. */
  readonly diskTimeoutMs: number
  readonly startedAtMs: InstantMs
}

export type CacheInbox = Stamped<
  | Messages['append.requested']
  | Messages['demand.raised']
  | Messages['batches.settled']
  | Messages['batches.returned']
  | Messages['drain.requested']
  | LogAnswer
  | EvictionAnswer
  | TimerFired
>
