/**
 * The record log of one shard, as its cache knows it. The bytes are in the topic `records`; what is kept
 * here is which batches those are, in the order in which they were announced, in segments as the cache
 * counts them. Positions here are of this life: `segment` a number of ours, `offset` the place in the
 * order. Where a batch lies in the topic is its address: partition and offset.
 */
import type { Segment } from '../../actors/cache/protocol.ts'
import type { BatchId } from '../../schemas/brand.ts'
import type { Held, Position, Priority } from '../../schemas/messages.ts'
import type { RecordLog } from '../ring/record-log.ts'
import { type Coverage, openCoverage } from './coverage.ts'

/** Where a batch lies in `records`: `segment` is the partition. */
export type Address = Position

export type ShardLog = Pick<
  RecordLog,
  'append' | 'load' | 'end' | 'unended' | 'remove' | 'bytes'
> & {
  /**
   * A batch that the topic holds, to be appended next. `known`: it was announced before. `gone`: it was
   * announced so late that it has been cut off: it is lost, and has to be said to be.
   */
  readonly announce: (held: Held) => 'new' | 'known' | 'gone'
  /** As at the start: appended without anybody being asked, and ended already or not. */
  readonly recover: (held: Held, state: 'pending' | 'ended') => void
  readonly segments: () => readonly Segment[]
  /** The batch at an address, as it is known here; none once its segment was removed. */
  readonly at: (address: Address) => Held | undefined
  readonly addressOf: (at: Position) => Address | undefined
  /** Cuts off what nobody needs any more. Answers how many records messages nobody had announced. */
  readonly trim: (nowMs: number) => Promise<number>
}

/** What a message takes besides its payload: headers, and Kafka's own. */
const overheadBytes = 200

type Entry = { readonly held: Held; readonly address: Address; ended: boolean }
type Chunk = {
  readonly id: number
  readonly priority: Priority
  bytes: number
  pending: number
  /** By offset, in order. */
  readonly entries: Map<number, Entry>
  sealed: boolean
}

