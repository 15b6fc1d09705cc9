import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { AppendRequested, Held, Priority, RefusalReason } from '../../schemas/messages.ts'
import { emptyLane, type Lane } from './lane.ts'
import type { CacheInput } from './protocol.ts'

export type CacheContext = CacheInput & {
  readonly lanes: Readonly<Record<Priority, Lane>>
  readonly leases: readonly Lease[]
  readonly windows: readonly Window[]
  readonly nextLease: number
  /** The append that is being written, or for which room is being made. */
  readonly append: AppendRequested | null
  /** The segment that is being evicted to make room, or retired. */
  readonly victim: number | null
  /** Segments on their way out; their bytes are on disk until the record log says otherwise. */
  readonly leaving: readonly Leaving[]
  /** Why appends are refused, while they are. */
  readonly refusal: RefusalReason | null
  readonly dueMs: InstantMs
  /** When to look for leases that have ended. */
  readonly sweepAtMs: InstantMs
}

export type Lease = {
  readonly lease: number
  readonly dispatcher: string
  readonly held: Held
  readonly untilMs: InstantMs
}

/** How much a dispatcher may hold in all. */
export type Window = {
  readonly dispatcher: string
  readonly round: number
  readonly batchesMax: number
  readonly bytesMax: number
}

export type Leaving = {
  readonly segment: number
  readonly bytes: number
  /** Why it may be removed: all in it was settled, or its eviction is (not yet) recorded. */
  readonly because: 'settled' | 'unrecorded' | 'evicted'
}

/** What is evicted first comes first. */
export const priorities: readonly Priority[] = ['low', 'normal', 'high']

export const initialContext = (input: CacheInput): CacheContext => ({
  ...input,
  lanes: { high: emptyLane, normal: emptyLane, low: emptyLane },
  leases: [],
  windows: [],
  nextLease: 1,
  append: null,
  victim: null,
  leaving: [],
  refusal: null,
  dueMs: instant(input.startedAtMs + input.diskTimeoutMs),
  sweepAtMs: input.startedAtMs,
})
