/** The files of a journal: their names, and what is in one. */
import {
  decodeFileHeader,
  type FileHeader,
  FormatVersionError,
  fileHeaderBytes,
} from '../disk/file-header.ts'
import type { OpenFile } from '../disk/filesystem.ts'
import { payloadCrcOf } from '../disk/frame.ts'
import { type FoundFrame, scanFrames } from '../disk/scan.ts'
import { openWindow } from '../disk/window.ts'
import { decodeFacts, type FactFault } from './fact-frame.ts'
import type { Fact } from './journal.ts'
import { JournalError } from './journal-error.ts'
import type { Span } from './space.ts'

const namePattern = /^journal-(\d{8,16})\.(log|tmp)$/

/** `tmp` until all of it is on stable storage. */
export const journalName = (number: number, kind: 'log' | 'tmp'): string =>
  `journal-${String(number).padStart(8, '0')}.${kind}`

export const journalNamed = (
  name: string,
): { readonly number: number; readonly kind: 'log' | 'tmp' } | undefined => {
  const [, number, kind] = namePattern.exec(name) ?? []
  return number === undefined ? undefined : { number: Number(number), kind: kind as 'log' | 'tmp' }
}

/**
 * @throws {JournalError} `corrupt`: a file has its name only once its header is on stable storage;
 * {FormatVersionError} when another release wrote it.
 */
export const readJournalHeader = async (file: OpenFile, path: string): Promise<FileHeader> => {
  const window = openWindow({ file, to: fileHeaderBytes, readBytes: fileHeaderBytes })
  const header = decodeFileHeader(await window.bytes(0, fileHeaderBytes), { path, kind: 'journal' })
  if (header === undefined) throw corrupt(path, 0, "neither copy of the file's header is readable")
  return header
}

/**
 * The facts of a file, oldest first; returns where the last frame of them is. A last frame that
 * is damaged was never finished, so nobody was told that it is kept.
 * @throws {JournalError} `corrupt` when there is damage in what was acknowledged;
 * {FormatVersionError} when another release wrote what this one cannot read.
 */
export async function* readFacts(
  file: OpenFile,
  path: string,
  header: Pick<FileHeader, 'salt' | 'durableBytes'>,
): AsyncGenerator<Fact, Span, undefined> {
  const { salt, durableBytes } = header
  const to = await file.size()
  let [from, end] = [fileHeaderBytes, fileHeaderBytes]
  let unfinished: FoundFrame | undefined
  for await (const found of scanFrames({
    file,
    salt,
    from: fileHeaderBytes,
    to,
    payloads: 'read',
  })) {
    if (found.kind === 'torn') break
    if (unfinished !== undefined) throw corrupt(path, unfinished.offset, wrongChecksum)
    if (found.kind === 'unknown') throw corrupt(path, found.offset, unreadable)
    const { payload } = found
    if (payload === null || payloadCrcOf([payload], salt) !== found.shape.payloadCrc) {
      unfinished = found
      continue
    }
    const facts = decodeFacts(payload)
    if ('fault' in facts) throw unreadableFact(path, found.offset, facts)
    yield* facts
    from = found.offset
    end = found.offset + found.bytes
  }
  if (end < durableBytes) throw corrupt(path, end, unfinished ? wrongChecksum : unreadable)
  return { from, to: end }
}

const wrongChecksum = 'the frame there does not have its checksum'
const unreadable = 'there is no readable frame'

const unreadableFact = (path: string, offset: number, { fault, isForeign }: FactFault): Error =>
  isForeign === true
    ? new FormatVersionError({
        path,
        format: `a fact of another release (${fault})`,
        known: 'those of releases up to its own',
      })
    : corrupt(path, offset, fault)

const corrupt = (path: string, offset: number, detail: string): JournalError =>
  new JournalError(
    'corrupt',
    `Reading the journal failed in ${path} at offset ${offset}: ${detail}. What stands there was ` +
      'acknowledged, so nothing was changed and nothing is guessed: restore the file, or move it ' +
      'away knowing that the account begins anew.',
  )
