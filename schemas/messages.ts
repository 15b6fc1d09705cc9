// Written by `npm run generate` from avro/*.avsc. Change those.
import type { BatchId, Branded, Epoch, InstantMs, Seq } from './brand.ts'

/** journal: the journal was missing at this start, though there had been one: the account begins here, and what was before it is in none. */
export type AccountBegun = {
  readonly type: 'account.begun'
  readonly detail: string
  readonly atMs: InstantMs
}

/** auditor → itself: of a shard, what everything before these offsets came to. Written before the topics are cut off there. */
export type AccountCheckpointed = {
  readonly type: 'account.checkpointed'
  readonly shard: number
  /** everything that was announced before has ended, and is in the rows */
  readonly appendedTo: number
  /** no end before is of what was announced later */
  readonly settlementsTo: number
  readonly rows: readonly LedgerRow[]
  readonly atMs: InstantMs
}

/** journal: the state that an actor is restored from. */
export type ActorPersisted = {
  readonly type: 'actor.persisted'
  readonly actor: string
  readonly version: number
  /** JSON */
  readonly snapshot: string
  readonly atMs: InstantMs
}

/** cache → collector: the batches of this append are on stable storage. */
export type AppendDone = {
  readonly type: 'append.done'
  readonly appendId: number
}

/** cache → collector: the batches of this append were not kept. */
export type AppendRefused = {
  readonly type: 'append.refused'
  readonly appendId: number
  readonly reason: RefusalReason
  readonly retryAfterMs: number
}

/** collector → cache: keep these batches. */
export type AppendRequested = {
  readonly type: 'append.requested'
  readonly appendId: number
  readonly batches: readonly Batch[]
}

/** journal: an assignment, before anyone is told of it. */
export type AssignmentRecorded = {
  readonly type: 'assignment.recorded'
  readonly assignment: Assignment
}

/** The endpoint of the route under an epoch, which only grows. */
export type Assignment = {
  readonly epoch: Epoch
  readonly url: string
  readonly reason: string
  /** operator, redirect, rollback or configuration */
  readonly by: string
  readonly atMs: InstantMs
}

/** send → dispatcher: my next attempt goes out under this epoch. */
export type AttemptMoved = {
  readonly type: 'attempt.moved'
  readonly sendId: string
  readonly epoch: Epoch
}

/** dispatcher → endpoint manager: how the endpoint of this epoch answers. */
export type AttemptReported = {
  readonly type: 'attempt.reported'
  readonly epoch: Epoch
  readonly healthy: boolean
  readonly detail: string
}

/** The records [firstSeq, lastSeq] of one stream of one producer: what is cached, sent and settled as one. */
export type Batch = {
  /** producer/tenant/service/firstSeq-lastSeq, each part percent-encoded */
  readonly id: BatchId
  /** one collector in one life */
  readonly producer: string
  readonly tenant: string
  /** the resource attribute service.name */
  readonly service: string
  readonly firstSeq: Seq
  /** inclusive */
  readonly lastSeq: Seq
  /** of the OTLP payload */
  readonly bytes: number
  readonly priority: Priority
  /** earliest time of a record, 0 where none has one */
  readonly fromMs: InstantMs
  /** latest time of a record, 0 where none has one */
  readonly toMs: InstantMs
  readonly acceptedAtMs: InstantMs
}

/** cache → dispatcher: yours until then. */
export type BatchesLeased = {
  readonly type: 'batches.leased'
  readonly lease: number
  readonly held: readonly Held[]
  readonly untilMs: InstantMs
}

/** dispatcher → cache: these have not ended; lease them again. */
export type BatchesReturned = {
  readonly type: 'batches.returned'
  readonly held: readonly Held[]
  readonly reason: ReturnReason
}

/** dispatcher → cache: these have ended. */
export type BatchesSettled = {
  readonly type: 'batches.settled'
  readonly settlements: readonly Settlement[]
}

/** cache → collector: appends will be refused until cache.opened. */
export type CacheFilled = {
  readonly type: 'cache.filled'
  readonly reason: RefusalReason
  readonly retryAfterMs: number
}

/** cache → collector: appends are taken. */
export type CacheOpened = {
  readonly type: 'cache.opened'
}

/** endpoint manager → operator: what became of a command. */
export type CommandAnswered = {
  readonly type: 'command.answered'
  readonly commandId: string
  /** null when it was refused */
  readonly assignment: null | Assignment
  /** not_allowed, busy or failed; empty when it was not refused */
  readonly why: string
  readonly reason: string
}

