/**
 * Begins a journal file anew. Either file holds all that was acknowledged, whenever the power goes.
 */
import { join } from 'node:path'
import { encodeFileHeader, fileHeaderBytes } from '../disk/file-header.ts'
import { codeOf, type Filesystem, isDiskFull, type OpenFile, seen } from '../disk/filesystem.ts'
import { encodeFrame } from '../disk/frame.ts'
import { bytesOf, encodeFacts } from './fact-frame.ts'
import type { Fact } from './journal.ts'
import { JournalError } from './journal-error.ts'
import { journalName } from './journal-file.ts'
import { writeZeros } from './space.ts'

export type JournalFile = {
  readonly number: number
  readonly path: string
  readonly file: OpenFile
  readonly salt: number
  /** Behind the last fact that is on stable storage. */
  end: number
  /** Up to here the file has blocks of its own, on stable storage. */
  reservedEnd: number
  /** Set once a sync has failed: the file is never synced, and so never written, again. */
  broken: JournalError | null
}

/** Facts are put into frames of about this size. */
const framePayloadBytes = 1024 * 1024

/**
 * Writes a file with these facts under another name, syncs it, and gives it its name.
 * The name is not durable before the directory is synced.
 * @throws what the filesystem throws; then there is no such file, or an unfinished one under
 * `.tmp`.
 */
export const writeJournalFile = async (options: {
  readonly filesystem: Filesystem
  readonly directory: string
  readonly number: number
  readonly facts: readonly Fact[]
  readonly salt: number
  /** Zeros behind the facts. */
  readonly reserveBytes: number
}): Promise<JournalFile> => {
  const { filesystem, directory, number, salt } = options
  const draft = join(directory, journalName(number, 'tmp'))
  const path = join(directory, journalName(number, 'log'))
  const pieces = framesOf(options.facts, salt)
  const end = fileHeaderBytes + pieces.reduce((sum, { length }) => sum + length, 0)
  const header = { kind: 'journal', salt, number, schema: 0n, durableBytes: end } as const
  const reservedEnd = end + options.reserveBytes

  await unlinkIfThere(filesystem, draft)
  const file = await filesystem.open(draft, 'create')
  try {
    await file.write([encodeFileHeader(header), ...pieces], 0)
    await writeZeros(file, { from: end, to: reservedEnd })
    await file.datasync()
    await filesystem.rename({ from: draft, to: path })
  } catch (cause) {
    await file.close()
    await unlinkIfThere(filesystem, draft)
    throw cause
  }
  return { number, path, file, salt, end, reservedEnd, broken: null }
}

export const unlinkIfThere = (filesystem: Filesystem, path: string): Promise<void> =>
  filesystem.unlink(path).catch((cause: unknown) => {
    if (codeOf(cause) !== 'ENOENT') throw cause
  })

export const journalFailure = (what: string, cause: unknown, next: string): JournalError => {
  const code = isDiskFull(cause) ? 'disk_full' : 'storage_failed'
  return new JournalError(code, `${what} failed with ${seen(cause)}. ${next}`, { cause })
}

const framesOf = (facts: readonly Fact[], salt: number): readonly Uint8Array[] => {
  const pieces: Uint8Array[] = []
  let payload: Buffer[] = []
  const flush = (): void => {
    if (payload.length === 0) return
    pieces.push(...encodeFrame({ header: new Uint8Array(0), payload, salt }).pieces)
    payload = []
  }
  let bytes = 0
  for (const fact of facts) {
    const encoded = encodeFacts([fact])
    if (bytes + bytesOf(encoded) > framePayloadBytes) {
      flush()
      bytes = 0
    }
    payload.push(...encoded)
    bytes += bytesOf(encoded)
  }
  flush()
  return pieces
}
