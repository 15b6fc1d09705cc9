/**
 * How the ends of batches are recorded: journal first, then the account and the record log. Marking a
 * batch as ended in the record log cannot be taken back, so it waits for the journal; until then a
 * claim on its position keeps a second recording of it waiting.
 */

import type { Fate } from '../../actors/delivery/protocol.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Drop, Held, Mark, Settlement } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { BatchEnd } from '../book/account-book.ts'
import type { Desk } from './desk.ts'
import { assertBalanced, marksRecorded } from './fates.ts'
import type { Ledger } from './ledger.ts'
import { LedgerError } from './ledger-error.ts'
import { mintSettlement } from './settlement.ts'

/** Times that a recording waits for others on the same batches or segments before it gives up. */
const roundsMax = 64

export const recordFates =
  (desk: Desk): Ledger['recordFates'] =>
  async (fates, nowMs) => {
    for (const fate of fates) assertBalanced(fate)
    const positions = fates.map(({ held }) => held.at)
    for (let round = 0; round < roundsMax; round++) {
      const blockers = desk.segments.blockers(positions)
      if (blockers.length === 0) return recordUnclaimed(desk, fates, nowMs)
      await Promise.all(blockers)
    }
    throw new LedgerError(
      'contended',
      `The ends of ${fates.length} batches were not recorded: others were recording the same ` +
        `batches or segments ${roundsMax} times in a row. The batches stay pending.`,
    )
  }

/** Claims before it first waits: between looking for blockers and this, nobody else may run. */
const recordUnclaimed = async (
  desk: Desk,
  fates: readonly Fate[],
  nowMs: InstantMs,
): Promise<readonly Settlement[]> => {
  const fresh = firstEnds(desk, fates)
  if (fresh.length > 0) {
    const release = desk.segments.claim(fresh.map(({ held }) => held.at))
    try {
      await record(desk, fresh, nowMs)
    } finally {
      release()
    }
  }
  return fates.map((fate) => settlementOf(desk, fate))
}

/** Those that have not ended before; of two ends of one batch the first. */
const firstEnds = (desk: Desk, fates: readonly Fate[]): readonly Fate[] => {
  const taken = new Set<string>()
  return fates.filter(({ held: { at } }) => {
    const position = `${at.segment}/${at.offset}`
    if (desk.segments.hasEnded(at) || taken.has(position)) return false
    taken.add(position)
    return true
  })
}

const record = (desk: Desk, fates: readonly Fate[], nowMs: InstantMs): Promise<void> =>
  desk.turnstile.through(async () => {
    const fact = marksRecorded(fates, { nowMs, ids: desk.ids })
    await desk.journal.append([fact])
    for (const [index, { held }] of fates.entries()) {
      const mark = fact.marks[index]
      if (mark !== undefined) count(desk, held, mark)
    }
    desk.drops.add(fact.drops)
    desk.book.ended(endsOf(fates, fact.drops), nowMs)
  })

/** The drop events are in the order of the batches, as many for each as it has losses. */
const endsOf = (fates: readonly Fate[], events: readonly Drop[]): readonly BatchEnd[] => {
  let next = 0
  return fates.map(({ held: { batch }, delivered, drops }) => {
    const first = next
    next += drops.length
    return { batch, delivered, drops: events.slice(first, next) }
  })
}

/**
 * The record log has the last word on what is pending: should it know of no such batch, `pending` is
 * left as it is and the account does not balance, which is then the truth.
 */
const count = ({ account, log, segments }: Desk, held: Held, mark: Mark): void => {
  const stream = account.add(held.batch, { delivered: mark.delivered, dropped: mark.dropped })
  if (log.end(held.at)) account.add(stream, { pending: -recordsIn(held.batch) })
  const { producer, tenant, service } = stream
  const live = segments.live(held.at.segment)
  live?.marks.set(held.at.offset, { ...mark, producer, tenant, service })
  if (live !== undefined) live.open -= 1
}

const settlementOf = ({ segments }: Desk, { held, delivered, drops }: Fate): Settlement => {
  const first = segments.live(held.at.segment)?.marks.get(held.at.offset)
  const dropped = drops.reduce((sum, { records }) => sum + records, 0)
  return mintSettlement(held, first ?? { delivered, dropped })
}