/** dispatcher → cache: how much may be leased to me in all, now. It replaces what I said before; round orders it. */
export type DemandRaised = {
  readonly type: 'demand.raised'
  readonly dispatcher: string
  readonly round: number
  readonly batchesMax: number
  readonly bytesMax: number
}

/** operator → dispatcher: send again. */
export type DispatchResumed = {
  readonly type: 'dispatch.resumed'
}

/** operator → dispatcher: start no new sends. */
export type DispatchSuspended = {
  readonly type: 'dispatch.suspended'
  readonly reason: string
}

/** pipeline → an actor: finish what is in flight before the deadline, keep the rest. */
export type DrainRequested = {
  readonly type: 'drain.requested'
  readonly deadlineMs: InstantMs
}

/** Why records are gone for good: a closed set. */
export type DropReason =
  | 'cache_overwritten'
  | 'cache_corrupt'
  | 'rejected_by_endpoint'
  | 'partially_rejected'
  | 'expired'
  | 'filtered'
  | 'source_overrun'
  | 'operator_purged'

/** cache, dispatcher → whom it concerns: a drop event. Durable before a byte of it is removed. */
export type DropRecorded = {
  readonly type: 'drop.recorded'
  readonly drop: Drop
}

/** A drop event: the exact records that are gone, and why. */
export type Drop = {
  readonly id: string
  readonly atMs: InstantMs
  readonly tenant: string
  readonly service: string
  readonly producer: string
  readonly firstSeq: Seq
  /** inclusive */
  readonly lastSeq: Seq
  /** fewer than the range holds only for partially_rejected, where the endpoint does not say which */
  readonly records: number
  readonly bytes: number
  readonly reason: DropReason
  readonly detail: string
  readonly fromMs: InstantMs
  readonly toMs: InstantMs
}

/** endpoint manager → dispatcher → its sends: the newest assignment. */
export type EndpointAssigned = {
  readonly type: 'endpoint.assigned'
  readonly assignment: Assignment
}

/** operator → endpoint manager: send there from now on. */
export type EndpointCommanded = {
  readonly type: 'endpoint.commanded'
  readonly commandId: string
  readonly url: string
  readonly reason: string
}

/** operator → endpoint manager: stay here, whatever redirects and failures say. */
export type EndpointPinned = {
  readonly type: 'endpoint.pinned'
  readonly reason: string
}

/** dispatcher → endpoint manager: I have no assignment. */
export type EndpointRequested = {
  readonly type: 'endpoint.requested'
  readonly dispatcher: string
}

/** operator → endpoint manager: follow redirects and roll back again. */
export type EndpointUnpinned = {
  readonly type: 'endpoint.unpinned'
  readonly reason: string
}

/** The end of all that was unsettled in a segment, made by the ledger once its drop events are durable. */
export type Eviction = Branded<
  {
    readonly segment: number
    readonly batches: number
    readonly dropped: number
  },
  'Eviction'
>

/** A batch that the record log holds. */
export type Held = {
  readonly batch: Batch
  readonly at: Position
}

/** journal: the account so far; it opens a journal file, and the files before it are no longer needed. */
export type LedgerCheckpointed = {
  readonly type: 'ledger.checkpointed'
  readonly rows: readonly LedgerRow[]
  readonly marks: readonly Mark[]
  /** what the rows have as live is in segments up to this one */
  readonly newestSegment: number
  readonly atMs: InstantMs
}

/** One stream of one producer in the account, as a checkpoint keeps it. */
export type LedgerRow = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
  /** accepted by segments that are gone */
  readonly retired: number
  /** accepted by segments that live */
  readonly live: number
  readonly delivered: number
  readonly dropped: number
  readonly refused: number
}

/** a service → dead-letters: bytes in a topic that are no message of it. They were passed over. */
export type LetterDied = {
  readonly type: 'letter.died'
  readonly service: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly why: string
  readonly detail: string
  readonly atMs: InstantMs
  /** of the value, in bytes */
  readonly size: number
  /** the value, or its beginning, as base64 */
  readonly body: string
}

/** whoever reads a partition from its start → itself: read to here, and you have read what there was. */
export type MarkerPlaced = {
  readonly type: 'marker.placed'
  readonly by: string
}

/** journal: these batches have ended, with the drop events that belong to them. */
export type MarksRecorded = {
  readonly type: 'marks.recorded'
  readonly marks: readonly Mark[]
  readonly drops: readonly Drop[]
}

