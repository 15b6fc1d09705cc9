/**
 * When records are of. A batch bounds the times of its records, and no more is kept, so a window that it
 * touches may have some of them. A record without any time is of when it was accepted, as most stores
 * have it; where that was not kept, as in a drop event, of any time since its producer started.
 */
import type { Batch, Drop } from '../../schemas/messages.ts'
import { producerStartedAtMs } from '../producer.ts'

/** Milliseconds since 1970, both ends inclusive. */
export type Window = { readonly fromMs: number; readonly toMs: number }

export const windowOfBatch = ({ fromMs, toMs, acceptedAtMs }: Batch): Window =>
  fromMs === 0 ? { fromMs: acceptedAtMs, toMs: acceptedAtMs } : { fromMs, toMs }

export const windowOfDrop = ({ fromMs, toMs, producer, atMs }: Drop): Window =>
  fromMs === 0 ? { fromMs: producerStartedAtMs(producer) ?? 0, toMs: atMs } : { fromMs, toMs }

export const overlaps = (one: Window, other: Window): boolean =>
  one.fromMs <= other.toMs && other.fromMs <= one.toMs
