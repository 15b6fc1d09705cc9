/** Whether all records of a time have come to their end, and a good one. */

import type { Drop, DropReason } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { Observed } from '../observed.ts'
import { isoOrNull } from './instant-text.ts'
import { type Cut, rowsIn, type Scope, visitDrops, visitHeld } from './survey.ts'
import { overlaps, type Window, windowOfBatch, windowOfDrop } from './window.ts'

/** What `GET /api/v1/completeness` answers. It is about what was accepted until `asOf`. */
export type Completeness = {
  /**
   * `complete`: every record of the window that was accepted was delivered. `pending`: some are held, or
   * the window is not over. `incomplete`: some are lost, or it cannot be told (`doubts`).
   */
  readonly verdict: 'complete' | 'pending' | 'incomplete'
  /** Everything of an earlier time has ended; null where that cannot be told. */
  readonly watermark: string | null
  readonly asOf: string
  /** Records ever accepted of the tenant and service: with 0, `complete` says nothing. */
  readonly accepted: number
  /** Batches held that may have records of the window. */
  readonly pending: { readonly batches: number; readonly records: number }
  /** What was lost that may be of the window, and how much of it `gaps` does not list. */
  readonly lost: { readonly events: number; readonly records: number; readonly unlisted: number }
  readonly gaps: readonly Gap[]
  readonly doubts: readonly string[]
}
/** A drop event, by its id. */
export type Gap = Pick<
  Drop,
  'id' | 'tenant' | 'service' | 'producer' | 'firstSeq' | 'lastSeq' | 'records'
> & {
  readonly reason: DropReason
  readonly at: string
  /** Between these times; null where none of the records had one. */
  readonly from: string | null
  readonly to: string | null
}

const gapsMax = 1_000

type Books = Pick<Observed, 'ledger' | 'held' | 'doubts'>

/** Held first, drop events after: what is dropped meanwhile is then seen in one of them at least. */
export const completenessIn = async (
  observed: Books,
  asked: Scope & Window,
  nowMs: number,
): Promise<Completeness> => {
  const accepted = acceptedIn(observed, asked)
  const pending = { batches: 0, records: 0 }
  let watermarkMs = nowMs
  const heldCut = await visitHeld(observed, asked, ({ batch }) => {
    const window = windowOfBatch(batch)
    watermarkMs = Math.min(watermarkMs, window.fromMs)
    if (!overlaps(window, asked)) return
    pending.batches += 1
    pending.records += recordsIn(batch)
  })
  const lost = { events: 0, records: 0, unlisted: 0 }
  const gaps: Gap[] = []
  const drops = await visitDrops(observed, asked, (drop) => {
    if (!overlaps(windowOfDrop(drop), asked)) return
    lost.events += 1
    lost.records += drop.records
    if (gaps.length < gapsMax) gaps.push(gapOf(drop))
    else lost.unlisted += 1
  })
  const { verdict, doubts } = verdictOf({
    observed,
    looked: { held: heldCut, drops },
    lostEvents: lost.events,
    fromMs: asked.fromMs,
    isOpen: pending.batches > 0 || asked.toMs > nowMs,
  })
  return {
    verdict,
    watermark: heldCut === 'cut' ? null : isoOrNull(watermarkMs),
    asOf: new Date(nowMs).toISOString(),
    accepted,
    pending,
    lost,
    gaps,
    doubts,
  }
}

/** The verdict over what was found, and what was not looked at or cannot be seen. */
export const verdictOf = (found: {
  readonly observed: Pick<Observed, 'doubts'>
  readonly looked: {
    readonly held: Cut
    readonly drops: { readonly cut: Cut; readonly unnamed: number }
  }
  readonly lostEvents: number
  /** Records of this time or later are asked about. */
  readonly fromMs: number
  /** Something is held, or the window is not over. */
  readonly isOpen: boolean
}): Pick<Completeness, 'verdict' | 'doubts'> => {
  const { observed, looked, lostEvents, isOpen } = found
  const { cut, unnamed } = looked.drops
  const doubts = [
    ...observed.doubts(found.fromMs),
    ...(looked.held === 'cut' ? ['More batches are held than are looked at for one answer.'] : []),
    ...(unnamed > 0
      ? [`${unnamed} records were dropped whose drop events cannot be read any more.`]
      : []),
    ...(cut === 'cut' ? ['There are more drop events than are looked at for one answer.'] : []),
  ]
  return { verdict: verdictWith({ lostEvents, doubts, isOpen }), doubts }
}

export const verdictWith = (found: {
  readonly lostEvents: number
  readonly doubts: readonly string[]
  readonly isOpen: boolean
}): Completeness['verdict'] => {
  if (found.lostEvents > 0 || found.doubts.length > 0) return 'incomplete'
  return found.isOpen ? 'pending' : 'complete'
}

export const acceptedIn = (observed: Pick<Books, 'ledger'>, scope: Scope): number =>
  rowsIn(observed, scope).reduce((sum, row) => sum + row.accepted, 0)

export const gapOf = (drop: Drop): Gap => {
  const { id, tenant, service, producer, firstSeq, lastSeq, records, reason } = drop
  const times = { from: isoOrNull(drop.fromMs), to: isoOrNull(drop.toMs) }
  const at = new Date(drop.atMs).toISOString()
  return { id, tenant, service, producer, firstSeq, lastSeq, records, reason, at, ...times }
}
