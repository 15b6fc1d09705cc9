/** Checks every checksum of a record log from outside, and changes nothing. */
import type { Batch } from '../../schemas/messages.ts'
import { areHeaderCopiesAlike, fileHeaderBytes } from '../disk/file-header.ts'
import type { Filesystem } from '../disk/filesystem.ts'
import { payloadIsIntact, tailIsIntact } from '../disk/scan.ts'
import { openWindow } from '../disk/window.ts'
import { type Fate, type OfflineSegment, offlineRing, offlineSegments } from './offline-segments.ts'
import type { FoundBatch } from './segment-file.ts'

export type Damage = {
  readonly path: string
  readonly offset: number
  readonly bytes: number
  /**
   * `payload`: the batch is lost. `unknown`: frames are lost, and nothing says which. `head`,
   * `tail` and `file_header`: one of two copies; nothing is lost. `torn`: a write that was not
   * finished or is under way at this moment; nothing is lost that was acknowledged.
   */
  readonly kind: 'payload' | 'unknown' | 'head' | 'tail' | 'file_header' | 'torn'
  readonly batch: Batch | null
  readonly fate: Fate | null
  readonly detail: string
}

/**
 * @param directory the data directory, with `ring` in it
 * @param given.looked is told how many bytes have been looked at so far
 * @throws ENOENT when there is no ring; {FormatVersionError}; {JournalError} `corrupt`.
 */
export async function* verifyRing(
  directory: string,
  given: {
    readonly filesystem?: Filesystem
    readonly looked?: (bytes: number) => void
  } = {},
): AsyncGenerator<Damage, void, undefined> {
  let bytes = 0
  for await (const segment of offlineSegments(offlineRing(directory, given.filesystem))) {
    yield* fileHeaderDamage(segment)
    for await (const found of segment.found('read')) {
      yield* damageOf(segment, found)
      if (found.kind === 'batch') given.looked?.(bytes + found.frame.offset + found.frame.bytes)
    }
    bytes += segment.bytes
    given.looked?.(bytes)
  }
}

async function* fileHeaderDamage(segment: OfflineSegment): AsyncGenerator<Damage, void, undefined> {
  const { path, bytes, header, file } = segment
  const nowhere = { path, offset: 0, batch: null, fate: null }
  if (header === undefined) {
    const kind = bytes <= fileHeaderBytes ? 'torn' : 'unknown'
    yield { ...nowhere, bytes, kind, detail: "neither copy of the file's header is readable" }
    return
  }
  const window = openWindow({ file, to: fileHeaderBytes, readBytes: fileHeaderBytes })
  if (areHeaderCopiesAlike(await window.bytes(0, fileHeaderBytes))) return
  const detail = "one of the two copies of the file's header is damaged"
  yield { ...nowhere, bytes: fileHeaderBytes, kind: 'file_header', detail }
}

async function* damageOf(
  { path, file, header, fateOf }: OfflineSegment,
  found: FoundBatch,
): AsyncGenerator<Damage, void, undefined> {
  if (found.kind !== 'batch') {
    const { kind, offset, bytes, detail } = found
    yield { path, offset, bytes, kind, batch: null, fate: null, detail }
    return
  }
  const { frame, held } = found
  const salt = header?.salt ?? 0
  const at = { path, offset: frame.offset, bytes: frame.bytes, batch: held.batch }
  const fate = fateOf(frame.offset)
  if (!(await payloadIsIntact(file, frame, salt)))
    yield { ...at, fate, kind: 'payload', detail: 'the payload does not have its checksum' }
  if (frame.from === 'tail')
    yield {
      ...at,
      fate,
      kind: 'head',
      detail: 'the head is damaged; the frame is read by its tail',
    }
  else if (!(await tailIsIntact(file, frame, salt)))
    yield {
      ...at,
      fate,
      kind: 'tail',
      detail: 'the tail is damaged; the frame is read by its head',
    }
}
