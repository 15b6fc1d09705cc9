/** What of a send is still to go out, and how its batches end. All functions of values. */

import { type BatchId, seq } from '../../schemas/brand.ts'
import type { DropReason, Held } from '../../schemas/messages.ts'
import { recordsIn, type SeqRange } from '../../schemas/range-set.ts'
import type { Fate, Loss, Piece } from './protocol.ts'

/** How far each batch of a send has come. */
export type Progress = Readonly<Record<BatchId, Omit<Fate, 'held'>>>

const rangeOf = (piece: Piece, held: Held): SeqRange =>
  piece.cut ?? { firstSeq: held.batch.firstSeq, lastSeq: held.batch.lastSeq }

/**
 * Counts a piece as delivered, but for `rejected` records. An endpoint does not say which ones it
 * rejected, so they are counted against the batches of the request in order.
 */
export const delivered = (
  progress: Progress,
  piece: Piece,
  { rejected, message }: { readonly rejected: number; readonly message: string },
): Progress => {
  let left = rejected
  // A copy for the piece and not one for each batch: a request may carry a thousand of them.
  const next = { ...progress }
  for (const held of piece.held) {
    const records = recordsIn(rangeOf(piece, held))
    const lost = Math.min(left, records)
    left -= lost
    const detail = `${lost} of these ${records} records, the endpoint does not say which: ${message}`
    const losses: readonly Loss[] =
      lost === 0
        ? []
        : [{ ...rangeOf(piece, held), records: lost, reason: 'partially_rejected', detail }]
    add(next, held, { delivered: records - lost, drops: losses })
  }
  return next
}

/** Counts what pieces hold, or the parts that they name, as lost. */
export const lost = (
  progress: Progress,
  pieces: readonly Piece[],
  why: { readonly reason: DropReason; readonly detail: string },
): Progress => {
  const next = { ...progress }
  for (const piece of pieces)
    for (const held of piece.held) {
      const drop = { ...rangeOf(piece, held), records: recordsIn(rangeOf(piece, held)), ...why }
      add(next, held, { delivered: 0, drops: [drop] })
    }
  return next
}

type Growing = { -readonly [Id in keyof Progress]: Progress[Id] }

const add = (progress: Growing, { batch }: Held, more: Omit<Fate, 'held'>): void => {
  const before = progress[batch.id]
  progress[batch.id] =
    before === undefined
      ? more
      : {
          delivered: before.delivered + more.delivered,
          drops: [...before.drops, ...more.drops],
        }
}

/**
 * Two halves of a piece that is too large for the endpoint: by batches while it has several, else by
 * records. `undefined` for a single record.
 */
export const halves = (piece: Piece): readonly [Piece, Piece] | undefined => {
  const [only, ...more] = piece.held
  if (only === undefined) return undefined
  if (more.length > 0) {
    const middle = Math.ceil(piece.held.length / 2)
    return [
      { held: piece.held.slice(0, middle), cut: null },
      { held: piece.held.slice(middle), cut: null },
    ]
  }
  const { firstSeq, lastSeq } = rangeOf(piece, only)
  if (firstSeq === lastSeq) return undefined
  const middle = Math.floor((firstSeq + lastSeq) / 2)
  return [
    { held: [only], cut: { firstSeq, lastSeq: seq(middle) } },
    { held: [only], cut: { firstSeq: seq(middle + 1), lastSeq } },
  ]
}

/** The batches that have ended as a whole. */
export const fatesOf = (held: readonly Held[], progress: Progress): readonly Fate[] =>
  held.flatMap((it) => {
    const fate = progress[it.batch.id]
    if (fate === undefined) return []
    const ended = fate.delivered + fate.drops.reduce((sum, { records }) => sum + records, 0)
    return ended === recordsIn(it.batch) ? [{ held: it, ...fate }] : []
  })
