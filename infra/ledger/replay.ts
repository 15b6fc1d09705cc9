/**
 * The account as the journal tells it, fact by fact. What live segments accepted, and what is pending,
 * is not in there: that is the record log's to say.
 *
 * A fact whose append was rejected may be in the journal all the same. It is believed: nothing that
 * contradicts it can follow, since a journal takes nothing more in a file of which it cannot tell what
 * is in it, and a checkpoint starts from what was believed then.
 */
import type {
  AccountBegun,
  ActorPersisted,
  Assignment,
  Drop,
  Extent,
  LedgerCheckpointed,
  Mark,
  SegmentEvicted,
  SegmentLost,
  SegmentRetired,
} from '../../schemas/messages.ts'
import type { Fact } from '../journal/journal.ts'
import type { Ended, StreamCount } from '../ring/record-log.ts'
import { streamKey } from '../ring/stream-counts.ts'
import { type Account, openAccount, type Stream } from './account.ts'
import { cutBack, extend, extentOfMark, type Grown } from './grown.ts'

/** The state at a restart. It belongs to whoever opens the ledger with it. */
export type Replayed = {
  /** For `RecordLog.recover`. */
  readonly ended: Ended
  readonly account: Account
  /** The ends of batches in segments that live, by offset. */
  readonly marks: Map<number, Map<number, Mark>>
  /** What each stream had accepted in segments that live, as the last checkpoint has it. */
  live: LiveCounts
  /** What streams had in segments that live, by number; nothing where a former release wrote it. */
  readonly grown: Grown
  /** Those segments are none after this one. */
  readonly newestSegment: number
  /** Drop events since the last checkpoint, as they were recorded. */
  readonly drops: Drop[]
  /** All assignments that the journal holds, oldest first. */
  readonly assignments: readonly Assignment[]
  /** The latest snapshot of each actor. */
  readonly actors: ReadonlyMap<string, ActorPersisted>
  /** Set where the journal was missing once, and the account began anew. */
  readonly begun: AccountBegun | null
}

/** A `ledger.checkpointed` makes all that came before it forgotten. */
export const replay = async (facts: AsyncIterable<Fact>): Promise<Replayed> => {
  let state = emptyState()
  for await (const fact of facts) {
    if (fact.type === 'ledger.checkpointed') state = checkpointed(fact)
    else apply(state, fact)
  }
  const { marks, closed } = state
  const offsets = [...marks].map(([segment, of]) => [segment, new Set(of.keys())] as const)
  return { ...state, ended: { segments: closed, offsets: new Map(offsets) } }
}

export type LiveCounts = ReadonlyMap<string, StreamCount>

type State = {
  live: LiveCounts
  newestSegment: number
  readonly account: Account
  readonly grown: Grown
  readonly marks: Map<number, Map<number, Mark>>
  readonly closed: Set<number>
  readonly drops: Drop[]
  readonly assignments: Assignment[]
  readonly actors: Map<string, ActorPersisted>
  begun: AccountBegun | null
}

const emptyState = (account = openAccount()): State => ({
  account,
  grown: new Map(),
  live: new Map(),
  newestSegment: 0,
  marks: new Map(),
  closed: new Set(),
  drops: [],
  assignments: [],
  actors: new Map(),
  begun: null,
})

/** The rows of a checkpoint have its marks counted in; the marks say which batches not to resend. */
const checkpointed = ({ rows, marks, newestSegment }: LedgerCheckpointed): State => {
  const state = emptyState(openAccount(rows))
  for (const mark of marks) remember(state, mark)
  state.live = new Map(rows.map((row) => [streamKey(row), countOf(row, row.live)]))
  state.newestSegment = newestSegment
  return state
}

const apply = (state: State, fact: Exclude<Fact, LedgerCheckpointed>): void => {
  switch (fact.type) {
    case 'marks.recorded':
      for (const mark of fact.marks) {
        remember(state, mark)
        grow(state, extentOfMark(mark))
        state.account.add(mark, { delivered: mark.delivered, dropped: mark.dropped })
      }
      state.drops.push(...fact.drops)
      return
    case 'segment.evicted':
      for (const stream of fact.streams) state.account.add(stream, { dropped: stream.dropped })
      state.drops.push(...fact.drops)
      close(state, fact)
      return
    case 'segment.retired':
      close(state, fact)
      return
    case 'segment.lost':
      lose(state, fact)
      return
    case 'segments.grown':
      for (const extent of fact.extents) grow(state, extent)
      return
    case 'assignment.recorded':
      state.assignments.push(fact.assignment)
      return
    case 'actor.persisted':
      state.actors.set(fact.actor, fact)
      return
    case 'account.begun':
      state.begun = fact
      return
  }
}

const remember = ({ marks }: State, mark: Mark): void => {
  const { segment, offset } = mark.at
  const known = marks.get(segment)
  if (known === undefined) marks.set(segment, new Map([[offset, mark]]))
  else known.set(offset, mark)
}

const grow = ({ grown, closed }: State, extent: Extent | undefined): void => {
  if (extent !== undefined && !closed.has(extent.segment)) extend(grown, extent)
}

/**
 * What is missing is carried over, and forgotten in its segment: should its file come back, what is in
 * it is accepted anew.
 */
export const lose = (
  state: Pick<Replayed, 'account' | 'newestSegment' | 'live' | 'marks' | 'grown' | 'drops'>,
  { segment, streams, drops }: SegmentLost,
): void => {
  const { account, grown, marks, newestSegment } = state
  const keptOf = new Map(streams.map((stream) => [streamKey(stream), stream.keptTo]))
  for (const { keptTo, accepted, dropped, ...stream } of streams) {
    account.add(stream, { accepted, retired: accepted, dropped })
    cutBack(grown, { segment, key: streamKey(stream), keptTo })
  }
  const of = marks.get(segment) ?? new Map<number, Mark>()
  for (const [offset, mark] of of)
    if (mark.firstSeq > (keptOf.get(streamKey(mark)) ?? Number.POSITIVE_INFINITY)) of.delete(offset)
  if (of.size === 0) marks.delete(segment)
  if (segment <= newestSegment) {
    const missed = streams.map((stream) => countOf(stream, stream.accepted))
    state.live = without(state.live, missed)
  }
  state.drops.push(...drops)
}

const countOf = ({ producer, tenant, service }: Stream, records: number): StreamCount => ({
  ...{ producer, tenant, service, records },
})

/** The counts less those that were found; of what was found besides nothing is said. */
export const without = (live: LiveCounts, found: readonly StreamCount[]): LiveCounts => {
  const rest = new Map(live)
  for (const count of found) {
    const key = streamKey(count)
    const known = rest.get(key)
    if (known !== undefined) rest.set(key, { ...known, records: known.records - count.records })
  }
  return rest
}

const close = (state: State, { segment, streams }: SegmentEvicted | SegmentRetired): void => {
  const { account, marks, closed, newestSegment } = state
  if (segment <= newestSegment) {
    const found = streams.map((stream) => countOf(stream, stream.accepted))
    state.live = without(state.live, found)
  }
  for (const stream of streams) {
    account.add(stream, { accepted: stream.accepted, retired: stream.accepted })
  }
  marks.delete(segment)
  state.grown.delete(segment)
  closed.add(segment)
}
