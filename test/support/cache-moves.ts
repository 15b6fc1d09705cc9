import { cache } from '../../actors/cache/machine.ts'
import type { CacheEffects, CacheInput, Segment } from '../../actors/cache/protocol.ts'
import type { BatchesLeased, Held } from '../../schemas/messages.ts'
import { cacheInput } from './cache-world.ts'
import { drive, told } from './drive.ts'
import { batch, held } from './specimen.ts'

/** A cache, played by hand. */
export const segment = (id: number, given: Partial<Segment> = {}): Segment => ({
  id,
  priority: 'normal',
  bytes: 4_000,
  batches: 1,
  sealed: true,
  ...given,
})
export const opened = (segments: readonly Segment[] = [], given: Partial<CacheInput> = {}) => {
  const it = drive(cache, { ...cacheInput, ...given })
  it.tell({ type: 'log.recovered', segments })
  return it
}
export type Cache = ReturnType<typeof opened>

export const append = (it: Cache, given: Parameters<typeof batch>[0] = {}, appendId = 1) =>
  it.tell({ type: 'append.requested', appendId, batches: [batch(given)] })
/** The record log has kept these, all of one segment. */
export const kept = (it: Cache, list: readonly Held[], given: Partial<Segment> = {}) => {
  const id = list[0]?.at.segment ?? 1
  it.tell({ type: 'append.requested', appendId: 0, batches: list.map((one) => one.batch) })
  const segments = [segment(id, { bytes: 1_000, sealed: false, ...given })]
  return it.tell({ type: 'log.appended', appendId: 0, held: list, segments })
}
export const demand = (it: Cache, batchesMax: number, { bytesMax = 100_000, round = 1 } = {}) =>
  it.tell({ type: 'demand.raised', dispatcher: 'd', round, batchesMax, bytesMax })
export const loaded = (it: Cache, list: readonly Held[]) =>
  it.tell({
    type: 'batches.loaded',
    priority: 'normal',
    held: list,
    through: list.at(-1)?.at ?? null,
  })
export const leasedIds = (it: Cache) =>
  told(it.effects()).flatMap((message) =>
    message.type === 'batches.leased'
      ? (message as BatchesLeased).held.map(({ batch: { firstSeq } }) => Number(firstSeq))
      : [],
  )
export const refusalsOf = (it: Cache) =>
  told(it.effects()).flatMap((it) => ('reason' in it ? [`${it.type}: ${it.reason}`] : []))
export const victimOf = (it: Cache) =>
  (it.params('recordEviction') as CacheEffects['recordEviction']).segment
export const [a, b, c] = [
  held({ segment: 1 }),
  held({ segment: 1, offset: 1 }),
  held({ segment: 2 }),
]
