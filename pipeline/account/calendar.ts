/** Completeness hour by hour: what `completenessIn` says of one window, for many in one pass. */
import { recordsIn } from '../../schemas/range-set.ts'
import type { Observed } from '../observed.ts'
import { producerStartedAtMs } from '../producer.ts'
import { acceptedIn, type Completeness, verdictOf, verdictWith } from './completeness.ts'
import { isoOrNull } from './instant-text.ts'
import { rowsIn, type Scope, visitDrops, visitHeld } from './survey.ts'
import { type Window, windowOfBatch, windowOfDrop } from './window.ts'

export type Calendar = Pick<Completeness, 'watermark' | 'asOf' | 'accepted' | 'doubts'> & {
  /** When the first producer started that took in records of it; null where that is not known any more. */
  readonly since: string | null
  readonly stepMs: number
  /** Oldest first, one each step. What touches several counts in each of them. */
  readonly cells: readonly Cell[]
}
type Cell = {
  readonly at: string
  readonly verdict: Completeness['verdict']
  readonly held: number
  readonly lost: number
  readonly events: number
}

export const calendarIn = async (
  observed: Pick<Observed, 'ledger' | 'held' | 'doubts'>,
  asked: Scope & Window & { readonly stepMs: number },
  nowMs: number,
): Promise<Calendar> => {
  const { fromMs, toMs, stepMs } = asked
  const cells = Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, () => ({
    held: 0,
    lost: 0,
    events: 0,
  }))
  /** Calls `mark` with each cell that a window touches. */
  const touched = (window: Window, mark: (cell: (typeof cells)[number]) => void): void => {
    const first = Math.max(0, Math.floor((window.fromMs - fromMs) / stepMs))
    const last = Math.min(cells.length - 1, Math.floor((window.toMs - fromMs) / stepMs))
    for (let index = first; index <= last; index += 1) {
      const cell = cells[index]
      if (cell !== undefined) mark(cell)
    }
  }
  let watermarkMs = nowMs
  const held = await visitHeld(observed, asked, ({ batch }) => {
    const window = windowOfBatch(batch)
    watermarkMs = Math.min(watermarkMs, window.fromMs)
    touched(window, (cell) => {
      cell.held += recordsIn(batch)
    })
  })
  const drops = await visitDrops(observed, asked, (drop) =>
    touched(windowOfDrop(drop), (cell) => {
      cell.events += 1
      cell.lost += drop.records
    }),
  )
  const looked = { held, drops }
  const doubtsSince = (sinceMs: number) =>
    verdictOf({ observed, looked, lostEvents: 0, fromMs: sinceMs, isOpen: false }).doubts
  return {
    watermark: held === 'cut' ? null : isoOrNull(watermarkMs),
    asOf: new Date(nowMs).toISOString(),
    accepted: acceptedIn(observed, asked),
    since: sinceOf(observed, asked),
    doubts: doubtsSince(fromMs),
    stepMs,
    cells: cells.map((cell, index) => {
      const atMs = fromMs + index * stepMs
      const isOpen = cell.held > 0 || atMs + stepMs > nowMs
      const verdict = verdictWith({ lostEvents: cell.events, doubts: doubtsSince(atMs), isOpen })
      return { at: new Date(atMs).toISOString(), verdict, ...cell }
    }),
  }
}

const sinceOf = (observed: Pick<Observed, 'ledger'>, scope: Scope): string | null => {
  let sinceMs = Number.POSITIVE_INFINITY
  for (const { producer } of rowsIn(observed, scope)) {
    const startedAtMs = producerStartedAtMs(producer)
    if (startedAtMs === undefined) return null
    sinceMs = Math.min(sinceMs, startedAtMs)
  }
  return Number.isFinite(sinceMs) ? new Date(sinceMs).toISOString() : null
}
