/**
 * The journal: what must not be forgotten, in one file with one order.
 *
 * Constraints
 * - Resolved means durable. What is appended while a sync is under way shares the next one.
 * - A full disk stops neither drop events nor settlements: the blocks they need are written, with
 *   zeros, before they are needed. (Copy-on-write and compressing filesystems cannot promise that.)
 * - Damage in what was acknowledged stops recovery loudly; a frame that was never finished is dropped.
 *
 * Layout of the directory
 *
 *     journal-<n>.log    a file header, frames of facts (see `fact-frame.ts`), zeros; the highest n counts
 *     journal-<n>.tmp    a checkpoint that was not finished
 */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { type Filesystem, seen } from '../disk/filesystem.ts'
import { encodeFrame } from '../disk/frame.ts'
import { openGroupCommit } from '../disk/group-commit.ts'
import { type JournalFile, journalFailure, unlinkIfThere, writeJournalFile } from './checkpoint.ts'
import { encodeFacts, factFrameBytes } from './fact-frame.ts'
import type { Fact, Journal } from './journal.ts'
import { JournalError } from './journal-error.ts'
import { journalName, journalNamed, readFacts, readJournalHeader } from './journal-file.ts'
import { highestJournal } from './journal-reader.ts'
import { isBlank, writeZeros } from './space.ts'

export type JournalOptions = {
  readonly filesystem: Filesystem
  /** Of this journal alone; made if it is not there. */
  readonly directory: string
  /** Kept ahead of what is written. Twice as much is set aside at a time. Default 1 MiB. */
  readonly reserveBytes?: number
  /** Told of faults that change nothing for any caller. By default the process warns. */
  readonly report?: (fault: Error) => void
  /** A number of 32 bits that nobody can guess; a simulation gives its own. */
  readonly drawSalt?: () => number
}

const defaultReserveBytes = 1024 * 1024
const saltMax = 2 ** 32

export const openJournal = (options: JournalOptions): Journal => {
  const { filesystem, directory } = options
  const reserveBytes = options.reserveBytes ?? defaultReserveBytes
  const report = options.report ?? ((fault) => process.emitWarning(fault))
  const salt = options.drawSalt ?? (() => randomInt(saltMax))
  let current: JournalFile | null = null
  let extending: Promise<void> | null = null

  const theFile = (): JournalFile => {
    if (current === null) throw new Error('The journal was used before it was recovered.')
    return current
  }
  const begin = (number: number, facts: readonly Fact[]): Promise<JournalFile> =>
    writeJournalFile({
      filesystem,
      directory,
      number,
      facts,
      salt: salt(),
      reserveBytes: 2 * reserveBytes,
    })

  const sync = async (journal: JournalFile): Promise<void> => {
    try {
      await journal.file.datasync()
    } catch (cause) {
      const next = 'It is not known what was kept; this file takes no more until a checkpoint.'
      const what = `Syncing ${journal.path} failed with ${seen(cause)}. ${next}`
      journal.broken = new JournalError('storage_failed', what, { cause })
      throw journal.broken
    }
  }

  const commit = async (payload: readonly Buffer[]): Promise<void> => {
    const journal = theFile()
    if (journal.broken !== null) throw journal.broken
    const frame = encodeFrame({ header: new Uint8Array(0), payload, salt: journal.salt })
    const ahead = await extended(journal, { neededBytes: frame.bytes, reserveBytes })
    const end = journal.end + frame.bytes
    const what = `Appending ${frame.bytes} bytes to ${journal.path}`
    if (end > ahead.reservedEnd) {
      const used = 'The space set aside is used up; nothing was kept, and appends are tried again.'
      throw journalFailure(what, ahead.cause, used)
    }
    try {
      await journal.file.write(frame.pieces, journal.end)
    } catch (cause) {
      throw journalFailure(what, cause, 'It is not known what was kept; appends are tried again.')
    }
    await sync(journal)
    journal.end = end
    journal.reservedEnd = ahead.reservedEnd
  }

  const commits = openGroupCommit<readonly Buffer[], void>({
    bytesOf: factFrameBytes,
    refuse: (why) => new JournalError('storage_failed', refusals[why]),
    commit: async (items) => {
      await commit(items.flat())
      return items.map(() => undefined)
    },
  })

  const isReserved = ({ end, reservedEnd, broken }: JournalFile): boolean =>
    broken === null && reservedEnd - end >= reserveBytes

  /** Tries between two appends: nobody may append while the disk is full, and it must be noticed. */
  const extendSoon = (journal: JournalFile): void => {
    if (journal.broken !== null) return
    extending ??= commits
      .exclusive(async () => {
        const { reservedEnd } = await extended(journal, { neededBytes: 0, reserveBytes })
        if (reservedEnd === journal.reservedEnd) return
        await sync(journal)
        journal.reservedEnd = reservedEnd
      })
      .catch(report)
      .finally(() => {
        extending = null
      })
  }

  const checkpoint = async (facts: readonly Fact[]): Promise<void> => {
    const old = theFile()
    const what = `Beginning ${journalName(old.number + 1, 'log')} in ${directory}`
    const next = await begin(old.number + 1, facts).catch((cause) => {
      throw journalFailure(what, cause, 'The file before stays as it was; nothing was lost.')
    })
    current = next
    await old.file.close().catch(report)
    try {
      await filesystem.syncDirectory(directory)
    } catch (cause) {
      const why = `${what} failed with ${seen(cause)}: its name may not be durable`
      const after = 'Either file holds all that was kept; neither takes more until a checkpoint.'
      next.broken = new JournalError('storage_failed', `${why}. ${after}`, { cause })
      throw next.broken
    }
    await removeOlder(filesystem, { directory, number: next.number }).catch(report)
  }

  return {
    recover: async function* () {
      if (current !== null) throw new Error('The journal was recovered twice.')
      await filesystem.makeDirectory(directory)
      const highest = await highestJournal(filesystem, directory)
      current =
        highest === undefined
          ? await begin(1, []).catch((cause) => {
              throw journalFailure(
                `Beginning a journal in ${directory}`,
                cause,
                'Nothing was changed.',
              )
            })
          : yield* openExisting(filesystem, { directory, number: highest })
      await filesystem.syncDirectory(directory)
      await removeOlder(filesystem, { directory, number: current.number })
      if (!isReserved(current)) {
        extendSoon(current)
        await extending
      }
    },
    append: async (facts) => {
      theFile()
      if (facts.length > 0) await commits.submit(encodeFacts(facts))
    },
    checkpoint: (facts) => commits.exclusive(() => checkpoint(facts)),
    bytes: () => theFile().end,
    reserved: () => {
      const journal = theFile()
      if (!isReserved(journal)) extendSoon(journal)
      return isReserved(journal)
    },
    close: async () => {
      await commits.close()
      await current?.file.close()
    },
  }
}

