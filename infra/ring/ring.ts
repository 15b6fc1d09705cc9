/**
 * The disk ring: the record log in segment files of one directory.
 *
 * Constraints
 * - Resolved means durable: `append` answers after one `fdatasync`, which all appends share that
 *   came while the one before was under way. All of an append is kept, or none.
 * - Any one corruption of a file loses at most the batch whose payload it hit, and its exact range
 *   is known. What cannot be read is reported, never skipped.
 * - Memory is per segment, not per batch: the files are read again for what is to be sent.
 * - A segment has one priority, so the least important batches can be evicted by deleting files.
 *
 * Layout of the directory
 *
 *     segment-<id>-<priority>.log    a file header (see `disk/file-header.ts`), then frames (see
 *                                    `disk/frame.ts`) whose headers are Avro `Batch`
 *     highest-id-<id>                empty; the highest id ever given
 *
 * Writing: one active segment a priority, opened when first needed, sealed when it has
 * `segmentBytes` or `segmentFramesMax`; a batch that is larger has a segment of its own. A new file
 * is durable, with its name, before the first acknowledgement in it.
 * Recovery: every segment is sealed, so what was once acknowledged at an offset is never written over.
 * Removing: the file is unlinked and the directory synced. Ids are never given again.
 */
import { randomInt } from 'node:crypto'
import { fingerprintOf } from '../../schemas/codec.ts'
import { codeOf, type Filesystem, seen } from '../disk/filesystem.ts'
import { type OpenFiles, openFiles } from '../disk/open-files.ts'
import { LogError } from './log-error.ts'
import { openPayloadCache, type PayloadCache } from './payload-cache.ts'
import { loadBatches, readPayload, unendedBatches } from './reader.ts'
import type { RecordLog } from './record-log.ts'
import { type Recovered, recoverSegments } from './recovery.ts'
import { endBatch, type SegmentState } from './segment.ts'
import { openStreamNames, type StreamNames } from './stream-counts.ts'
import { openWriter, type Writer } from './writer.ts'

export type RingOptions = {
  readonly filesystem: Filesystem
  /** Of this ring alone; made if it is not there. */
  readonly directory: string
  /** A segment is sealed once it has this size. */
  readonly segmentBytes: number
  /** A segment is sealed once it has so many batches. Default 4096. */
  readonly segmentFramesMax?: number
  /** `os`: a batch is acknowledged once the system has it; a power cut may take it back. */
  readonly durability: 'fsync' | 'os'
  /** Payloads kept in memory for reads that come soon. Default 8 MiB. */
  readonly payloadCacheBytes?: number
  /** Told of faults that change nothing for any caller. By default the process warns. */
  readonly report?: (fault: Error) => void
  /** A number of 32 bits that nobody can guess; a simulation gives its own. */
  readonly drawSalt?: () => number
}

const defaultSegmentFramesMax = 4096
const defaultPayloadCacheBytes = 8 * 1024 * 1024
const saltMax = 2 ** 32

export const openRing = (options: RingOptions): RecordLog => {
  const { filesystem } = options
  const segments = new Map<number, SegmentState>()
  const streams = openStreamNames()
  const files = openFiles(filesystem)
  const cache = openPayloadCache(options.payloadCacheBytes ?? defaultPayloadCacheBytes)
  const disk = { files, segments }
  let writer: Writer | null = null

  const theWriter = (): Writer => {
    if (writer === null) throw new Error('The record log was used before it was recovered.')
    return writer
  }
  return {
    recover: async (ended) => {
      if (writer !== null) throw new Error('The record log was recovered twice.')
      const recovered = await recoverSegments({ ...options, streams }, ended).catch((cause) => {
        throw recoveryFailure(options.directory, cause)
      })
      for (const segment of recovered.segments) segments.set(segment.id, segment)
      writer = startWriter(options, { segments, streams, cache, highestId: recovered.highestId })
      return recovered.recovery
    },
    append: async (batches) => theWriter().append(batches),
    load: (query) => loadBatches(disk, query),
    read: async (held) => cache.borrow(held.at) ?? (await readPayload(disk, held)),
    end: (at) => {
      cache.drop(at)
      const segment = segments.get(at.segment)
      if (segment === undefined || segment.phase === 'removing') return false
      return endBatch(segment, at.offset)
    },
    unended: async (id) => {
      const segment = segments.get(id)
      if (segment === undefined) return []
      // What is enumerated here is about to be evicted: nothing may join it any more.
      await theWriter().retire(segment)
      return unendedBatches(disk, segment)
    },
    accepted: (id) => segments.get(id)?.accepted.all() ?? [],
    remove: async (id) => {
      const segment = segments.get(id)
      if (segment === undefined) return
      await theWriter().retire(segment)
      segment.phase = 'removing'
      cache.dropSegment(id)
      await unlinkSegment(options, { segment, files })
      segments.delete(id)
      segment.accepted.clear()
    },
    bytes: () => [...segments.values()].reduce((sum, { end }) => sum + end, 0),
    close: async () => {
      await writer?.close()
      await files.close()
    },
  }
}

const startWriter = (
  options: RingOptions,
  state: {
    readonly segments: Map<number, SegmentState>
    readonly streams: StreamNames
    readonly cache: PayloadCache
    readonly highestId: Recovered['highestId']
  },
): Writer =>
  openWriter({
    store: {
      filesystem: options.filesystem,
      directory: options.directory,
      durability: options.durability,
      drawSalt: options.drawSalt ?? (() => randomInt(saltMax)),
      schema: fingerprintOf('Batch'),
      streams: state.streams,
      highestId: { ...state.highestId },
      files: new Map(),
      unsyncable: new Set(),
      report: options.report ?? ((fault) => process.emitWarning(fault)),
    },
    segments: state.segments,
    limits: {
      segmentBytes: options.segmentBytes,
      segmentFramesMax: options.segmentFramesMax ?? defaultSegmentFramesMax,
    },
    onCommitted: state.cache.put,
  })

/** May be called again after it has failed, at whichever step. */
const unlinkSegment = async (
  { filesystem, directory }: RingOptions,
  { segment, files }: { readonly segment: SegmentState; readonly files: OpenFiles },
): Promise<void> => {
  try {
    await files.forget(segment.path)
    await filesystem.unlink(segment.path).catch((cause: unknown) => {
      if (codeOf(cause) !== 'ENOENT') throw cause
    })
    await filesystem.syncDirectory(directory)
  } catch (cause) {
    const why = `Removing ${segment.path} failed with ${seen(cause)}`
    const message = `${why}. Nothing will be read from it; its removal can be asked for again.`
    throw new LogError('storage_failed', message, { cause })
  }
}

/** Errors of the disk become the log's own; those that name a remedy stay as they are. */
const recoveryFailure = (directory: string, cause: unknown): unknown => {
  if (codeOf(cause) === undefined) return cause
  const why = `Recovering the record log in ${directory} failed with ${seen(cause)}`
  const message = `${why}. No record was lost by it; a restart tries again.`
  return new LogError('storage_failed', message, { cause })
}
