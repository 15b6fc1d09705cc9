/**
 * Drop events, one a line of JSON, in the order of their ids, in one file that only grows. A checkpoint
 * appends to it before the journal lets go of them. So after a crash the journal still holds whatever
 * was not written whole, and opening cuts the file where the journal's begin: nothing is in it twice.
 *
 *     drops.ndjson   = *( line LF )
 *     line           = a `Drop` as JSON
 *
 * A damaged line is reported and passed over: it must not keep the pipeline from taking in records.
 * Memory: the newest, and where each 512th line is.
 */
import { join } from 'node:path'
import type { Drop } from '../../schemas/messages.ts'
import type { Filesystem, OpenFile } from '../disk/filesystem.ts'
import { dropOfLine, lineOf, linesOf } from './drop-line.ts'
import { LedgerError } from './ledger-error.ts'
import { type DropSums, openDropSums } from './unshown-drops.ts'

export type DropArchive = {
  /**
   * Resolves when they are on stable storage. Their ids are greater than all before.
   * @throws the file system's error: then the journal has to keep them, and
   * the next append begins with the same ones, over whatever was written of them.
   */
  readonly append: (drops: readonly Drop[]) => Promise<void>
  /**
   * All with greater ids, oldest first.
   * @throws {LedgerError} `archive_failed` when there should be some and none can be read.
   */
  readonly read: (after: string) => AsyncGenerator<Drop>
  /**
   * Some with smaller ids, the newest of them, oldest first; none: there are none.
   * @throws {LedgerError} `archive_failed` when there should be some and none can be read.
   */
  readonly readBefore: (before: string) => Promise<readonly Drop[]>
  readonly firstId: () => string | null
  readonly lastId: () => string | null
  readonly close: () => Promise<void>
}

export type OpenedArchive = {
  readonly archive: DropArchive
  readonly newest: readonly Drop[]
  /** Of all that is in it. */
  readonly sums: DropSums
}

type Place = { readonly id: string; readonly offset: number }
type Contents = {
  readonly places: Place[]
  firstId: string | null
  lastId: string | null
  lines: number
  /** Behind the last whole line. */
  end: number
}

export const archiveName = 'drops.ndjson'
const linesPerPlace = 512
const linesPerWrite = 512

export const openDropArchive = async ({
  filesystem,
  directory,
  journaled,
  newestMax,
  report,
  rescue,
}: {
  readonly filesystem: Filesystem
  readonly directory: string
  /** The drop events that the journal holds: from the first of them on the file is cut. */
  readonly journaled: readonly Drop[]
  /** How many of the newest to answer. */
  readonly newestMax: number
  readonly report: (detail: string) => void
  /** Is given what would be cut and the journal does not hold; keeps it there before it resolves. */
  readonly rescue: (strangers: readonly Drop[]) => Promise<void>
}): Promise<OpenedArchive> => {
  const path = join(directory, archiveName)
  await filesystem.makeDirectory(directory)
  const isThere = (await filesystem.list(directory)).includes(archiveName)
  const file = await filesystem.open(path, isThere ? 'update' : 'create')
  try {
    if (!isThere) await filesystem.syncDirectory(directory)
    const { contents, newest, sums } = await scanned(file, {
      ...{ path, journaled, newestMax, report, rescue },
    })
    return { archive: archiveOver(file, { path, contents }), newest, sums }
  } catch (cause) {
    await file.close()
    throw cause
  }
}

