/**
 * Reads all segments when a process starts. What was acknowledged is kept or reported; what was not
 * is cut off, unless it is whole. Every segment is sealed: a new life appends to new ones.
 */
import { join } from 'node:path'
import { decodeValue, isDecodeFailure } from '../../schemas/codec.ts'
import type { Held, Priority } from '../../schemas/messages.ts'
import { FormatVersionError, fileHeaderBytes } from '../disk/file-header.ts'
import type { Filesystem, OpenFile } from '../disk/filesystem.ts'
import { payloadIsIntact } from '../disk/scan.ts'
import { highestIdNamed } from './highest-id.ts'
import type { Ended, Recovery } from './record-log.ts'
import {
  addFrame,
  hasEnded,
  newSegment,
  type SegmentState,
  seal,
  segmentNamed,
  segmentOf,
} from './segment.ts'
import { readSegmentHeader, scanBatches } from './segment-file.ts'
import type { StreamNames } from './stream-counts.ts'

export type RecoveryOptions = {
  readonly filesystem: Filesystem
  readonly directory: string
  readonly durability: 'fsync' | 'os'
  readonly streams: StreamNames
}
export type Recovered = {
  readonly recovery: Recovery
  /** In the order of their ids. */
  readonly segments: readonly SegmentState[]
  readonly highestId: { readonly known: number; readonly marked: number | undefined }
}

/**
 * @throws {FormatVersionError} when another release wrote a segment; whatever the filesystem
 * throws.
 */
export const recoverSegments = async (
  options: RecoveryOptions,
  ended: Ended,
): Promise<Recovered> => {
  const { filesystem, directory } = options
  await filesystem.makeDirectory(directory)
  const names = await filesystem.list(directory)
  const marks = names.map(highestIdNamed).filter((id) => id !== undefined)
  const files = names
    .map((name) => ({ path: join(directory, name), ...segmentNamed(name) }))
    .filter((file): file is SegmentFile => file.id !== undefined)
    .sort((a, b) => b.id - a.id)
  const found: FoundSegment[] = []
  /** Those whose newest segment with frames has been seen: only there may a write be unfinished. */
  const verified = new Set<Priority>()
  for (const file of files) {
    if (ended.segments.has(file.id)) {
      await filesystem.unlink(file.path)
      continue
    }
    const payloads = verified.has(file.priority) ? 'trusted' : 'verified'
    const offsets = ended.offsets.get(file.id) ?? new Set()
    const segment = await recoverSegment(options, { file, offsets, payloads })
    if (segment.kind === 'empty') await filesystem.unlink(file.path)
    if (segment.kind === 'found' && segment.state.frames > 0) verified.add(file.priority)
    found.push(segment)
  }
  // Renames, creations and deletions of this life and the last: from here on they are certain.
  await filesystem.syncDirectory(directory)
  // Where somebody took files away, the journal may know of higher ones: an id that were given again
  // would have batches in it that never were sent, and that the journal says have ended.
  const journaled = [...ended.segments, ...ended.offsets.keys()]
  const known = Math.max(0, ...marks, ...files.map(({ id }) => id), ...journaled)
  const marked = marks.length === 0 ? undefined : Math.max(...marks)
  return { ...summary(found.reverse()), highestId: { known, marked } }
}

type SegmentFile = { readonly path: string; readonly id: number; readonly priority: Priority }
type Damage = Pick<Recovery, 'corrupt' | 'unknown' | 'tornBytes'>
type FoundSegment =
  | { readonly kind: 'empty'; readonly damage: Damage }
  | { readonly kind: 'found'; readonly state: SegmentState; readonly damage: Damage }

const summary = (found: readonly FoundSegment[]): Pick<Recovered, 'recovery' | 'segments'> => {
  const segments = found.flatMap((it) => (it.kind === 'found' ? [it.state] : []))
  const recovery = {
    segments: segments.map(segmentOf),
    corrupt: found.flatMap(({ damage }) => damage.corrupt),
    unknown: found.flatMap(({ damage }) => damage.unknown),
    tornBytes: found.reduce((sum, { damage }) => sum + damage.tornBytes, 0),
  }
  return { segments, recovery }
}

