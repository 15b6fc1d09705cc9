/** The ends of batches, made durable in the topic `settlements` instead of a journal on disk. */
import type { Drop, Held, Mark, MarksRecorded, Settlement } from '../../schemas/messages.ts'
import { laneOf } from '../../schemas/topics.ts'
import type { Kafka, Outgoing, Transactions } from '../kafka/kafka.ts'
import type { DropIds } from './drop-id.ts'
import { assertBalanced, marksRecorded } from './fates.ts'
import type { Ledger } from './ledger.ts'
import { mintSettlement } from './settlement.ts'

/**
 * Of one shard. Positions are addresses: partition and offset in `records`. A batch may end twice, when
 * two have had it; whoever reads the topic goes by the first end, which is the same for all readers.
 */
export const recordFatesTo =
  (given: {
    readonly kafka: Pick<Kafka, 'publish' | 'shards'>
    /** For ends with losses: the event and the end are there together, or neither is. */
    readonly transactions: Pick<Transactions, 'publish'>
    readonly ids: DropIds
    /** The id of the message by which a batch came here. */
    readonly causationOf: (held: Held) => string | undefined
  }): Ledger['recordFates'] =>
  async (fates, nowMs) => {
    for (const fate of fates) assertBalanced(fate)
    const fact = marksRecorded(fates, { nowMs, ids: given.ids })
    const [first] = fates
    if (first === undefined) return []
    const { shard } = laneOf(first.held.at.segment, given.kafka.shards)
    const causation = given.causationOf(first.held)
    const outgoing = withDrops(shard, fact).map((it) =>
      causation === undefined ? it : { ...it, causation },
    )
    if (fact.drops.length === 0) await given.kafka.publish(outgoing)
    else await given.transactions.publish(outgoing)
    return fates.map(({ held, delivered, drops }) =>
      mintSettlement(held, {
        delivered,
        dropped: drops.reduce((sum, { records }) => sum + records, 0),
      }),
    )
  }

const settlement = (shard: number, message: MarksRecorded): Outgoing => ({
  topic: 'settlements',
  partition: shard,
  message,
})

/** An end with losses, and each loss once more by itself, for whoever only has to know of those. */
export const withDrops = (shard: number, fact: MarksRecorded): readonly Outgoing[] => [
  settlement(shard, fact),
  ...fact.drops.map(dropEvent),
]

const dropEvent = (drop: Drop): Outgoing => ({
  topic: 'drops',
  partition: 0,
  key: drop.id,
  message: { type: 'drop.recorded', drop },
})

/** The end of a batch as `settlements` has it, for the cache that holds the batch. */
export const settlementAt = (held: Held, { delivered, dropped }: Mark): Settlement =>
  mintSettlement(held, { delivered, dropped })