const refusals = {
  queue_full:
    'Appending to the journal was refused: as much as may wait is waiting for the disk. Nothing was ' +
    'kept; try again when some of it has ended.',
  closed: 'Appending to the journal was refused: it is closed. Nothing was kept.',
} as const

/**
 * Sets more space aside when there would be too little of it left: as much as the disk has, of two
 * sizes. It is durable with the next sync. Where the disk has none, `cause` says what it answered.
 */
const extended = async (
  { file, end, reservedEnd }: JournalFile,
  { neededBytes, reserveBytes }: { readonly neededBytes: number; readonly reserveBytes: number },
): Promise<{ readonly reservedEnd: number; readonly cause?: unknown }> => {
  if (reservedEnd - (end + neededBytes) >= reserveBytes) return { reservedEnd }
  let failure: unknown
  for (const aheadBytes of [2 * reserveBytes, reserveBytes]) {
    const to = end + neededBytes + aheadBytes
    try {
      await writeZeros(file, { from: reservedEnd, to })
      return { reservedEnd: to }
    } catch (cause) {
      failure = cause
    }
  }
  return { reservedEnd, cause: failure }
}

async function* openExisting(
  filesystem: Filesystem,
  { directory, number }: { readonly directory: string; readonly number: number },
): AsyncGenerator<Fact, JournalFile, undefined> {
  const path = join(directory, journalName(number, 'log'))
  const file = await filesystem.open(path, 'update')
  try {
    const header = await readJournalHeader(file, path)
    const end = yield* readFacts(file, path, header)
    const reservedEnd = Math.max(end, await file.size())
    // What was not finished is overwritten and not cut off: on a full disk its blocks would be gone.
    const rest = { from: end, to: reservedEnd }
    if (!(await isBlank(file, rest))) await writeZeros(file, rest)
    // After a kill the system still has what was never synced. It was read as if it were safe.
    await file.datasync()
    return { number, path, file, salt: header.salt, end, reservedEnd, broken: null }
  } catch (cause) {
    await file.close()
    throw cause
  }
}

/** Files that a checkpoint has replaced, and checkpoints that were never finished. */
const removeOlder = async (
  filesystem: Filesystem,
  { directory, number }: { readonly directory: string; readonly number: number },
): Promise<void> => {
  for (const name of await filesystem.list(directory)) {
    const found = journalNamed(name)
    if (found === undefined || (found.kind === 'log' && found.number >= number)) continue
    await unlinkIfThere(filesystem, join(directory, name))
  }
}