/** One batch's end. */
export type Mark = {
  readonly at: Position
  readonly producer: string
  readonly tenant: string
  readonly service: string
  /** of the batch, which has as many records as were delivered and dropped; -1 where a former release wrote it */
  readonly firstSeq: number
  readonly delivered: number
  readonly dropped: number
}

/** Where a batch lies in the record log: a frame of a segment; with Kafka, partition and offset. */
export type Position = {
  readonly segment: number
  readonly offset: number
}

/** What is evicted last (high) and first (low). */
export type Priority = 'high' | 'normal' | 'low'

/** collector → cache, auditor: these batches are in the records topic. Written after them, and before their clients are answered. */
export type RecordsAppended = {
  readonly type: 'records.appended'
  readonly held: readonly Held[]
}

/** endpoint manager → dispatcher → send: that redirect is not followed. */
export type RedirectRefused = {
  readonly type: 'redirect.refused'
  readonly sendId: string
  readonly epoch: Epoch
  readonly reason: string
}

/** send → endpoint manager: the endpoint answered 307 or 308. */
export type RedirectReported = {
  readonly type: 'redirect.reported'
  readonly sendId: string
  readonly epoch: Epoch
  readonly status: number
  readonly location: null | string
}

/** Why a client was told 429 or 503: it still holds the records. */
export type RefusalReason = 'cache_full' | 'overdue' | 'disk_full' | 'storage_failed' | 'draining'

/** Why a send gave its batches back to the cache. */
export type ReturnReason =
  | 'throttled'
  | 'unreachable'
  | 'timed_out'
  | 'server_error'
  | 'redirect_failed'
  | 'unsettled'
  | 'draining'
  | 'no_endpoint'

/** journal: everything unsettled in this segment is dropped. What it had accepted lives on here. Written before a byte of it is removed. */
export type SegmentEvicted = {
  readonly type: 'segment.evicted'
  readonly segment: number
  readonly streams: readonly StreamLoss[]
  readonly drops: readonly Drop[]
}

/** What one stream had in it in all, and what it lost. */
export type StreamLoss = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
  readonly accepted: number
  readonly dropped: number
}

/** journal: the end of a segment, or all of it, was missed at a start. What it had accepted lives on here; what of it had not ended is dropped. */
export type SegmentLost = {
  readonly type: 'segment.lost'
  readonly segment: number
  readonly streams: readonly StreamRemnant[]
  readonly drops: readonly Drop[]
}

/** What one stream has missed in it. */
export type StreamRemnant = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
  /** the last record that is there still; -1 where none is */
  readonly keptTo: number
  readonly accepted: number
  readonly dropped: number
}

/** journal: the segment is gone from the record log; what it had accepted, per stream, lives on here. */
export type SegmentRetired = {
  readonly type: 'segment.retired'
  readonly segment: number
  readonly streams: readonly StreamAccepted[]
}

/** What one stream had in it. */
export type StreamAccepted = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
  readonly accepted: number
}

/** journal: what streams have in segments that live, so that a segment file that is removed or cut while nothing runs is missed to the record. */
export type SegmentsGrown = {
  readonly type: 'segments.grown'
  readonly extents: readonly Extent[]
}

/** Records of one stream that follow one another in one segment: all of these were accepted. */
export type Extent = {
  readonly segment: number
  readonly producer: string
  readonly tenant: string
  readonly service: string
  readonly firstSeq: number
  readonly lastSeq: number
}

/** send → dispatcher: nothing of mine is out any more. */
export type SendEnded = {
  readonly type: 'send.ended'
  readonly sendId: string
  readonly epoch: Epoch
  readonly outcome: SendOutcome
  /** records that the endpoint has taken */
  readonly delivered: number
  readonly reason: null | ReturnReason
  readonly retryAfterMs: null | number
  readonly detail: string
  /** 0 to 1: chance, drawn by a port, to spread retries */
  readonly jitter: number
}

/** settled: every batch has ended; returned: at least one went back to the cache. */
export type SendOutcome = 'settled' | 'returned'

/** a service → all: I am here, and so are my actors. */
export type ServiceBeat = {
  readonly type: 'service.beat'
  /** one process in one life */
  readonly service: string
  readonly role: string
  readonly atMs: InstantMs
  /** when the next one is due; 0: never, it stops */
  readonly everyMs: number
  readonly actors: readonly ActorSeen[]
  /** the rings of its caches */
  readonly rings: readonly RingSeen[]
}

