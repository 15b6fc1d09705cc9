import type { TopicName } from '../../schemas/topics.ts'
import type { Log } from '../telemetry/log.ts'
import type { Batch, ConsumerLife, LifeEvents } from './consumer-life.ts'
import type { Partition, Spot } from './holding.ts'
import type { Arrived, JoinOptions, Membership, Placed, Start } from './kafka.ts'
import { openReader } from './reader.ts'
import { shardOfPartition } from './shard-assigner.ts'
import type { Names } from './topic-names.ts'
import type { TopicPositions } from './topic-positions.ts'

export type MembershipOptions = {
  readonly join: JoinOptions
  readonly shards: number
  readonly names: Names
  readonly positions: TopicPositions
  /** @param owned the shards that are this member's, or were last. */
  readonly openLife: (events: LifeEvents, owned: () => readonly number[]) => ConsumerLife
  readonly arrivedIn: (topic: TopicName, batch: Batch) => Promise<readonly Arrived[]>
  readonly alive: () => void
  readonly log: Log
}

/** Takes part in a group that shares the shards out. It is joined in the background, for as long as it takes. */
export const openMembership = (options: MembershipOptions): Membership => {
  const { join, names, shards, positions } = options
  let owned: readonly number[] = []

  const reader = openReader({
    group: names.group(join.group),
    log: options.log,
    openLife: (events) => options.openLife(events, () => owned),
    assigned: async (partitions) => {
      owned = shardsIn(partitions, names, shards)
      if (owned.length === 0) return []
      const starts = await join.taken(owned)
      return spotsOf(partitions, starts, { group: join.group, names, positions })
    },
    revoked: () => (owned.length === 0 ? Promise.resolve() : join.lost(owned)),
    received: async (batch) => {
      const arrived = await options.arrivedIn(names.topicOf(batch.topic), batch)
      if (arrived.length > 0) await join.received(arrived)
    },
    alive: options.alive,
    failed: join.failed,
  })

  const each = (topic: TopicName, partitions: readonly number[], act: (it: Partition) => void) => {
    for (const partition of partitions) act({ topic: names.topic(topic), partition })
  }
  const spotIn = (topic: TopicName, { partition, offset }: Placed): Spot => ({
    topic: names.topic(topic),
    partition,
    offset,
  })
  return {
    pause: (topic, partitions) => each(topic, partitions, reader.pause),
    resume: (topic, partitions) => each(topic, partitions, reader.resume),
    seek: (topic, at) => reader.seek(spotIn(topic, at)),
    commit: (topic, at) => reader.commit(spotIn(topic, at)),
    close: reader.close,
  }
}

const shardsIn = (
  partitions: readonly Partition[],
  names: Names,
  shards: number,
): readonly number[] => {
  const found = partitions.map(({ topic, partition }) =>
    shardOfPartition(names.topicOf(topic), partition, shards),
  )
  return [...new Set(found)].sort((a, b) => a - b)
}

/** Every partition with an offset: nothing is left to the client, which would take a default. */
const spotsOf = async (
  partitions: readonly Partition[],
  starts: readonly Start[],
  given: { readonly group: string; readonly names: Names; readonly positions: TopicPositions },
): Promise<readonly Spot[]> => {
  const { names, positions } = given
  const spots: Spot[] = []
  for (const name of new Set(partitions.map(({ topic }) => topic))) {
    const topic = names.topicOf(name)
    const mine = partitions.filter((it) => it.topic === name)
    const [ends, committed] = await Promise.all([
      positions.ends(topic),
      positions.committed(given.group, topic),
    ])
    for (const { partition } of mine) {
      const end = ends.find((it) => it.partition === partition)
      const start = starts.find((it) => it.topic === topic && it.partition === partition)
      const at = committed.find((it) => it.partition === partition)?.offset ?? -1
      const offset = offsetOf(start?.from ?? 'committed', { first: 0, next: 0, ...end }, at)
      spots.push({ topic: name, partition, offset })
    }
  }
  return spots
}

/** What has been cut off cannot be read: then from the first that is still there. */
const offsetOf = (
  from: Start['from'],
  { first, next }: { readonly first: number; readonly next: number },
  committed: number,
): number => {
  if (from === 'earliest') return first
  if (from === 'latest') return next
  return Math.max(first, from === 'committed' ? committed : from)
}
