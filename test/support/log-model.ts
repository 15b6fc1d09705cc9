/**
 * A record log and a ledger in memory, as the cache's ports describe them. Each is asked, does what it
 * was asked later, or fails to, and its answer arrives later still: in any order among the others.
 */
import assert from 'node:assert/strict'
import type { CacheEffects, CacheInbox, Segment } from '../../actors/cache/protocol.ts'
import { mintEviction, mintSettlement } from '../../infra/ledger/settlement.ts'
import type { BatchId } from '../../schemas/brand.ts'
import type { Batch, Held, Position, Priority, Settlement } from '../../schemas/messages.ts'
import type { Unstamped } from './drive.ts'

type Answer = Unstamped<CacheInbox>
export type End = 'pending' | 'delivered' | 'dropped'
type Kept = { readonly held: Held; end: End; indexed: 'no' | 'yes' }
type File = {
  readonly id: number
  readonly priority: Priority
  readonly batches: Kept[]
  bytes: number
  sealed: 'no' | 'yes'
  /** Being evicted or retired, or that is done: nothing may be appended. */
  closing: 'no' | 'asked' | 'evicted' | 'retired'
}

const segmentBytesMax = 2_500
const headerBytes = 100

export const logModel = ({ capacityBytes }: { readonly capacityBytes: number }) => {
  const files = new Map<number, File>()
  const ends = new Map<BatchId, Kept>()
  const asked: { readonly what: string; readonly act: (how: 'do' | 'fail') => Answer }[] = []
  const answers: Answer[] = []
  /** Sealed by something else than an append that was kept: the next one tells. */
  const unreported = new Set<File>()
  let lastId = 0

  const usedBytes = (): number => [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  const ask = (what: string, act: (how: 'do' | 'fail') => Answer): void => {
    asked.push({ what, act })
  }
  const fileFor = (priority: Priority, bytes: number, written: Set<File>): File => {
    const growing = [...files.values()].find((it) => it.priority === priority && it.sealed === 'no')
    if (growing !== undefined && growing.bytes + bytes <= segmentBytesMax) return growing
    if (growing !== undefined) {
      growing.sealed = 'yes'
      written.add(growing)
    }
    lastId += 1
    const file: File = {
      id: lastId,
      priority,
      batches: [],
      bytes: headerBytes,
      sealed: 'no',
      closing: 'no',
    }
    files.set(file.id, file)
    return file
  }
  const append = ({ appendId, batches }: CacheEffects['appendToLog']): Answer => {
    const written = new Set<File>()
    const kept: Kept[] = []
    // As with the real ones: what would land in a segment that is going is not kept at all.
    const lands = batches.map((batch) => ({
      batch,
      file: fileFor(batch.priority, batch.bytes, written),
    }))
    if (lands.some(({ file }) => file.closing !== 'no')) {
      for (const { file } of lands) {
        if (file.closing !== 'no') file.sealed = 'yes'
        if (file.batches.length === 0) files.delete(file.id)
      }
      for (const file of written) unreported.add(file)
      return { type: 'log.failed', appendId, reason: 'storage_failed' }
    }
    for (const { batch } of lands) {
      const file = fileFor(batch.priority, batch.bytes, written)
      const at: Position = { segment: file.id, offset: file.bytes }
      const it: Kept = { held: { batch, at }, end: 'pending', indexed: 'no' }
      file.bytes += batch.bytes + headerBytes
      file.batches.push(it)
      written.add(file)
      kept.push(it)
      ends.set(batch.id, it)
    }
    assert.ok(usedBytes() <= capacityBytes, `K2: ${usedBytes()} bytes of ${capacityBytes}`)
    const held = kept.map((it) => it.held)
    for (const file of unreported) written.add(file)
    unreported.clear()
    return { type: 'log.appended', appendId, held, segments: [...written].map(segmentOf) }
  }
  const removed = (segment: number): Answer => {
    const file = files.get(segment)
    if (file?.sealed === 'no') {
      file.sealed = 'yes'
      unreported.add(file)
    }
    files.delete(segment)
    return { type: 'segment.removed', segment }
  }
  const failure = { detail: 'EIO' } as const

  return {
    usedBytes,
    files: () => [...files.values()],
    endOf: (batch: Batch): End =>
      ends.get(batch.id)?.end ?? assert.fail(`${batch.id} was never kept`),
    ends: () => [...ends.values()].map(({ end }) => end),
    asked,
    answers,
    /** Something that was asked is done, or fails; its answer is on its way then. */
    act: (index: number, how: 'do' | 'fail'): void => {
      const [next] = asked.splice(asked.length === 0 ? 0 : index % asked.length, 1)
      if (next !== undefined) answers.push(next.act(how))
    },
    /** An answer that has reached the cache. */
    heard: (answer: Answer): void => {
      if (answer.type !== 'log.appended') return
      for (const { batch } of answer.held) {
        const it = ends.get(batch.id)
        if (it !== undefined) it.indexed = 'yes'
      }
    },
    recover: (): void => ask('recover', () => ({ type: 'log.recovered', segments: [] })),
    appendToLog: (params: CacheEffects['appendToLog']): void =>
      ask('append', (how) =>
        how === 'do'
          ? append(params)
          : { type: 'log.failed', appendId: params.appendId, reason: 'disk_full' },
      ),
    /** To read is all that cannot fail: a log that cannot be read stops the process. */
    load: ({ priority, after, batchesMax }: CacheEffects['load']): void =>
      ask('load', () => {
        const behind = [...files.values()]
          .filter((it) => it.priority === priority)
          .flatMap((it) => it.batches)
          .filter(({ held: { at } }) => after === null || isBehind(at, after))
        const held: Held[] = []
        let through: Position | null = null
        for (const it of behind) {
          if (held.length >= batchesMax) break
          if (it.end === 'pending') held.push(it.held)
          through = it.held.at
        }
        return { type: 'batches.loaded', priority, held, through }
      }),
    recordEviction: ({ segment }: CacheEffects['recordEviction']): void => {
      const file = files.get(segment)
      if (file?.closing === 'no') file.closing = 'asked'
      ask('evict', (how) => {
        if (how === 'fail') return { type: 'eviction.failed', segment, ...failure }
        const pending = file?.batches.filter(({ end }) => end === 'pending') ?? []
        for (const it of pending) it.end = 'dropped'
        if (file !== undefined) file.closing = 'evicted'
        const dropped = pending.length
        return {
          type: 'eviction.recorded',
          eviction: mintEviction({ segment, batches: dropped, dropped }),
        }
      })
    },
    removeEvicted: ({ eviction: { segment } }: CacheEffects['removeEvicted']): void => {
      const file = files.get(segment)
      assert.ok(file === undefined || file.closing === 'evicted', `K1: ${segment} is not recorded`)
      ask('remove', (how) =>
        how === 'do' ? removed(segment) : { type: 'removal.failed', segment, ...failure },
      )
    },
    retire: ({ segment }: CacheEffects['retire']): void => {
      const file = files.get(segment)
      if (file?.closing === 'no') file.closing = 'asked'
      ask('retire', (how) => {
        const isOver = file?.batches.every(({ end }) => end !== 'pending') ?? true
        assert.ok(isOver, `K1: ${segment} is retired with a batch pending`)
        return how === 'do' ? removed(segment) : { type: 'removal.failed', segment, ...failure }
      })
    },
    /** An endpoint took a batch, or it had ended before: its settlement, either way. */
    settle: (held: Held): Settlement => {
      const it = ends.get(held.batch.id)
      if (it?.end === 'pending') it.end = 'delivered'
      return mintSettlement(held, { delivered: 1, dropped: 0 })
    },
  }
}

export type LogModel = ReturnType<typeof logModel>

const segmentOf = ({ id, priority, bytes, sealed }: File): Omit<Segment, 'batches'> => ({
  id,
  priority,
  bytes,
  sealed: sealed === 'yes',
})

const isBehind = (a: Position, b: Position): boolean =>
  a.segment > b.segment || (a.segment === b.segment && a.offset > b.offset)
