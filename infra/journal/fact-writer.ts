/** Writes facts behind those that a journal file has, into space that was set aside before. */
import { seen } from '../disk/filesystem.ts'
import { encodeFrame } from '../disk/frame.ts'
import { type JournalFile, journalFailure } from './checkpoint.ts'
import { JournalError } from './journal-error.ts'
import { writeZeros } from './space.ts'

/**
 * Writes the facts of one commit as one frame, and syncs it.
 * @throws {JournalError} see `Journal.append`.
 */
export const writeFacts = async (
  journal: JournalFile,
  payload: readonly Buffer[],
  reserveBytes: number,
): Promise<void> => {
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
  await syncJournal(journal)
  journal.end = end
  journal.reservedEnd = ahead.reservedEnd
}

/** Sets space aside without writing anything into it. @throws {JournalError} `storage_failed`. */
export const extendReserve = async (journal: JournalFile, reserveBytes: number): Promise<void> => {
  if (journal.broken !== null) return
  const { reservedEnd } = await extended(journal, { neededBytes: 0, reserveBytes })
  if (reservedEnd === journal.reservedEnd) return
  await syncJournal(journal)
  journal.reservedEnd = reservedEnd
}

export const isReserved = (
  { end, reservedEnd, broken }: JournalFile,
  reserveBytes: number,
): boolean => broken === null && reservedEnd - end >= reserveBytes

/** A sync that has failed is the last one of its file. */
const syncJournal = async (journal: JournalFile): Promise<void> => {
  try {
    await journal.file.datasync()
  } catch (cause) {
    const next = 'It is not known what was kept; this file takes no more until a checkpoint.'
    const what = `Syncing ${journal.path} failed with ${seen(cause)}. ${next}`
    journal.broken = new JournalError('storage_failed', what, { cause })
    throw journal.broken
  }
}

/**
 * Writes zeros ahead when there would be too few of them left: as many as the disk takes, of two
 * amounts. They are set aside with the next sync. Where it takes none, `cause` says what it
 * answered.
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