/** An actor as its service sees it. */
export type ActorSeen = {
  readonly id: string
  readonly machine: string
  readonly value: string
  readonly sinceMs: InstantMs
  readonly detail: string
  readonly healthy: boolean
}

/** A ring as its service sees it: by class, and not by segment. */
export type RingSeen = {
  /** the actor that owns it */
  readonly cache: string
  readonly bytes: number
  readonly capacityBytes: number
  readonly segments: number
  readonly whenFull: WhenFull
  /** when the oldest batch was accepted that is known by name */
  readonly oldestMs: null | InstantMs
  readonly classes: readonly ClassSeen[]
  readonly next: null | NextOut
}

export type WhenFull = 'overwrite_oldest' | 'refuse'

/** What a ring holds of one class. */
export type ClassSeen = {
  readonly priority: Priority
  readonly bytes: number
  /** that have not ended */
  readonly batches: number
  /** of them, batches that a dispatcher has */
  readonly leased: number
}

/** The segment that an append without room would cost next. */
export type NextOut = {
  readonly segment: number
  readonly priority: Priority
  readonly batches: number
}

/** The end of a batch, made by the ledger once it is durable: delivered + dropped = its records. */
export type Settlement = Branded<
  {
    readonly batchId: BatchId
    readonly at: Position
    readonly delivered: number
    readonly dropped: number
  },
  'Settlement'
>

/** cache → collectors: what was announced up to here has its place. So much may be announced beyond it, and no more. */
export type ShardAdopted = {
  readonly type: 'shard.adopted'
  readonly shard: number
  /** in the partition of the shard in appended; -1: nothing yet */
  readonly offset: number
}

/** Each message by its type. */
export type Messages = {
  readonly 'account.begun': AccountBegun
  readonly 'account.checkpointed': AccountCheckpointed
  readonly 'actor.persisted': ActorPersisted
  readonly 'append.done': AppendDone
  readonly 'append.refused': AppendRefused
  readonly 'append.requested': AppendRequested
  readonly 'assignment.recorded': AssignmentRecorded
  readonly 'attempt.moved': AttemptMoved
  readonly 'attempt.reported': AttemptReported
  readonly 'batches.leased': BatchesLeased
  readonly 'batches.returned': BatchesReturned
  readonly 'batches.settled': BatchesSettled
  readonly 'cache.filled': CacheFilled
  readonly 'cache.opened': CacheOpened
  readonly 'command.answered': CommandAnswered
  readonly 'demand.raised': DemandRaised
  readonly 'dispatch.resumed': DispatchResumed
  readonly 'dispatch.suspended': DispatchSuspended
  readonly 'drain.requested': DrainRequested
  readonly 'drop.recorded': DropRecorded
  readonly 'endpoint.assigned': EndpointAssigned
  readonly 'endpoint.commanded': EndpointCommanded
  readonly 'endpoint.pinned': EndpointPinned
  readonly 'endpoint.requested': EndpointRequested
  readonly 'endpoint.unpinned': EndpointUnpinned
  readonly 'ledger.checkpointed': LedgerCheckpointed
  readonly 'letter.died': LetterDied
  readonly 'marker.placed': MarkerPlaced
  readonly 'marks.recorded': MarksRecorded
  readonly 'records.appended': RecordsAppended
  readonly 'redirect.refused': RedirectRefused
  readonly 'redirect.reported': RedirectReported
  readonly 'segment.evicted': SegmentEvicted
  readonly 'segment.lost': SegmentLost
  readonly 'segment.retired': SegmentRetired
  readonly 'segments.grown': SegmentsGrown
  readonly 'send.ended': SendEnded
  readonly 'service.beat': ServiceBeat
  readonly 'shard.adopted': ShardAdopted
}
export type MessageType = keyof Messages
export type Message = Messages[MessageType]

/** Each record that is a part of messages, by its name. */
export type Values = {
  readonly Assignment: Assignment
  readonly Batch: Batch
  readonly Drop: Drop
  readonly Eviction: Eviction
  readonly Held: Held
  readonly LedgerRow: LedgerRow
  readonly Mark: Mark
  readonly Position: Position
  readonly StreamLoss: StreamLoss
  readonly StreamRemnant: StreamRemnant
  readonly StreamAccepted: StreamAccepted
  readonly Extent: Extent
  readonly ActorSeen: ActorSeen
  readonly RingSeen: RingSeen
  readonly ClassSeen: ClassSeen
  readonly NextOut: NextOut
  readonly Settlement: Settlement
}
