/**
 * Reads the frames of a file in order, and finds its way past damage: a frame whose head is gone is
 * recognised by its tail, and what neither names is reported as a gap.
 */
import type { OpenFile } from './filesystem.ts'
import {
  frameBytesOf,
  headBytes,
  headIsSound,
  headSign,
  payloadCrcOf,
  payloadOffsetOf,
  readHead,
  readTail,
  type Shape,
  tailBytes,
  tailIsSound,
  tailSign,
} from './frame.ts'
import { openWindow, type Window } from './window.ts'

export type FoundFrame = {
  readonly kind: 'frame'
  /** Of its first byte, in the file. */
  readonly offset: number
  readonly bytes: number
  readonly header: Buffer
  readonly shape: Shape
  /** Which copy of the header was read: `tail` where the head is damaged. */
  readonly from: 'head' | 'tail'
  /** As it lies there, whether it has its checksum or not; `null` where payloads are skipped. */
  readonly payload: Buffer | null
}
export type Found =
  | FoundFrame
  /** Bytes that are no frame, with frames behind them: damage. */
  | { readonly kind: 'unknown'; readonly offset: number; readonly bytes: number }
  /**
   * Bytes at the end of the file that are no whole frame: a write that was not finished, or zeros.
   */
  | { readonly kind: 'torn'; readonly offset: number; readonly bytes: number }

export type ScanOptions = {
  readonly file: OpenFile
  readonly salt: number
  /** Offset of a frame. */
  readonly from: number
  /** Offset at which to stop: the end of the file. */
  readonly to: number
  /** Default `skip`. */
  readonly payloads?: 'skip' | 'read'
}

/** Small frames are read together, so many bytes at a time; where payloads are wanted, more. */
const headReadBytes = 16 * 1024
const payloadReadBytes = 1024 * 1024
const searchBytes = 1024 * 1024
/** Read with a head, so that the header behind it is there already. */
const headerBytesGuessed = 512

/** What is in a file, in order and without holes. */
export async function* scanFrames(options: ScanOptions): AsyncGenerator<Found, void, undefined> {
  const { to, salt } = options
  const window = windowFor(options)
  let offset = options.from
  while (offset < to) {
    const head = await headAt(window, { offset, to, salt })
    if (head === undefined) {
      const next = await nextHead(options, offset + 1)
      yield* damagedRegion(options, { offset, end: next })
      offset = next
      continue
    }
    const bytes = frameBytesOf(head.shape)
    if (offset + bytes > to) {
      yield { kind: 'torn', offset, bytes: to - offset }
      return
    }
    const payload = await payloadIn(window, options, { offset, shape: head.shape })
    yield { kind: 'frame', offset, bytes, ...head, from: 'head', payload }
    offset += bytes
  }
}

const windowFor = ({ file, to, payloads }: ScanOptions): Window =>
  openWindow({ file, to, readBytes: payloads === 'read' ? payloadReadBytes : headReadBytes })

const payloadIn = async (
  window: Window,
  { payloads }: ScanOptions,
  { offset, shape }: { readonly offset: number; readonly shape: Shape },
): Promise<Buffer | null> =>
  payloads === 'read' ? window.bytes(offset + payloadOffsetOf(shape), shape.payloadBytes) : null

/** Compares a frame's payload with its checksum; reads it, piece by piece, if it was skipped. */
export const payloadIsIntact = async (
  file: OpenFile,
  frame: FoundFrame,
  salt: number,
): Promise<boolean> => {
  if (frame.payload !== null) return payloadCrcOf([frame.payload], salt) === frame.shape.payloadCrc
  const start = frame.offset + payloadOffsetOf(frame.shape)
  const to = start + frame.shape.payloadBytes
  const window = openWindow({ file, to, readBytes: searchBytes })
  let crc = salt
  for (let at = start; at < to; at += searchBytes) {
    crc = payloadCrcOf([await window.bytes(at, searchBytes)], crc)
  }
  return crc === frame.shape.payloadCrc
}

/** The copy of the header behind the payload is as it should be: verified, never needed to read. */
export const tailIsIntact = async (file: OpenFile, frame: FoundFrame, salt: number) => {
  const offset = frame.offset + frame.bytes
  const window = openWindow({ file, to: offset, readBytes: 0 })
  return (await tailEndingAt(window, { end: offset, from: frame.offset, salt })) !== undefined
}

