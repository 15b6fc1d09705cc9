/** Frames of the record log that are damaged are a loss, and as such an event. */

import type { Fate } from '../../actors/delivery/protocol.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { MarksRecorded } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { Journal } from '../journal/journal.ts'
import type { Recovery } from '../ring/record-log.ts'
import type { DropIds } from './drop-id.ts'
import { marksRecorded } from './fates.ts'
import type { Replayed } from './replay.ts'

/** Ends in one journal frame at most. */
const fatesPerFactMax = 500

/** Makes the loss of what recovery found damaged durable; what the journal knew already is left out. */
export const recordCorruption = async ({
  journal,
  replayed,
  recovery,
  ids,
  nowMs,
}: {
  readonly journal: Pick<Journal, 'append'>
  readonly replayed: Pick<Replayed, 'marks'>
  readonly recovery: Pick<Recovery, 'corrupt'>
  readonly ids: DropIds
  readonly nowMs: InstantMs
}): Promise<readonly MarksRecorded[]> => {
  const fates = recovery.corrupt
    .filter(({ held: { at } }) => replayed.marks.get(at.segment)?.has(at.offset) !== true)
    .map(fateOf)
  const facts: MarksRecorded[] = []
  for (let first = 0; first < fates.length; first += fatesPerFactMax) {
    facts.push(marksRecorded(fates.slice(first, first + fatesPerFactMax), { nowMs, ids }))
  }
  if (facts.length > 0) await journal.append(facts)
  return facts
}

const fateOf = ({ held, detail }: Recovery['corrupt'][number]): Fate => {
  const { firstSeq, lastSeq } = held.batch
  const records = recordsIn(held.batch)
  return {
    held,
    delivered: 0,
    drops: [{ firstSeq, lastSeq, records, reason: 'cache_corrupt', detail }],
  }
}