export const openShardLog = (options: {
  readonly segmentBytes: number
  readonly orphanMs: number
  /** The first offset of each partition of the shard that is still there. */
  readonly firsts: ReadonlyMap<number, number>
  readonly cutOff: (address: {
    readonly partition: number
    readonly before: number
  }) => Promise<void>
}): ShardLog => {
  const { segmentBytes, orphanMs, firsts, cutOff } = options
  const chunks = new Map<number, Chunk>()
  const growing = new Map<Priority, Chunk>()
  const announced = new Map<BatchId, Held>()
  const entries = new Map<number, Map<number, Entry>>()
  const coverage = new Map<number, Coverage>(
    [...firsts].map(([partition, first]) => [partition, openCoverage({ first, orphanMs })]),
  )
  const cut = new Map(firsts)
  let nextSegment = 1
  let nextOffset = 1
  let bytes = 0

  const coverageOf = (partition: number): Coverage => {
    const found = coverage.get(partition)
    if (found === undefined) throw new RangeError(`Partition ${partition} is not of this shard.`)
    return found
  }
  const entryAt = ({ segment: partition, offset }: Address): Entry | undefined =>
    entries.get(partition)?.get(offset)
  const chunkFor = (priority: Priority): { readonly chunk: Chunk; readonly sealed?: Chunk } => {
    const current = growing.get(priority)
    if (current !== undefined && current.bytes < segmentBytes && !current.sealed)
      return { chunk: current }
    const chunk: Chunk = {
      id: nextSegment,
      priority,
      bytes: 0,
      pending: 0,
      entries: new Map(),
      sealed: false,
    }
    nextSegment += 1
    chunks.set(chunk.id, chunk)
    growing.set(priority, chunk)
    if (current === undefined) return { chunk }
    current.sealed = true
    return { chunk, sealed: current }
  }
  const place = ({
    batch,
    at: address,
  }: Held): { readonly held: Held; readonly touched: Chunk[] } => {
    const { chunk, sealed } = chunkFor(batch.priority)
    const held: Held = { batch, at: { segment: chunk.id, offset: nextOffset } }
    nextOffset += 1
    const entry: Entry = { held, address, ended: false }
    chunk.entries.set(held.at.offset, entry)
    chunk.pending += 1
    chunk.bytes += batch.bytes + overheadBytes
    bytes += batch.bytes + overheadBytes
    const of = entries.get(address.segment) ?? new Map<number, Entry>()
    entries.set(address.segment, of.set(address.offset, entry))
    coverageOf(address.segment).need(address.offset)
    return { held, touched: sealed === undefined ? [chunk] : [sealed, chunk] }
  }
  const find = ({ segment, offset }: Position): Entry | undefined =>
    chunks.get(segment)?.entries.get(offset)
  const endEntry = (entry: Entry | undefined): boolean => {
    const chunk = entry === undefined ? undefined : chunks.get(entry.held.at.segment)
    if (entry === undefined || chunk === undefined || entry.ended) return false
    entry.ended = true
    chunk.pending -= 1
    return true
  }
  const segmentOf = ({ id, priority, bytes: size, pending, sealed }: Chunk): Segment => ({
    id,
    priority,
    bytes: size,
    batches: pending,
    sealed,
  })

  return {
    announce: (held) => {
      const { segment: partition, offset } = held.at
      if (announced.has(held.batch.id) || entryAt(held.at) !== undefined) return 'known'
      if (offset < coverageOf(partition).first()) return 'gone'
      coverageOf(partition).need(offset)
      announced.set(held.batch.id, held)
      return 'new'
    },
    recover: (held, state) => {
      if (entryAt(held.at) !== undefined) return
      place(held)
      if (state === 'ended') endEntry(entryAt(held.at))
    },
    segments: () => {
      // What comes from now on begins segments of its own: those of before are known as they are.
      for (const chunk of chunks.values()) chunk.sealed = true
      return [...chunks.values()].map(segmentOf)
    },
    append: async (unstored) => {
      const held: Held[] = []
      const touched = new Map<number, Chunk>()
      for (const { batch } of unstored) {
        const known = announced.get(batch.id)
        if (known === undefined)
          throw new RangeError(`Batch ${batch.id} is appended, and was not announced.`)
        announced.delete(batch.id)
        const placed = place(known)
        held.push(placed.held)
        for (const chunk of placed.touched) touched.set(chunk.id, chunk)
      }
      return {
        held,
        segments: [...touched.values()].map(({ id, priority, bytes: size, sealed }) => ({
          id,
          priority,
          bytes: size,
          sealed,
        })),
      }
    },
    load: async ({ priority, after, batchesMax }) => {
      const held: Held[] = []
      for (const chunk of chunks.values()) {
        if (chunk.priority !== priority || chunk.pending === 0) continue
        if (after !== null && chunk.id < after.segment) continue
        for (const entry of chunk.entries.values()) {
          if (entry.ended || (after !== null && entry.held.at.offset <= after.offset)) continue
          held.push(entry.held)
          if (held.length >= batchesMax) return { held, through: entry.held.at }
        }
      }
      return { held, through: held.at(-1)?.at ?? null }
    },
    end: (at) => endEntry(find(at)),
    unended: async (segment) => {
      const chunk = chunks.get(segment)
      if (chunk === undefined) return []
      chunk.sealed = true
      return [...chunk.entries.values()].filter(({ ended }) => !ended).map(({ held }) => held)
    },
    remove: async (segment) => {
      const chunk = chunks.get(segment)
      if (chunk === undefined) return
      chunk.sealed = true
      chunks.delete(segment)
      bytes -= chunk.bytes
      for (const { address } of chunk.entries.values()) {
        entries.get(address.segment)?.delete(address.offset)
        coverageOf(address.segment).cover(address.offset)
      }
    },
    bytes: () => bytes,
    at: (address) => entryAt(address)?.held,
    addressOf: (at) => find(at)?.address,
    trim: async (nowMs) => {
      let orphans = 0
      for (const [partition, of] of coverage) {
        const advanced = of.advance(nowMs)
        orphans += advanced.orphans
        if (advanced.before <= (cut.get(partition) ?? 0)) continue
        await cutOff({ partition, before: advanced.before })
        cut.set(partition, advanced.before)
      }
      return orphans
    },
  }
}
