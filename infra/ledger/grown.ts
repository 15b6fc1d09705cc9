/**
 * What streams have accepted in segments that live, as the journal knows it. In one segment the records
 * of a stream of one producer follow one another, so a first and a last number say it all.
 */
import type { Extent, Mark } from '../../schemas/messages.ts'
import { streamKey } from '../ring/stream-counts.ts'

/** By segment, and in it by stream. */
export type Grown = Map<number, Map<string, Extent>>

export const extend = (grown: Grown, extent: Extent): void => {
  const { segment } = extent
  const streams = grown.get(segment) ?? new Map<string, Extent>()
  grown.set(segment, streams)
  const key = streamKey(extent)
  const known = streams.get(key)
  streams.set(key, known === undefined ? extent : joined(known, extent))
}

const joined = (one: Extent, other: Extent): Extent => ({
  ...one,
  firstSeq: Math.min(one.firstSeq, other.firstSeq),
  lastSeq: Math.max(one.lastSeq, other.lastSeq),
})

/** What ended was accepted. `undefined` for a mark that a former release wrote, without its numbers. */
export const extentOfMark = (mark: Mark): Extent | undefined => {
  const { at, producer, tenant, service, firstSeq, delivered, dropped } = mark
  if (firstSeq < 0) return undefined
  const lastSeq = firstSeq + delivered + dropped - 1
  return { segment: at.segment, producer, tenant, service, firstSeq, lastSeq }
}

/** Forgets what of a stream lies behind `keptTo` in a segment; -1: all of it. */
export const cutBack = (
  grown: Grown,
  cut: { readonly segment: number; readonly key: string; readonly keptTo: number },
): void => {
  const streams = grown.get(cut.segment)
  const known = streams?.get(cut.key)
  if (streams === undefined || known === undefined || known.lastSeq <= cut.keptTo) return
  if (known.firstSeq <= cut.keptTo) streams.set(cut.key, { ...known, lastSeq: cut.keptTo })
  else streams.delete(cut.key)
  if (streams.size === 0) grown.delete(cut.segment)
}
