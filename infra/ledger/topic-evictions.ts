/** What a cache loses or lets go of, made durable in the topic `settlements`, before a byte of it is cut off. */
import type { InstantMs } from '../../schemas/brand.ts'
import type { Drop, Held, Mark } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { Transactions } from '../kafka/kafka.ts'
import type { Address, ShardLog } from '../kafka/shard-log.ts'
import type { DropIds } from './drop-id.ts'
import type { Ledger } from './ledger.ts'
import { evictionDrops, lostRanges, overwrittenDrop } from './lost-ranges.ts'
import { mintEviction } from './settlement.ts'
import { withDrops } from './topic-fates.ts'

/** A mark takes some 100 bytes, and so many stay far below what a message may hold. */
const marksMax = 2_000

export type TopicEvictions = Pick<Ledger, 'recordEviction' | 'recordRetirement'> & {
  /** Batches that were cut off before anybody had heard of them. */
  readonly recordGone: (held: readonly Held[], nowMs: InstantMs) => Promise<void>
}

export const openTopicEvictions = (given: {
  readonly shard: number
  readonly log: Pick<ShardLog, 'unended' | 'addressOf' | 'end'>
  readonly transactions: Pick<Transactions, 'publish'>
  readonly ids: DropIds
}): TopicEvictions => {
  const { shard, log, transactions, ids } = given
  /** Each batch ends with its events: whoever reads sees all of a message or nothing. */
  const publish = async (marks: readonly Mark[], drops: readonly Drop[]): Promise<void> => {
    const outgoing = withDrops(shard, {
      type: 'marks.recorded',
      marks: marks.slice(0, marksMax),
      drops,
    })
    const rest = chunked(marks.slice(marksMax)).flatMap((some) =>
      withDrops(shard, { type: 'marks.recorded', marks: some, drops: [] }),
    )
    await transactions.publish([...outgoing, ...rest])
  }

  return {
    recordEviction: async (segment, nowMs) => {
      const held = await log.unended(segment)
      const ranges = lostRanges(held)
      const dropped = ranges.reduce((sum, { records }) => sum + records, 0)
      if (held.length > 0) {
        const marks = held.map(({ batch, at }) => lost(batch, log.addressOf(at) ?? at))
        await publish(marks, evictionDrops(ranges, { segment, nowMs, ids }))
      }
      for (const { at } of held) log.end(at)
      return mintEviction({ segment, batches: held.length, dropped })
    },
    // Every end in it is in the topic already: there is nothing to carry over.
    recordRetirement: async (segment) => {
      await log.unended(segment)
    },
    recordGone: async (held, nowMs) => {
      const detail =
        'The collector announced them so long after it had written them that they had been cut off.'
      const drops = lostRanges(held).map((range) => overwrittenDrop(range, { nowMs, ids, detail }))
      await publish(
        held.map(({ batch, at }) => lost(batch, at)),
        drops,
      )
    },
  }
}

const lost = ({ producer, tenant, service, ...range }: Held['batch'], at: Address): Mark => ({
  at,
  producer,
  tenant,
  service,
  firstSeq: range.firstSeq,
  delivered: 0,
  dropped: recordsIn(range),
})

const chunked = (marks: readonly Mark[]): readonly (readonly Mark[])[] =>
  Array.from({ length: Math.ceil(marks.length / marksMax) }, (_, index) =>
    marks.slice(index * marksMax, (index + 1) * marksMax),
  )