type Place = { readonly offset: number; readonly to: number; readonly salt: number }

const headAt = async (
  window: Window,
  { offset, to, salt }: Place,
): Promise<{ shape: Shape; header: Buffer } | undefined> => {
  const guessed = await window.bytes(offset, headBytes + headerBytesGuessed)
  const shape = readHead(guessed, salt)
  if (shape === undefined) return undefined
  const length = payloadOffsetOf(shape)
  if (offset + length > to) return undefined
  const bytes =
    guessed.length >= length ? guessed.subarray(0, length) : await window.bytes(offset, length)
  if (bytes.length < length || !headIsSound(bytes, salt)) return undefined
  return { shape, header: bytes.subarray(headBytes) }
}

type Tail = { readonly offset: number; readonly end: number; shape: Shape; header: Buffer }

/** The tail whose last byte is before `end`, of a frame that does not begin before `from`. */
const tailEndingAt = async (
  window: Window,
  { end, from, salt }: { readonly end: number; readonly from: number; readonly salt: number },
): Promise<Tail | undefined> => {
  if (end - tailBytes < from) return undefined
  const shape = readTail(await window.bytes(end - tailBytes, tailBytes), salt)
  if (shape === undefined) return undefined
  const offset = end - frameBytesOf(shape)
  if (offset < from) return undefined
  const length = shape.headerBytes + tailBytes
  const bytes = await window.bytes(end - length, length)
  if (bytes.length < length || !tailIsSound(bytes, salt)) return undefined
  return { offset, end, shape, header: bytes.subarray(0, shape.headerBytes) }
}

/** Where the next sound head is, or the end of the file. */
const nextHead = async (options: ScanOptions, from: number): Promise<number> => {
  const { file, to, salt } = options
  const window = openWindow({ file, to, readBytes: 0 })
  for await (const offset of occurrences(options, { from, to, sign: headSign(salt) })) {
    if ((await headAt(window, { offset, to, salt })) !== undefined) return offset
  }
  return to
}

/** Frames of which only the tail is readable, and the gaps between them. */
async function* damagedRegion(
  options: ScanOptions,
  region: { readonly offset: number; readonly end: number },
): AsyncGenerator<Found, void, undefined> {
  const window = windowFor(options)
  let offset = region.offset
  for (const tail of await tailsIn(options, region)) {
    if (tail.offset > offset) yield { kind: 'unknown', offset, bytes: tail.offset - offset }
    const { shape, header } = tail
    const bytes = frameBytesOf(shape)
    const payload = await payloadIn(window, options, tail)
    yield { kind: 'frame', offset: tail.offset, bytes, shape, header, from: 'tail', payload }
    offset = tail.end
  }
  if (offset === region.end) return
  const kind = region.end === options.to ? 'torn' : 'unknown'
  yield { kind, offset, bytes: region.end - offset }
}

/**
 * The sound tails of a region, of frames that do not overlap; where some do, the later one is real.
 */
const tailsIn = async (
  options: ScanOptions,
  region: { readonly offset: number; readonly end: number },
): Promise<readonly Tail[]> => {
  const window = openWindow({ file: options.file, to: region.end, readBytes: 0 })
  const candidates: Tail[] = []
  const within = { from: region.offset, to: region.end, sign: tailSign(options.salt) }
  for await (const at of occurrences(options, within)) {
    const place = { end: at + within.sign.length, from: region.offset, salt: options.salt }
    const tail = await tailEndingAt(window, place)
    if (tail !== undefined) candidates.push(tail)
  }
  let before = region.end
  const kept = candidates.reverse().filter((tail) => {
    if (tail.end > before) return false
    before = tail.offset
    return true
  })
  return kept.reverse()
}

async function* occurrences(
  { file }: ScanOptions,
  { from, to, sign }: { readonly from: number; readonly to: number; readonly sign: Buffer },
): AsyncGenerator<number, void, undefined> {
  const window = openWindow({ file, to, readBytes: 0 })
  // Reads overlap, so that a sign that lies across two of them is seen.
  const stride = searchBytes - sign.length + 1
  for (let start = from; start + sign.length <= to; start += stride) {
    const bytes = await window.bytes(start, searchBytes)
    for (let at = bytes.indexOf(sign); at >= 0; at = bytes.indexOf(sign, at + 1)) yield start + at
  }
}
