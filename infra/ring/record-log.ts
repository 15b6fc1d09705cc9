import type { Segment, SegmentWritten } from '../../actors/cache/protocol.ts'
import type { Batch, Held, Position, Priority } from '../../schemas/messages.ts'

/** The record log: batches on disk, in segments. One process owns a directory. */
export type RecordLog = {
  /** Reads what is there. Call once, first. `ended` says what the journal knows to be over. */
  readonly recover: (ended: Ended) => Promise<Recovery>
  /**
   * Writes batches and resolves when all of them are on stable storage (`durability: fsync`) or
   * with the operating system (`os`). All or nothing: after a rejection none of them will be read.
   * After `storage_failed` a restart may find them. Payloads are not copied: leave them as they are. Once
   * it has resolved they are the log's alone, and what was declared its own is given back when they end.
   * @throws {LogError} `disk_full` or `storage_failed`; {RangeError} for more than a frame can hold.
   */
  readonly append: (batches: readonly Unstored[]) => Promise<Appended>
  /** Unsettled batches of a priority, strictly behind `after`, oldest first. */
  readonly load: (query: {
    readonly priority: Priority
    readonly after: Position | null
    readonly batchesMax: number
  }) => Promise<{ readonly held: readonly Held[]; readonly through: Position | null }>
  /**
   * The payload of a batch, its checksum verified.
   * @throws {LogError} `corrupt` when the checksum is wrong, `gone` when the segment is.
   */
  readonly read: (held: Held) => Promise<Loan>
  /**
   * Marks a batch as ended, in memory; the journal has made it durable or is about to. Answers
   * false when it had ended already or its segment is gone: then it must not be counted again.
   */
  readonly end: (at: Position) => boolean
  /**
   * Every batch of a segment that has not ended, read from the headers on disk. Closes the segment to
   * appends first: what is enumerated is about to be evicted, and nothing may join it any more.
   */
  readonly unended: (segment: number) => Promise<readonly Held[]>
  /** What a segment accepted in all, per stream. */
  readonly accepted: (segment: number) => readonly StreamExtent[]
  /** Closes a segment to appends, deletes its file, makes the deletion durable. Idempotent. */
  readonly remove: (segment: number) => Promise<void>
  /** Bytes of all segment files. */
  readonly bytes: () => number
  readonly close: () => Promise<void>
}

/** A payload on loan. */
export type Loan = {
  /** Pieces that follow one another. Not to be changed. */
  readonly payload: readonly Uint8Array[]
  /**
   * To be called when nothing of it is used any more, by the operating system neither: its memory may be
   * another's then. Where that cannot be known, it is not called, and the memory is collected in time.
   */
  readonly giveBack: () => void
}

export type Unstored = { readonly batch: Batch; readonly payload: readonly Uint8Array[] }
export type Appended = {
  /** In the order of the batches given. */
  readonly held: readonly Held[]
  readonly segments: readonly SegmentWritten[]
}
export type StreamCount = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
  readonly records: number
}
/** Where all between the first and the last is there, `records` is as many. */
export type StreamExtent = StreamCount & { readonly firstSeq: number; readonly lastSeq: number }

/** What the journal says has ended. */
export type Ended = {
  /** Segments that were evicted or retired: their files, if still there, are deleted. */
  readonly segments: ReadonlySet<number>
  /** Offsets of ended batches in segments that live. */
  readonly offsets: ReadonlyMap<number, ReadonlySet<number>>
}
export type Recovery = {
  readonly segments: readonly Segment[]
  /**
   * Whole frames whose bytes are damaged, with what their headers still say. To be dropped as
   * `cache_corrupt`.
   */
  readonly corrupt: readonly { readonly held: Held; readonly detail: string }[]
  /** Damage of which not even the header could be read: for the log, with file and offset. */
  readonly unknown: readonly { readonly file: string; readonly detail: string }[]
  /** Unacknowledged bytes cut off the ends of segments. */
  readonly tornBytes: number
}
