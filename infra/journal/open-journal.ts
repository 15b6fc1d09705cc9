/**
 * The journal: what must not be forgotten, in one file with one order.
 *
 * Constraints
 * - Resolved means durable. What is appended while a sync is under way shares the next one.
 * - A full disk stops neither drop events nor settlements: the blocks that they need are written,
 *   with zeros, before they are needed. (Filesystems that copy on write or compress cannot promise
 *   that.)
 * - Damage in what was acknowledged stops recovery loudly; a frame that was never finished is
 *   dropped. The last frame is taken for unfinished when its checksum is wrong: nothing tells the
 *   two apart.
 *
 * Layout of the directory
 *
 *     journal-<n>.log    a file header, frames of facts (see `fact-frame.ts`), zeros; the highest n
 *                        is the one that counts
 *     journal-<n>.tmp    a checkpoint that was not finished
 */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { type Filesystem, seen } from '../disk/filesystem.ts'
import { openGroupCommit } from '../disk/group-commit.ts'
import { type JournalFile, journalFailure, unlinkIfThere, writeJournalFile } from './checkpoint.ts'
import { encodeFacts, factFrameBytes } from './fact-frame.ts'
import { extendReserve, isReserved, writeFacts } from './fact-writer.ts'
import type { Fact, Journal } from './journal.ts'
import { JournalError } from './journal-error.ts'
import { journalName, journalNamed, readFacts, readJournalHeader } from './journal-file.ts'
import { highestJournal } from './journal-reader.ts'
import { isBlank, writeAgain, writeZeros } from './space.ts'

export type JournalOptions = {
  readonly filesystem: Filesystem
  /** Of this journal alone; made if it is not there. */
  readonly directory: string
  /** What the first file begins with, where there is no journal yet. */
  readonly opening?: readonly Fact[]
  /** Kept ahead of what is written. Twice as much is set aside at a time. Default 1 MiB. */
  readonly reserveBytes?: number
  /** Told of faults that change nothing for any caller. By default the process warns. */
  readonly report?: (fault: Error) => void
  /** A number of 32 bits that nobody can guess; a simulation gives its own. */
  readonly drawSalt?: () => number
}

const defaultReserveBytes = 1024 * 1024
const saltMax = 2 ** 32

type Desk = Required<JournalOptions> & { current: JournalFile | null }

export const openJournal = (options: JournalOptions): Journal => {
  const desk: Desk = {
    reserveBytes: defaultReserveBytes,
    opening: [],
    report: (fault) => process.emitWarning(fault),
    drawSalt: () => randomInt(saltMax),
    ...options,
    current: null,
  }
  const { reserveBytes } = desk
  const commits = openGroupCommit<readonly Buffer[], void>({
    bytesOf: factFrameBytes,
    refuse: (why) => new JournalError('storage_failed', refusals[why]),
    commit: async (items) => {
      await writeFacts(theFile(desk), items.flat(), reserveBytes)
      return items.map(() => undefined)
    },
  })
  let extending: Promise<void> | null = null
  /** Tries between two appends: nobody appends while the disk is full, and its end must be seen. */
  const extendSoon = (): Promise<void> => {
    extending ??= commits
      .exclusive(() => extendReserve(theFile(desk), reserveBytes))
      .catch(desk.report)
      .finally(() => {
        extending = null
      })
    return extending
  }

  return {
    recover: async function* () {
      yield* recover(desk)
      if (!isReserved(theFile(desk), reserveBytes)) await extendSoon()
    },
    append: async (facts) => {
      theFile(desk)
      if (facts.length > 0) await commits.submit(encodeFacts(facts))
    },
    checkpoint: (facts) => commits.exclusive(() => checkpoint(desk, facts)),
    bytes: () => theFile(desk).end,
    reserved: () => {
      const isThere = isReserved(theFile(desk), reserveBytes)
      if (!isThere) void extendSoon()
      return isThere
    },
    close: async () => {
      await commits.close()
      await desk.current?.file.close()
    },
  }
}

