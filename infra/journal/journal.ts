import type {
  AccountBegun,
  ActorPersisted,
  AssignmentRecorded,
  LedgerCheckpointed,
  MarksRecorded,
  SegmentEvicted,
  SegmentLost,
  SegmentRetired,
  SegmentsGrown,
} from '../../schemas/messages.ts'

/** What must not be forgotten, as it happened, in one file with one order. */
export type Fact =
  | MarksRecorded
  | SegmentEvicted
  | SegmentRetired
  | SegmentLost
  | SegmentsGrown
  | AssignmentRecorded
  | ActorPersisted
  | LedgerCheckpointed
  | AccountBegun

/** An append-only file of facts. Facts appended together share one fdatasync. */
export type Journal = {
  /** Every fact kept, oldest first. Call once, first. */
  readonly recover: () => AsyncIterable<Fact>
  /**
   * Resolves when the facts are on stable storage. Uses the space reserved for it when the disk is
   * full.
   * @throws {JournalError} when they could not be kept; it is not known whether a later recovery
   * sees them.
   */
  readonly append: (facts: readonly Fact[]) => Promise<void>
  /**
   * Starts a new file with `facts`, which replace all that came before, and deletes the older ones.
   * They must tell of every append that has resolved, and none may be under way: it would be lost.
   * @throws {JournalError} nothing was lost. `disk_full`: the file before goes on.
   */
  readonly checkpoint: (facts: readonly Fact[]) => Promise<void>
  /** Bytes of the current file: the caller checkpoints when there are too many. */
  readonly bytes: () => number
  /**
   * False while the reserved space could not be set aside again: then take no new records. Asking
   * makes it try again, so whoever asks from time to time sees when there is room.
   */
  readonly reserved: () => boolean
  readonly close: () => Promise<void>
}
