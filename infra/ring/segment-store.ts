/** The files that are being appended to: created, written, synced, and put back when that fails. */
import { join } from 'node:path'
import type { Priority } from '../../schemas/messages.ts'
import { encodeFileHeader } from '../disk/file-header.ts'
import type { Filesystem, OpenFile } from '../disk/filesystem.ts'
import { raiseHighestId } from './highest-id.ts'
import type { Extent } from './plan.ts'
import { newSegment, type SegmentState, segmentName } from './segment.ts'
import type { StreamNames } from './stream-counts.ts'

/** Owned and changed by the functions below. */
export type SegmentStore = {
  readonly filesystem: Filesystem
  readonly directory: string
  readonly durability: 'fsync' | 'os'
  readonly drawSalt: () => number
  /** Fingerprint of the schema of the frames' headers. */
  readonly schema: bigint
  readonly streams: StreamNames
  /** The highest id ever given, and the one that the directory says so of. */
  readonly highestId: { known: number; marked: number | undefined }
  /** Files open for appends, by segment. */
  readonly files: Map<number, OpenFile>
  /** Segments of which a sync has failed: their files are never synced again. */
  readonly unsyncable: Set<number>
  /** Told of faults that change nothing for any caller. */
  readonly report: (fault: Error) => void
}

/** A segment that is not on disk yet. */
export const draftSegment = (store: SegmentStore, priority: Priority): SegmentState => {
  store.highestId.known += 1
  const id = store.highestId.known
  const path = join(store.directory, segmentName({ id, priority }))
  const { schema, streams } = store
  return newSegment({ id, priority, path, salt: store.drawSalt(), schema }, streams)
}

/** Creates the segments that are not there, then writes all. @throws what the filesystem throws. */
export const writeExtents = async (
  store: SegmentStore,
  extents: readonly Extent[],
): Promise<void> => {
  for (const { segment, origin } of extents) if (origin === 'created') await create(store, segment)
  const lanes = Object.values(Object.groupBy(extents, ({ segment }) => segment.priority))
  // All are waited for, so that nothing is put back while something is still being written.
  const ends = await Promise.allSettled(lanes.map((lane) => writeLane(store, lane)))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/**
 * Takes away what a failed `writeExtents` may have left. A file that cannot be brought back to what
 * it was is `spoilt`: nothing may be appended to it any more. `faults` says what could not be
 * undone.
 */
export const putBack = async (
  store: SegmentStore,
  extents: readonly Extent[],
): Promise<{ readonly spoilt: readonly SegmentState[]; readonly faults: readonly unknown[] }> => {
  const spoilt: SegmentState[] = []
  const faults: unknown[] = []
  for (const extent of extents) {
    const found = await (extent.origin === 'created' ? discard : cutBack)(store, extent)
    faults.push(...found)
    const isSpoilt = found.length > 0 || store.unsyncable.has(extent.segment.id)
    if (extent.origin === 'existing' && isSpoilt) spoilt.push(extent.segment)
  }
  if (extents.some(({ origin }) => origin === 'created'))
    faults.push(...(await faultsOf(() => syncDirectory(store))))
  return { spoilt, faults }
}

/** Closes the file of a segment to which nothing more is appended. */
export const closeSegment = async (store: SegmentStore, { id }: SegmentState): Promise<void> => {
  const file = store.files.get(id)
  store.files.delete(id)
  store.unsyncable.delete(id)
  await file?.close().catch(store.report)
}

/** The header is durable before the first frame is written, so a file without one holds nothing. */
const create = async (store: SegmentStore, { id, path, salt }: SegmentState): Promise<void> => {
  const { filesystem, highestId, schema } = store
  const file = await filesystem.open(path, 'create')
  store.files.set(id, file)
  const header = { kind: 'segment', salt, number: id, schema, durableBytes: 0 } as const
  await file.write([encodeFileHeader(header)], 0)
  if (store.durability === 'fsync') await file.datasync()
  await raiseHighestId(store, { before: highestId.marked, now: id })
  highestId.marked = id
  await syncDirectory(store)
}

/**
 * One after the other, so that only the last segment of a priority has bytes that are not synced.
 */
const writeLane = async (store: SegmentStore, lane: readonly Extent[]): Promise<void> => {
  for (const { segment, pieces, start } of lane) {
    const file = fileOf(store, segment)
    await file.write(pieces, start)
    if (store.durability === 'os') continue
    try {
      await file.datasync()
    } catch (cause) {
      store.unsyncable.add(segment.id)
      throw cause
    }
  }
}

const discard = async (store: SegmentStore, { segment }: Extent): Promise<readonly unknown[]> => {
  if (!store.files.has(segment.id)) return []
  await closeSegment(store, segment)
  return faultsOf(() => store.filesystem.unlink(segment.path))
}

/** The cut is synced too: or what was refused might be there again after a power cut. */
const cutBack = (store: SegmentStore, { segment, start }: Extent): Promise<readonly unknown[]> =>
  faultsOf(async () => {
    const file = fileOf(store, segment)
    await file.truncate(start)
    if (store.durability === 'fsync' && !store.unsyncable.has(segment.id)) await file.datasync()
  })

const syncDirectory = async ({ durability, filesystem, directory }: SegmentStore): Promise<void> =>
  durability === 'fsync' ? filesystem.syncDirectory(directory) : undefined

const faultsOf = (task: () => Promise<void>): Promise<readonly unknown[]> =>
  task().then(
    () => [],
    (cause: unknown) => [cause],
  )

const fileOf = ({ files }: SegmentStore, { id, path }: SegmentState): OpenFile => {
  const file = files.get(id)
  if (file === undefined) throw new Error(`Writing to ${path} failed: it is not open.`)
  return file
}
