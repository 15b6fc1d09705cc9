/**
 * Messages that can be read and name records of another shard. Whoever has a shard knows its partitions
 * of `records` alone: such a message comes from a stranger, or from a fault of ours, and no start anew
 * would get past it.
 */
import type { Position } from '../../schemas/messages.ts'
import { laneOf, partitionsOf } from '../../schemas/topics.ts'
import type { Arrived } from './kafka.ts'
import type { Unreadable } from './wire.ts'

/** Where such a message strays to; none where it belongs. */
export const strayIn = (arrived: Arrived, shards: number): Unreadable | undefined => {
  const { partition } = arrived
  const strayed = placesIn(arrived).find(({ segment }) => !isOfShard(segment, partition, shards))
  if (strayed === undefined) return undefined
  const { segment, offset } = strayed
  const where = `offset ${offset} of partition ${segment} of records`
  return {
    kind: 'unreadable',
    why: 'unexpected_message',
    detail: `it names ${where}, which is not of shard ${partition}`,
  }
}

const placesIn = (arrived: Arrived): readonly Position[] => {
  if (arrived.topic === 'records') return []
  const { message } = arrived
  switch (message.type) {
    case 'records.appended':
    case 'batches.leased':
    case 'batches.returned':
      return message.held.map(({ at }) => at)
    case 'marks.recorded':
      return message.marks.map(({ at }) => at)
    default:
      return []
  }
}

const isOfShard = (segment: number, shard: number, shards: number): boolean =>
  segment >= 0 &&
  segment < partitionsOf('records', shards) &&
  laneOf(segment, shards).shard === shard
