/** Reads what a segment's file says, the same way at recovery, while running, and offline. */
import { decodeValue, isDecodeFailure } from '../../schemas/codec.ts'
import type { Held } from '../../schemas/messages.ts'
import { decodeFileHeader, type FileHeader, fileHeaderBytes } from '../disk/file-header.ts'
import type { OpenFile } from '../disk/filesystem.ts'
import { type FoundFrame, type ScanOptions, scanFrames } from '../disk/scan.ts'
import { openWindow } from '../disk/window.ts'
import type { SegmentState } from './segment.ts'

/**
 * `undefined` when neither copy of it is sound.
 * @throws {FormatVersionError} when another release wrote the file.
 */
export const readSegmentHeader = async (
  file: OpenFile,
  path: string,
): Promise<FileHeader | undefined> => {
  const window = openWindow({ file, to: fileHeaderBytes, readBytes: fileHeaderBytes })
  return decodeFileHeader(await window.bytes(0, fileHeaderBytes), { path, kind: 'segment' })
}

export type FoundBatch =
  | {
      readonly kind: 'batch'
      readonly held: Held
      readonly frame: FoundFrame
    }
  | {
      readonly kind: 'unknown' | 'torn'
      readonly offset: number
      readonly bytes: number
      readonly detail: string
    }

/** What is in a segment from an offset of a frame on, in order. */
export async function* scanBatches(
  file: OpenFile,
  segment: Pick<SegmentState, 'id' | 'salt' | 'schema'>,
  range: Pick<ScanOptions, 'from' | 'to' | 'payloads'>,
): AsyncGenerator<FoundBatch, void, undefined> {
  for await (const found of scanFrames({ file, salt: segment.salt, ...range })) {
    const { offset, bytes } = found
    if (found.kind !== 'frame') {
      yield { kind: found.kind, offset, bytes, detail: details[found.kind] }
      continue
    }
    const batch = decodeValue('Batch', found.header, segment.schema)
    if (isDecodeFailure(batch)) {
      yield { kind: 'unknown', offset, bytes, detail: `its header is no batch: ${batch.detail}` }
      continue
    }
    yield { kind: 'batch', held: { batch, at: { segment: segment.id, offset } }, frame: found }
  }
}

const details = {
  unknown: 'neither a head nor a tail of a frame is readable',
  torn: 'a frame that was not finished',
} as const