const refusals = {
  queue_full:
    'Appending to the journal was refused: as much as may wait is waiting for the disk. Nothing ' +
    'was kept; try again when some of it has ended.',
  closed: 'Appending to the journal was refused: it is closed. Nothing was kept.',
} as const

const theFile = ({ current }: Desk): JournalFile => {
  if (current === null) throw new Error('The journal was used before it was recovered.')
  return current
}

const begin = (desk: Desk, number: number, facts: readonly Fact[]): Promise<JournalFile> =>
  writeJournalFile({
    filesystem: desk.filesystem,
    directory: desk.directory,
    number,
    facts,
    salt: desk.drawSalt(),
    reserveBytes: 2 * desk.reserveBytes,
  })

async function* recover(desk: Desk): AsyncGenerator<Fact, void, undefined> {
  const { filesystem, directory } = desk
  if (desk.current !== null) throw new Error('The journal was recovered twice.')
  await filesystem.makeDirectory(directory)
  const highest = await highestJournal(filesystem, directory)
  const journal =
    highest === undefined ? yield* beginFirst(desk) : yield* openExisting(desk, highest)
  desk.current = journal
  await filesystem.syncDirectory(directory)
  await removeOlder(desk, journal.number)
}

async function* beginFirst(desk: Desk): AsyncGenerator<Fact, JournalFile, undefined> {
  const journal = await begin(desk, 1, desk.opening).catch((cause) => {
    throw journalFailure(`Beginning a journal in ${desk.directory}`, cause, 'Nothing was changed.')
  })
  yield* desk.opening
  return journal
}

async function* openExisting(
  { filesystem, directory }: Desk,
  number: number,
): AsyncGenerator<Fact, JournalFile, undefined> {
  const path = join(directory, journalName(number, 'log'))
  const file = await filesystem.open(path, 'update')
  try {
    const header = await readJournalHeader(file, path)
    const last = yield* readFacts(file, path, header)
    const end = last.to
    const reservedEnd = Math.max(end, await file.size())
    // What was not finished is overwritten and not cut off: a full disk would not give its blocks
    // back.
    const rest = { from: end, to: reservedEnd }
    if (!(await isBlank(file, rest))) await writeZeros(file, rest)
    // After a kill the system still has what was never synced; or what a sync failed to write, and
    // passes for clean since. It was read as if it were safe: written once more, it will be.
    await writeAgain(file, last)
    await file.datasync()
    return { number, path, file, salt: header.salt, end, reservedEnd, broken: null }
  } catch (cause) {
    await file.close()
    throw cause
  }
}

/** Until the directory is synced, either file may be found after a power cut: both hold all. */
const checkpoint = async (desk: Desk, facts: readonly Fact[]): Promise<void> => {
  const old = theFile(desk)
  const what = `Beginning ${journalName(old.number + 1, 'log')} in ${desk.directory}`
  const next = await begin(desk, old.number + 1, facts).catch((cause) => {
    throw journalFailure(what, cause, 'The file before stays as it was; nothing was lost.')
  })
  desk.current = next
  await old.file.close().catch(desk.report)
  try {
    await desk.filesystem.syncDirectory(desk.directory)
  } catch (cause) {
    const why = `${what} failed with ${seen(cause)}: its name may not be durable`
    const after = 'Either file holds all that was kept; neither takes more until a checkpoint.'
    next.broken = new JournalError('storage_failed', `${why}. ${after}`, { cause })
    throw next.broken
  }
  await removeOlder(desk, next.number).catch(desk.report)
}

/** Files that a checkpoint has replaced, and checkpoints that were never finished. */
const removeOlder = async ({ filesystem, directory }: Desk, number: number): Promise<void> => {
  for (const name of await filesystem.list(directory)) {
    const found = journalNamed(name)
    if (found === undefined || (found.kind === 'log' && found.number >= number)) continue
    await unlinkIfThere(filesystem, join(directory, name))
  }
}
