import { join } from 'node:path'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Drop, Extent, Held, SegmentRetired, SegmentsGrown } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import { type AccountBook, noBook } from '../book/account-book.ts'
import type { Filesystem } from '../disk/filesystem.ts'
import type { Fact, Journal } from '../journal/journal.ts'
import type { RecordLog, Recovery } from '../ring/record-log.ts'
import { streamKey } from '../ring/stream-counts.ts'
import { anyProducer } from './account.ts'
import type { Alarm } from './alarm.ts'
import { recordEviction, recordRetirement } from './closing.ts'
import { recordCorruption } from './corruption.ts'
import type { Desk } from './desk.ts'
import { archiveName, openDropArchive } from './drop-archive.ts'
import { openDropIds } from './drop-id.ts'
import { openDropStore } from './drop-store.ts'
import { missingDrops, outdatedJournal, sayLost } from './findings.ts'
import type { Ledger } from './ledger.ts'
import { lostSegments } from './lost-segments.ts'
import { openNotes } from './notes.ts'
import { recordFates } from './recording.ts'
import { lose, type Replayed, without } from './replay.ts'
import { openSegmentBook } from './segment-book.ts'
import { openTurnstile, type Turnstile } from './turnstile.ts'
import { unshownDrops } from './unshown-drops.ts'

export type LedgerOptions = {
  readonly journal: Pick<Journal, 'append'>
  /** Recovered, with `replayed.ended`. */
  readonly log: Pick<RecordLog, 'end' | 'unended' | 'accepted'>
  /** Taken over: it is of no more use to the caller, but for `assignments` and `actors`. */
  readonly replayed: Replayed
  readonly recovery: Pick<Recovery, 'segments' | 'corrupt'>
  readonly filesystem: Filesystem
  /** Where drop events are kept for good. */
  readonly directory: string
  readonly now: () => InstantMs
  readonly report: (detail: string) => void
  readonly alarm: (alarm: Alarm) => void
  /** Drop events in memory at most; those that are not archived yet do not count. */
  readonly dropsMax?: number
  /** Streams, each counted once a producer, from which on those of former lives are joined. */
  readonly rowsMax?: number
  /** The one that others who write to the journal go through, so that a checkpoint forgets nothing. */
  readonly turnstile?: Turnstile
  /** Is told what is counted from now on. */
  readonly book?: AccountBook
}

const defaultDropsMax = 10_000
const defaultRowsMax = 10_000

/**
 * Opens the account over a recovered record log. What recovery found damaged is recorded as lost
 * before, durably.
 * @throws {JournalError} when that could not be kept; what the filesystem throws.
 */
export const openLedger = async (options: LedgerOptions): Promise<Ledger> => {
  const { journal, log, replayed, recovery, now, report } = options
  const { account } = replayed
  const dropsMax = options.dropsMax ?? defaultDropsMax
  const rowsMax = options.rowsMax ?? defaultRowsMax
  const turnstile = options.turnstile ?? openTurnstile()

  const { archive, newest, sums } = await openDropArchive({
    filesystem: options.filesystem,
    directory: options.directory,
    // What the journal holds is archived by the next checkpoint, again if need be.
    journaled: replayed.drops,
    newestMax: dropsMax,
    report,
    rescue: async (strangers) => {
      await rescueDrops(journal, strangers)
      replayed.drops.push(...strangers)
      replayed.drops.sort((a, b) => (a.id < b.id ? -1 : 1))
      options.alarm(outdatedJournal(strangers.length))
    },
  })
  for (const drop of replayed.drops) sums.add(drop)
  const unshown = unshownDrops(account, sums)
  if (unshown.length > 0) options.alarm(missingDrops(unshown, join(options.directory, archiveName)))
  const ids = openDropIds()
  for (const { id } of [...newest.slice(-1), ...replayed.drops]) ids.seen(id)

  const lost = lostSegments({ replayed, log, ids, nowMs: now() })
  for (const fact of lost) {
    await journal.append([fact])
    lose(replayed, fact)
    sayLost(fact, options)
  }
  const segments = openSegmentBook({
    segments: recovery.segments.map(({ id }) => id),
    marks: replayed.marks,
    newestClosed: greatest(replayed.ended.segments),
  })
  const unarchived = [...replayed.drops]
  for (const fact of await recordCorruption({ journal, replayed, recovery, ids, nowMs: now() })) {
    unarchived.push(...fact.drops)
    for (const mark of fact.marks) {
      account.add(mark, { delivered: mark.delivered, dropped: mark.dropped })
      segments.growing(mark.at.segment).marks.set(mark.at.offset, mark)
      log.end(mark.at)
    }
  }
  countVanished({ log, account, replayed, recovery })
  await countHeld({ log, account, segments, recovery })
  const drops = openDropStore({ archive, archived: newest, unarchived, recentMax: dropsMax })
  const book = options.book ?? noBook
  const begin = unnoted({ log, replayed, recovery })
  const notes = openNotes({ journal, segments, turnstile, begin })
  const desk: Desk = { journal, log, account, segments, drops, ids, turnstile, notes, book, report }
  return ledgerOver(desk, { now, rowsMax })
}

