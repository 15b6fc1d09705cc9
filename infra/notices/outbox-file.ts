/**
 * The outbox on disk: two files of a fixed size, each with room for a whole outbox. A new state goes
 * into the one that holds the older state, so that a crash at any moment leaves one that is whole. Their
 * space is taken when they are made: a disk that has filled up since keeps no notice from being kept.
 *
 *     outbox-0, outbox-1 {
 *       magic        8 bytes  "HFnotes1"
 *       generation   u64      one more than that of the other file
 *       bytes        u32      of the lines
 *       linesCrc     u32      CRC-32 of the lines
 *       headCrc      u32      CRC-32 of the 24 bytes before
 *       lines        one JSON value each, LF behind each
 *     }                       (integers are unsigned and little endian)
 */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Filesystem, OpenFile } from '../disk/filesystem.ts'

export type OutboxFile = {
  /** What was kept last, once: `damaged` when there was something and nothing of it is whole. */
  readonly found: Found
  /**
   * Keeps a state, in the place of the older one. One at a time.
   * @throws {RangeError} when it is larger than `bytesMax`; the file system's error, with which the
   * state before is what is kept. The file that failed is made anew by the next call.
   */
  readonly keep: (lines: readonly string[]) => Promise<void>
  readonly close: () => Promise<void>
}
export type Found =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'damaged' }

const magic = Buffer.from('HFnotes1', 'latin1')
const headBytes = 28
const names = ['outbox-0', 'outbox-1'] as const
const zeros = Buffer.alloc(64 * 1024)

type Slot = { readonly path: string; file: OpenFile | null; generation: number }
type State = { readonly generation: number; readonly lines: readonly string[] }
type Content = State | 'blank' | 'damaged'

/** @throws what the file system throws when the folder or a file cannot be opened or made. */
export const openOutboxFile = async ({
  filesystem,
  directory,
  bytesMax,
}: {
  readonly filesystem: Filesystem
  readonly directory: string
  /** Of the lines of one state. */
  readonly bytesMax: number
}): Promise<OutboxFile> => {
  await filesystem.makeDirectory(directory)
  // A life before this one may have died between making a file and making its name durable.
  await filesystem.syncDirectory(directory)
  const there = await filesystem.list(directory)
  const slots: Slot[] = []
  const contents: Content[] = []
  try {
    for (const name of names) {
      const path = join(directory, name)
      const slot: Slot = { path, file: null, generation: 0 }
      slots.push(slot)
      if (there.includes(name)) slot.file = await filesystem.open(path, 'update')
      const content = slot.file === null ? 'blank' : await contentOf(slot.file)
      contents.push(content)
      // Perhaps not all of its space was taken: it is made anew.
      if (content !== 'blank') continue
      await slot.file?.close()
      slot.file = null
    }
  } catch (cause) {
    await closeAll(slots)
    throw cause
  }
  const states = contents.filter((it) => typeof it !== 'string')
  for (const [index, content] of contents.entries()) {
    const slot = slots[index]
    if (slot !== undefined && typeof content !== 'string') slot.generation = content.generation
  }
  const newest = states.toSorted((one, other) => other.generation - one.generation)[0]
  const make = (slot: Slot): Promise<OpenFile> => made(slot, { filesystem, directory, bytesMax })
  return {
    found: foundIn(newest, contents),
    keep: async (lines) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8')
      if (bytes.length > bytesMax)
        throw new RangeError(
          `An outbox of ${bytes.length} bytes was not kept: the most is ${bytesMax}.`,
        )
      const [slot = slots[0]] = slots.toSorted((one, other) => one.generation - other.generation)
      if (slot === undefined) return
      const generation = Math.max(...slots.map((it) => it.generation)) + 1
      const file = slot.file ?? (await make(slot))
      // Not to be believed from here on, until it is whole again.
      slot.generation = 0
      try {
        await file.write([headOf(bytes, generation), bytes], 0)
        await file.datasync()
      } catch (cause) {
        slot.file = null
        await file.close()
        throw cause
      }
      slot.file = file
      slot.generation = generation
    },
    close: () => closeAll(slots),
  }
}

/** A blank file beside a damaged one: the very first state was being kept. Nothing was in it yet. */
const foundIn = (newest: State | undefined, contents: readonly Content[]): Found => {
  if (newest !== undefined) return { kind: 'lines', lines: newest.lines }
  return { kind: contents.includes('blank') ? 'nothing' : 'damaged' }
}

const closeAll = async (slots: readonly Slot[]): Promise<void> => {
  for (const slot of slots) {
    const { file } = slot
    slot.file = null
    await file?.close()
  }
}

/** A file with all the space that it will ever need, in the place of one that has failed. */
const made = async (
  slot: Slot,
  {
    filesystem,
    directory,
    bytesMax,
  }: {
    readonly filesystem: Filesystem
    readonly directory: string
    readonly bytesMax: number
  },
): Promise<OpenFile> => {
  const name = names.find((it) => slot.path.endsWith(it)) ?? ''
  if ((await filesystem.list(directory)).includes(name)) await filesystem.unlink(slot.path)
  const file = await filesystem.open(slot.path, 'create')
  try {
    const size = headBytes + bytesMax
    for (let at = 0; at < size; at += zeros.length)
      await file.write([zeros.subarray(0, Math.min(zeros.length, size - at))], at)
    await file.datasync()
    await filesystem.syncDirectory(directory)
    return file
  } catch (cause) {
    await file.close()
    throw cause
  }
}

const headOf = (lines: Buffer, generation: number): Buffer => {
  const head = Buffer.alloc(headBytes)
  magic.copy(head)
  head.writeBigUInt64LE(BigInt(generation), 8)
  head.writeUInt32LE(lines.length, 16)
  head.writeUInt32LE(crc32(lines), 20)
  head.writeUInt32LE(crc32(head.subarray(0, 24)), 24)
  return head
}

const contentOf = async (file: OpenFile): Promise<Content> => {
  const size = await file.size()
  const head = Buffer.alloc(headBytes)
  if ((await file.read(head, 0)) < headBytes || head.every((byte) => byte === 0)) return 'blank'
  if (!head.subarray(0, 8).equals(magic)) return 'damaged'
  if (head.readUInt32LE(24) !== crc32(head.subarray(0, 24))) return 'damaged'
  const bytes = head.readUInt32LE(16)
  if (headBytes + bytes > size) return 'damaged'
  const lines = Buffer.alloc(bytes)
  await file.read(lines, headBytes)
  if (crc32(lines) !== head.readUInt32LE(20)) return 'damaged'
  const text = lines.toString('utf8')
  return {
    generation: Number(head.readBigUInt64LE(8)),
    lines: text === '' ? [] : text.slice(0, -1).split('\n'),
  }
}
