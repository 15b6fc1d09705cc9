/**
 * The mint. A `Settlement` lets go of a batch and an `Eviction` of a segment, so nothing else in the
 * product may make one, and the ledger makes them only of what is on stable storage.
 */
import type { Eviction, Held, Settlement } from '../../schemas/messages.ts'

export const mintSettlement = (
  { batch, at }: Held,
  end: { readonly delivered: number; readonly dropped: number },
): Settlement =>
  ({ batchId: batch.id, at, delivered: end.delivered, dropped: end.dropped }) as Settlement

export const mintEviction = (end: {
  readonly segment: number
  readonly batches: number
  readonly dropped: number
}): Eviction => ({ ...end }) as Eviction