const scanned = async (
  file: OpenFile,
  {
    path,
    journaled,
    newestMax,
    report,
    rescue,
  }: Pick<
    Parameters<typeof openDropArchive>[0],
    'journaled' | 'newestMax' | 'report' | 'rescue'
  > & { readonly path: string },
): Promise<Omit<OpenedArchive, 'archive'> & { readonly contents: Contents }> => {
  const contents: Contents = { places: [], firstId: null, lastId: null, lines: 0, end: 0 }
  const newest: Drop[] = []
  const sums = openDropSums()
  const damaged: number[] = []
  const strangers: Drop[] = []
  const before = journaled[0]?.id ?? null
  const known = new Set(journaled.map(({ id }) => id))
  const size = await file.size()
  let seenEnd = 0
  for await (const { offset, end, bytes } of linesOf(file, { from: 0, to: size })) {
    const drop = dropOfLine(bytes)
    seenEnd = end
    if (drop === undefined || (contents.lastId !== null && drop.id <= contents.lastId)) {
      damaged.push(offset)
      continue
    }
    if (before !== null && drop.id >= before) {
      if (!known.has(drop.id)) strangers.push(drop)
      continue
    }
    noted(contents, drop.id, offset)
    contents.end = end
    sums.add(drop)
    newest.push(drop)
    if (newest.length >= newestMax * 2) newest.splice(0, newest.length - newestMax)
  }
  // While the journal holds some, what follows the last good line is an append that was cut short.
  if (before === null) contents.end = seenEnd
  if (strangers.length > 0) await rescue(strangers)
  if (contents.end < size) {
    if (before === null)
      report(`The end of ${path} is no whole line; ${size - seenEnd} bytes are cut off.`)
    await file.truncate(contents.end)
    await file.datasync()
  }
  const first = damaged[0]
  const lost = damaged.filter((offset) => offset < contents.end).length
  if (first !== undefined && lost > 0) {
    report(
      `${lost} lines of ${path} are damaged, the first at byte ${first}: these drop events cannot be ` +
        'shown any more. The account counts them all the same.',
    )
  }
  return { contents, newest: newest.slice(-newestMax), sums }
}

const noted = (contents: Contents, id: string, offset: number): void => {
  if (contents.lines % linesPerPlace === 0) contents.places.push({ id, offset })
  contents.lines += 1
  contents.firstId ??= id
  contents.lastId = id
}

const archiveOver = (
  file: OpenFile,
  { path, contents }: { readonly path: string; readonly contents: Contents },
): DropArchive => {
  let disk: 'sound' | 'failed' = 'sound'
  return {
    append: async (drops) => {
      if (disk === 'failed') {
        throw new LedgerError(
          'archive_failed',
          `${drops.length} drop events were not archived in ${path}: it failed to be synchronised ` +
            'before, and cannot be trusted until a restart. The journal keeps them.',
        )
      }
      const places: Place[] = []
      let offset = contents.end
      for (let first = 0; first < drops.length; first += linesPerWrite) {
        const lines = drops.slice(first, first + linesPerWrite).map(lineOf)
        await file.write(lines, offset)
        for (const [index, line] of lines.entries()) {
          places.push({ id: drops[first + index]?.id ?? '', offset })
          offset += line.length
        }
      }
      disk = 'failed'
      await file.datasync()
      disk = 'sound'
      for (const place of places) noted(contents, place.id, place.offset)
      contents.end = offset
    },
    read: async function* (after) {
      const { end: to, lastId } = contents
      const from = contents.places.findLast(({ id }) => id <= after)?.offset ?? 0
      let last = after
      for await (const { bytes } of linesOf(file, { from, to })) {
        const drop = dropOfLine(bytes)
        if (drop === undefined || drop.id <= last) continue
        last = drop.id
        yield drop
      }
      if (lastId === null || last >= lastId) return
      throw new LedgerError(
        'archive_failed',
        `Drop events up to ${lastId} were looked for in ${path}, and are not readable any more ` +
          `behind ${last === '' ? 'its beginning' : last}.`,
      )
    },
    readBefore: async (before) => {
      const index = contents.places.findLastIndex(({ id }) => id < before)
      const place = contents.places[index]
      if (place === undefined) return []
      const drops: Drop[] = []
      const to = contents.places[index + 1]?.offset ?? contents.end
      for await (const { bytes } of linesOf(file, { from: place.offset, to })) {
        const drop = dropOfLine(bytes)
        if (drop !== undefined && drop.id < before) drops.push(drop)
      }
      if (drops.length > 0) return drops
      throw new LedgerError(
        'archive_failed',
        `Drop events before ${before} were looked for in ${path}, and are not readable any more ` +
          `from ${place.id}.`,
      )
    },
    firstId: () => contents.firstId,
    lastId: () => contents.lastId,
    close: file.close,
  }
}
