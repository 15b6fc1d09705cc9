/** Finds batches and their payloads on disk. Nothing of where they are is kept in memory. */
import type { Batch, Held, Position, Priority } from '../../schemas/messages.ts'
import { fileHeaderBytes } from '../disk/file-header.ts'
import { codeOf, type OpenFile } from '../disk/filesystem.ts'
import {
  headBytes,
  headIsSound,
  payloadCrcOf,
  payloadOffsetOf,
  readHead,
  type Shape,
} from '../disk/frame.ts'
import type { OpenFiles } from '../disk/open-files.ts'
import { openWindow, type Window } from '../disk/window.ts'
import { declareOwn, hold } from '../memory/holds.ts'
import { LogError } from './log-error.ts'
import type { Loan } from './record-log.ts'
import { hasEnded, isPending, type SegmentState } from './segment.ts'
import { type FoundBatch, scanBatches } from './segment-file.ts'

/** Read with a payload, so that the head before it is there already. */
const headerBytesGuessed = 1024

export type Disk = {
  readonly files: OpenFiles
  /** By id, in the order of ids. */
  readonly segments: ReadonlyMap<number, SegmentState>
}

export const loadBatches = async (
  disk: Disk,
  query: {
    readonly priority: Priority
    readonly after: Position | null
    readonly batchesMax: number
  },
): Promise<{ readonly held: readonly Held[]; readonly through: Position | null }> => {
  const held: Held[] = []
  let through: Position | null = null
  for (const segment of [...disk.segments.values()]) {
    if (segment.priority !== query.priority || segment.phase === 'removing') continue
    if (segment.id < (query.after?.segment ?? 0)) continue
    const behind = query.after?.segment === segment.id ? query.after.offset : 0
    if (segment.lastOffset <= behind) continue
    if (!isPending(segment)) {
      through = { segment: segment.id, offset: segment.lastOffset }
      continue
    }
    await visitBatches(disk, { segment, from: behind }, ({ held: found }) => {
      if (found.at.offset <= behind) return 'go on'
      through = found.at
      if (isOffered(segment, found.at.offset)) held.push(found)
      return held.length < query.batchesMax ? 'go on' : 'stop'
    })
    if (held.length >= query.batchesMax) break
  }
  return { held, through }
}

const isOffered = (segment: SegmentState, offset: number): boolean =>
  !hasEnded(segment, offset) && !segment.corrupt.has(offset)

export const unendedBatches = async (
  disk: Disk,
  segment: SegmentState,
): Promise<readonly Held[]> => {
  const held: Held[] = []
  if (segment.ended === 'all') return held
  await visitBatches(disk, { segment, from: 0 }, ({ held: found }) => {
    if (!hasEnded(segment, found.at.offset)) held.push(found)
    return 'go on'
  })
  return held
}

/** @param range.from offset of a frame, or 0 for the first */
const visitBatches = async (
  { files }: Disk,
  range: { readonly segment: SegmentState; readonly from: number },
  visit: (found: Extract<FoundBatch, { kind: 'batch' }>) => 'go on' | 'stop',
): Promise<void> => {
  const { segment } = range
  const from = Math.max(range.from, fileHeaderBytes)
  try {
    await files.use(segment.path, async (file) => {
      for await (const found of scanBatches(file, segment, { from, to: segment.end })) {
        if (found.kind === 'batch' && visit(found) === 'stop') return
      }
    })
  } catch (cause) {
    // It was removed while it was being looked at: then there is nothing in it.
    if (codeOf(cause) !== 'ENOENT' || segment.phase !== 'removing') throw cause
  }
}

/**
 * One positioned read where the head is sound; where it is not, the frame is found by its tail.
 * @throws {LogError} `corrupt` when the checksum is wrong, `gone` when the segment is.
 */
export const readPayload = async (disk: Disk, { batch, at }: Held): Promise<Loan> => {
  const segment = disk.segments.get(at.segment)
  const where = `offset ${at.offset} of segment ${at.segment}`
  const what = `Reading the batch ${batch.id} at ${where} failed`
  if (segment === undefined || segment.phase === 'removing')
    throw new LogError('gone', `${what}: the segment was removed.`)
  try {
    const payload = await disk.files.use(segment.path, (file) =>
      payloadAt(file, segment, at, batch),
    )
    if (payload !== undefined) return lent(payload)
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause
    throw new LogError('gone', `${what}: there is no file ${segment.path}.`, { cause })
  }
  const why = `in ${segment.path} its payload does not have its checksum`
  throw new LogError('corrupt', `${what}: ${why}. Its records are lost.`)
}

/** It lies in what the window has read: memory that nobody else has, now that the window is not used again. */
const lent = (payload: Buffer): Loan => {
  declareOwn(Buffer.from(payload.buffer))
  return { payload: [payload], giveBack: hold([payload]) }
}

const payloadAt = async (
  file: OpenFile,
  segment: SegmentState,
  { offset }: Position,
  batch: Batch,
): Promise<Buffer | undefined> => {
  const window = openWindow({
    file,
    to: segment.end,
    readBytes: headBytes + headerBytesGuessed + batch.bytes,
  })
  const shape =
    (await shapeByHead(window, segment, offset)) ?? (await shapeByTail(file, segment, offset))
  if (shape === undefined) return undefined
  const payload = await window.bytes(offset + payloadOffsetOf(shape), shape.payloadBytes)
  if (payload.length < shape.payloadBytes) return undefined
  return payloadCrcOf([payload], segment.salt) === shape.payloadCrc ? payload : undefined
}

const shapeByHead = async (
  window: Window,
  { salt }: SegmentState,
  offset: number,
): Promise<Shape | undefined> => {
  const shape = readHead(await window.bytes(offset, headBytes), salt)
  if (shape === undefined) return undefined
  const bytes = await window.bytes(offset, payloadOffsetOf(shape))
  return bytes.length === payloadOffsetOf(shape) && headIsSound(bytes, salt) ? shape : undefined
}

const shapeByTail = async (
  file: OpenFile,
  segment: SegmentState,
  offset: number,
): Promise<Shape | undefined> => {
  const range = { from: offset, to: segment.end }
  for await (const found of scanBatches(file, segment, range)) {
    if (found.kind !== 'batch' || found.frame.offset > offset) return undefined
    return found.frame.shape
  }
  return undefined
}
