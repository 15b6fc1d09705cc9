/** How segments end: evicted, with the loss of what was unsettled in them, or retired, without any. */

import type { InstantMs } from '../../schemas/brand.ts'
import type { Eviction, Held, SegmentEvicted, SegmentRetired } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { StreamCount } from '../ring/record-log.ts'
import { type StreamName, streamKey } from '../ring/stream-counts.ts'
import type { Desk } from './desk.ts'
import type { Ledger } from './ledger.ts'
import { LedgerError } from './ledger-error.ts'
import { evictionDrops, type LostRange, lostRanges } from './lost-ranges.ts'
import type { Live } from './segment-book.ts'
import { mintEviction } from './settlement.ts'

/** Times that one closing of a segment waits for another that is under way. */
const roundsMax = 8

export const recordEviction =
  (desk: Desk): Ledger['recordEviction'] =>
  (segment, nowMs) =>
    whenStill(desk, segment, async (live) => {
      if (live === undefined) {
        return (
          desk.segments.evictionOf(segment) ?? mintEviction({ segment, batches: 0, dropped: 0 })
        )
      }
      return desk.segments.closing(live, () => evict(desk, live, { segment, nowMs }))
    })

export const recordRetirement =
  (desk: Desk): Ledger['recordRetirement'] =>
  async (segment) => {
    // Closes it to appends, even if the rest fails: what joined it now could be in no account.
    await desk.log.unended(segment)
    await whenStill(desk, segment, async (live) => {
      if (live === undefined) return
      if (live.open > 0) {
        throw new LedgerError(
          'segment_pending',
          `Segment ${segment} cannot be retired: ${live.open} of its batches have not ended. It stays.`,
        )
      }
      await desk.segments.closing(live, () => retire(desk, segment))
    })
  }

/**
 * Acts on a segment once nobody else is closing it, before anybody else can run; `undefined` stands
 * for one that is gone, or never was.
 */
const whenStill = async <Result>(
  { segments }: Desk,
  segment: number,
  act: (live: Live | undefined) => Promise<Result>,
): Promise<Result> => {
  for (let round = 0; round < roundsMax; round++) {
    const live = segments.live(segment)
    if (live?.closing == null) return act(live)
    await live.closing
  }
  throw new LedgerError(
    'contended',
    `Segment ${segment} was not closed: others were closing it ${roundsMax} times in a row. It stays.`,
  )
}

const evict = async (
  desk: Desk,
  live: Live,
  { segment, nowMs }: { readonly segment: number; readonly nowMs: InstantMs },
): Promise<Eviction> => {
  const held = await desk.log.unended(segment)
  if (held.length !== live.open) {
    desk.report(
      `The record log knows of ${held.length} unended batches in segment ${segment}, the ledger of ` +
        `${live.open}; what the log knows of is recorded as lost.`,
    )
  }
  const accepted = desk.log.accepted(segment)
  const ranges = lostRanges(held, sharedNames(accepted))
  return desk.turnstile.through(async () => {
    const fact: SegmentEvicted = {
      type: 'segment.evicted',
      segment,
      streams: lossPerStream(accepted, ranges),
      drops: evictionDrops(ranges, { segment, nowMs, ids: desk.ids }),
    }
    await desk.journal.append([fact])
    for (const { accepted, dropped, ...stream } of fact.streams) {
      desk.account.add(stream, { retired: accepted, dropped })
    }
    endAll(desk, held)
    countGhosts(desk, { live, held, accepted: fact.streams })
    desk.drops.add(fact.drops)
    desk.book.dropped(fact.drops)
    const dropped = ranges.reduce((sum, { records }) => sum + records, 0)
    const eviction = mintEviction({ segment, batches: held.length, dropped })
    desk.segments.closed(segment, eviction)
    return eviction
  })
}

const retire = (desk: Desk, segment: number): Promise<void> =>
  desk.turnstile.through(async () => {
    const streams = desk.log.accepted(segment).map(({ producer, tenant, service, records }) => ({
      ...{ producer, tenant, service, accepted: records },
    }))
    const fact: SegmentRetired = { type: 'segment.retired', segment, streams }
    await desk.journal.append([fact])
    for (const { accepted, ...stream } of streams) desk.account.add(stream, { retired: accepted })
    desk.segments.closed(segment, null)
  })

const endAll = ({ account, log }: Desk, held: readonly Held[]): void => {
  for (const { batch, at } of held) {
    if (log.end(at)) account.add(batch, { pending: -recordsIn(batch) })
  }
}

/**
 * Batches that were counted as held and that the record log does not find in its own segment any more:
 * nobody holds them, and no drop event can name them. From here on they are in no column of the account,
 * which says so by not balancing.
 */
const countGhosts = (
  { account }: Desk,
  given: {
    readonly live: Live
    readonly held: readonly Held[]
    readonly accepted: SegmentEvicted['streams']
  },
): void => {
  const { live, held, accepted } = given
  if (held.length >= live.open) return
  const found = new Map<string, number>()
  const find = (stream: Omit<StreamCount, 'records'>, records: number): void => {
    found.set(streamKey(stream), (found.get(streamKey(stream)) ?? 0) + records)
  }
  for (const mark of live.marks.values()) find(mark, mark.delivered + mark.dropped)
  for (const { batch } of held) find(batch, recordsIn(batch))
  for (const stream of accepted) {
    const ghosts = stream.accepted - (found.get(streamKey(stream)) ?? 0)
    const { producer, tenant, service } = stream
    if (ghosts > 0) account.add({ producer, tenant, service }, { pending: -ghosts })
  }
}

/** Names as the record log keeps them: drop events stay in memory, and need no copies of them. */
const sharedNames = (accepted: readonly StreamCount[]): ((name: StreamName) => StreamName) => {
  const names = new Map(accepted.map((count) => [streamKey(count), count]))
  return (name) => names.get(streamKey(name)) ?? name
}

const lossPerStream = (
  accepted: readonly StreamCount[],
  ranges: readonly LostRange[],
): SegmentEvicted['streams'] => {
  const losses = new Map(
    accepted.map(({ producer, tenant, service, records }) => [
      streamKey({ producer, tenant, service }),
      { producer, tenant, service, accepted: records, dropped: 0 },
    ]),
  )
  for (const range of ranges) {
    const { producer, tenant, service, records } = range
    const key = streamKey(range)
    const loss = losses.get(key)
    if (loss === undefined)
      losses.set(key, { producer, tenant, service, accepted: 0, dropped: records })
    else loss.dropped += records
  }
  return [...losses.values()]
}