/** Drop events in one frame of the journal. */
const dropsPerFact = 1_000

/** They come with no mark: nothing is counted by them, and the next checkpoint archives them. */
const rescueDrops = async (
  journal: Pick<Journal, 'append'>,
  strangers: readonly Drop[],
): Promise<void> => {
  for (let first = 0; first < strangers.length; first += dropsPerFact) {
    const drops = strangers.slice(first, first + dropsPerFact)
    await journal.append([{ type: 'marks.recorded', marks: [], drops }])
  }
}

/** What segments were found to hold, beyond what the journal knows: a kill came before the note. */
const unnoted = ({
  log,
  replayed: { grown },
  recovery,
}: Pick<Desk, 'log'> & {
  readonly replayed: Pick<Replayed, 'grown'>
  readonly recovery: Pick<Recovery, 'segments'>
}): readonly Extent[] =>
  recovery.segments.flatMap(({ id }) =>
    extentsIn(log, id).filter(
      (extent) => (grown.get(id)?.get(streamKey(extent))?.lastSeq ?? -1) < extent.lastSeq,
    ),
  )

/** What streams have in a segment, but for those of which damage hides a part. */
const extentsIn = (log: Desk['log'], segment: number): readonly Extent[] =>
  log
    .accepted(segment)
    .flatMap(({ records, ...extent }) =>
      records === extent.lastSeq - extent.firstSeq + 1 ? [{ segment, ...extent }] : [],
    )

/**
 * What the last checkpoint has as accepted by segments that lived, and is now neither in the record log
 * nor in a segment that was closed since: a file was removed or cut. It stays accepted, so the account
 * does not balance, for whoever ended or held it is gone. What an active segment has taken in since hides
 * as much of its own stream.
 */
const countVanished = ({
  log,
  account,
  replayed: { live, newestSegment },
  recovery,
}: Pick<Desk, 'log' | 'account'> & {
  readonly replayed: Pick<Replayed, 'live' | 'newestSegment'>
  readonly recovery: Pick<Recovery, 'segments'>
}): void => {
  const found = recovery.segments
    .filter(({ id }) => id <= newestSegment)
    .flatMap(({ id }) => log.accepted(id))
  for (const [, vanished] of without(live, found)) {
    const { records, ...stream } = vanished
    if (records > 0) account.add(stream, { accepted: records, retired: records })
  }
}

/** Asks the record log what its live segments accepted, and what of it is pending. */
const countHeld = async ({
  log,
  account,
  segments,
  recovery,
}: Pick<Desk, 'log' | 'account' | 'segments'> & {
  readonly recovery: Pick<Recovery, 'segments'>
}): Promise<void> => {
  for (const { id } of recovery.segments) {
    for (const { records, ...stream } of log.accepted(id))
      account.add(stream, { accepted: records })
    const held = await log.unended(id)
    for (const { batch } of held) account.add(batch, { pending: recordsIn(batch) })
    segments.growing(id).open = held.length
  }
}

const ledgerOver = (
  desk: Desk,
  { now, rowsMax }: { readonly now: () => InstantMs; readonly rowsMax: number },
): Ledger => {
  const { account, segments, drops, turnstile, notes, book } = desk
  const current = new Set<string>()
  account.fold({ rowsMax, current })

  const appended = (held: readonly Held[]): void => {
    const growing = held.map(({ at }) => segments.growing(at.segment))
    for (const [index, { batch }] of held.entries()) {
      const records = recordsIn(batch)
      current.add(batch.producer)
      account.add(batch, { accepted: records, pending: records })
      const live = growing[index]
      if (live !== undefined) live.open += 1
    }
    notes.accepted(held)
    book.accepted(held)
  }
  return {
    appended,
    note: notes.write,
    refused: (parts) => {
      for (const { tenant, service, records } of parts) {
        account.add({ producer: anyProducer, tenant, service }, { refused: records })
      }
      book.refused(parts, now())
    },
    recordFates: recordFates(desk),
    recordEviction: recordEviction(desk),
    recordRetirement: recordRetirement(desk),
    removed: segments.removed,
    totals: account.totals,
    streams: account.streams,
    services: account.services,
    producers: () => [...current],
    drops: drops.query,
    checkpoint: (write) =>
      turnstile.alone(async () => {
        account.fold({ rowsMax, current })
        await drops.archive()
        await write(factsOf(desk, now()))
        segments.checkpointed()
      }),
    close: drops.close,
  }
}

const factsOf = ({ account, log, segments }: Desk, nowMs: InstantMs): readonly Fact[] => [
  {
    type: 'ledger.checkpointed',
    rows: account.rows(),
    marks: segments.marks(),
    newestSegment: segments.newestLive(),
    atMs: nowMs,
  },
  ...segments
    .living()
    .map((segment) => extentsIn(log, segment))
    .filter((extents) => extents.length > 0)
    .map((extents): SegmentsGrown => ({ type: 'segments.grown', extents })),
  ...segments
    .remembered()
    .map((segment): SegmentRetired => ({ type: 'segment.retired', segment, streams: [] })),
]

const greatest = (values: ReadonlySet<number>): number | null =>
  values.size === 0 ? null : [...values].reduce((a, b) => Math.max(a, b))