type SegmentQuery = {
  readonly file: SegmentFile
  /** Of batches that have ended. */
  readonly offsets: ReadonlySet<number>
  readonly payloads: 'verified' | 'trusted'
}

const recoverSegment = async (
  options: RecoveryOptions,
  query: SegmentQuery,
): Promise<FoundSegment> => {
  const { path } = query.file
  const file = await options.filesystem.open(path, 'update')
  try {
    const header = await readSegmentHeader(file, path)
    if (header === undefined || (await file.size()) < fileHeaderBytes)
      return await withoutHeader(file, query.file, options.streams)
    refuseUnknownSchema(path, header.schema)
    const { salt, schema } = header
    const state = newSegment({ ...query.file, salt, schema }, options.streams)
    const damage = await readFrames(file, state, query)
    const { length: lost } = damage.unknown
    if (damage.tornBytes > 0 && state.frames + lost > 0) await file.truncate(state.end)
    // After a kill the system still has what was written and never synced. It is read as if it were
    // safe, so it has to be: or what was delivered from it would vanish with the next power cut.
    if (query.payloads === 'verified' || damage.tornBytes > 0) await synced(options, file)
    seal(state)
    return state.frames + lost === 0 ? { kind: 'empty', damage } : { kind: 'found', state, damage }
  } finally {
    await file.close()
  }
}

const synced = async ({ durability }: RecoveryOptions, file: OpenFile): Promise<void> => {
  if (durability === 'fsync') await file.datasync()
}

const readFrames = async (
  file: OpenFile,
  state: SegmentState,
  { offsets, payloads }: SegmentQuery,
): Promise<Damage> => {
  const corrupt: { held: Held; detail: string }[] = []
  const unknown: { file: string; detail: string }[] = []
  const [ended, to] = [new Set<number>(), await file.size()]
  state.ended = ended
  let tornBytes = 0
  const read = payloads === 'verified' ? 'read' : 'skip'
  const range = { from: fileHeaderBytes, to, payloads: read } as const
  for await (const found of scanBatches(file, state, range)) {
    if (found.kind !== 'batch') {
      if (found.kind === 'torn') {
        tornBytes = found.bytes
        continue
      }
      const where = `${found.bytes} bytes at offset ${found.offset}`
      unknown.push({ file: state.path, detail: `${where}: ${found.detail}` })
      state.end = found.offset + found.bytes
      continue
    }
    const { held, frame } = found
    addFrame(state, held)
    state.end = frame.offset + frame.bytes
    if (offsets.has(frame.offset)) ended.add(frame.offset)
    if (hasEnded(state, frame.offset)) continue
    if (payloads === 'trusted' && frame.from === 'head') continue
    if (await payloadIsIntact(file, frame, state.salt)) continue
    state.corrupt.add(frame.offset)
    const where = `offset ${frame.offset} of ${state.path}`
    const detail = `the payload at ${where} does not have its checksum`
    corrupt.push({ held, detail })
  }
  return { corrupt, unknown, tornBytes }
}

/** A file that was written with a schema that is not known here: it is left to a newer release. */
const refuseUnknownSchema = (path: string, schema: bigint): void => {
  const probe = decodeValue('Batch', Buffer.alloc(0), schema)
  if (!isDecodeFailure(probe) || probe.why !== 'unknown_schema') return
  const format = `batches of the schema ${schema.toString(16)}`
  throw new FormatVersionError({ path, format, known: 'those of releases up to its own' })
}

/** A file that was being created held nothing yet. Anything else without a header is damage. */
const withoutHeader = async (
  file: OpenFile,
  segment: SegmentFile,
  streams: StreamNames,
): Promise<FoundSegment> => {
  const bytes = await file.size()
  const nothing = { corrupt: [], unknown: [], tornBytes: 0 }
  if (bytes <= fileHeaderBytes) return { kind: 'empty', damage: { ...nothing, tornBytes: bytes } }
  const detail = `all ${bytes} bytes: neither copy of the file's header is readable`
  const state = newSegment({ ...segment, salt: 0, schema: 0n }, streams)
  state.end = bytes
  seal(state)
  const damage = { ...nothing, unknown: [{ file: segment.path, detail }] }
  return { kind: 'found', state, damage }
}
