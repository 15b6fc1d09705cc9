/** A record log as it lies on disk, read from outside and without changing anything. */
import { join } from 'node:path'
import type { Batch, Held, Priority } from '../../schemas/messages.ts'
import { type FileHeader, fileHeaderBytes } from '../disk/file-header.ts'
import { codeOf, type Filesystem, type OpenFile } from '../disk/filesystem.ts'
import { payloadCrcOf, payloadOffsetOf } from '../disk/frame.ts'
import { nodeFilesystem } from '../disk/node-filesystem.ts'
import { openWindow } from '../disk/window.ts'
import { factsOf, highestJournal } from '../journal/journal-reader.ts'
import { replay } from '../ledger/replay.ts'
import type { Ended } from './record-log.ts'
import { segmentNamed } from './segment.ts'
import { type FoundBatch, readSegmentHeader, scanBatches } from './segment-file.ts'

export type OfflineRing = {
  /** The data directory, with `ring` and `journal` in it. */
  readonly directory: string
  readonly filesystem: Filesystem
}

/** `unknown` where there is no journal beside the ring. */
export type Fate = 'pending' | 'ended' | 'unknown'

export type OfflineSegment = {
  readonly path: string
  readonly id: number
  readonly priority: Priority
  readonly bytes: number
  /** `undefined` when neither copy of it is readable: then nothing is found. */
  readonly header: FileHeader | undefined
  readonly file: OpenFile
  readonly found: (payloads: 'skip' | 'read') => AsyncIterable<FoundBatch>
  readonly fateOf: (offset: number) => Fate
}

export type OfflineBatch = {
  readonly batch: Batch
  readonly held: Held
  readonly path: string
  readonly fate: Fate
  /** `undefined` when it does not have its checksum. Only before the next batch is asked for. */
  readonly payload: () => Promise<Buffer | undefined>
}

/**
 * @param directory the data directory, with `ring` and `journal` in it
 */
export const offlineRing = (directory: string, filesystem = nodeFilesystem): OfflineRing => ({
  directory,
  filesystem,
})

/**
 * The segments in the order of their ids, each open until the next is asked for. Those that the
 * journal knows to be evicted or retired are `ended` as a whole.
 * @throws ENOENT when there is no ring; {FormatVersionError}; {JournalError} `corrupt`.
 */
export async function* offlineSegments({
  directory,
  filesystem,
}: OfflineRing): AsyncGenerator<OfflineSegment, void, undefined> {
  const names = (await filesystem.list(join(directory, 'ring'))).toSorted()
  const ended = await endedIn(filesystem, join(directory, 'journal'))
  for (const name of names) {
    const named = segmentNamed(name)
    if (named === undefined) continue
    const path = join(directory, 'ring', name)
    const file = await filesystem.open(path, 'read')
    try {
      const header = await readSegmentHeader(file, path)
      const bytes = await file.size()
      const from = fileHeaderBytes
      yield {
        ...named,
        path,
        bytes,
        header,
        file,
        found: async function* (payloads) {
          if (header !== undefined)
            yield* scanBatches(file, { ...header, id: named.id }, { from, to: bytes, payloads })
        },
        fateOf: (offset) => fateIn(ended, named.id, offset),
      }
    } finally {
      await file.close()
    }
  }
}

/** Bytes of all segment files. @throws ENOENT when there is no ring. */
export const ringBytes = async ({ directory, filesystem }: OfflineRing): Promise<number> => {
  let bytes = 0
  for (const name of await filesystem.list(join(directory, 'ring'))) {
    if (segmentNamed(name) === undefined) continue
    const file = await filesystem.open(join(directory, 'ring', name), 'read')
    bytes += await file.size()
    await file.close()
  }
  return bytes
}

/** Every batch whose header is readable, with its payload for whoever wants it. */
export async function* offlineBatches(
  ring: OfflineRing,
): AsyncGenerator<OfflineBatch, void, undefined> {
  for await (const { path, file, header, found, fateOf } of offlineSegments(ring)) {
    for await (const it of found('skip')) {
      if (it.kind !== 'batch' || header === undefined) continue
      const { frame, held } = it
      const payload = async (): Promise<Buffer | undefined> => {
        const start = frame.offset + payloadOffsetOf(frame.shape)
        const to = start + frame.shape.payloadBytes
        const bytes = await openWindow({ file, to, readBytes: 0 }).bytes(start, to - start)
        return payloadCrcOf([bytes], header.salt) === frame.shape.payloadCrc ? bytes : undefined
      }
      yield { batch: held.batch, held, path, fate: fateOf(frame.offset), payload }
    }
  }
}

const endedIn = async (filesystem: Filesystem, directory: string): Promise<Ended | undefined> => {
  try {
    if ((await highestJournal(filesystem, directory)) === undefined) return undefined
    return (await replay(factsOf(filesystem, directory))).ended
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

const fateIn = (ended: Ended | undefined, segment: number, offset: number): Fate => {
  if (ended === undefined) return 'unknown'
  const isOver = ended.segments.has(segment) || ended.offsets.get(segment)?.has(offset) === true
  return isOver ? 'ended' : 'pending'
}
