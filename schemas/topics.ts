/**
 * The topics of the distributed body. A shard is a share of the streams with a cache and a dispatcher of
 * its own; what belongs to shard `n` lies in partition `n`, and in `records` in one partition for each
 * priority, so that each is a chain which is cut off at its beginning only.
 */
import type { MessageType, Priority } from './messages.ts'

export type TopicName = keyof typeof topics

/** What a topic is kept for, and for how long; partitions are counted in shards. */
export type Topic = {
  readonly about: string
  /** `shards`: one a shard; `lanes`: one a shard and priority; `one`: total order. */
  readonly partitions: 'one' | 'shards' | 'lanes'
  /** `forever`: only Holdfast itself cuts it off; `latest`: compacted by key; else milliseconds. */
  readonly kept: 'forever' | 'latest' | number
  /** What its messages may be; empty where the value is a payload. */
  readonly carries: readonly MessageType[]
}

const hour = 3_600_000
const week = 7 * 24 * hour

/** As `satisfies` leaves it: each name with what is special about it. */
export const topics = {
  records: {
    about: 'the record log: one payload a message, with its batch in a header',
    partitions: 'lanes',
    kept: 'forever',
    carries: [],
  },
  appended: {
    about: 'what is in the record log; a batch counts as accepted from here on',
    partitions: 'shards',
    kept: 'forever',
    carries: ['records.appended', 'marker.placed'],
  },
  settlements: {
    about: 'the ends of batches',
    partitions: 'shards',
    kept: 'forever',
    carries: ['marks.recorded', 'marker.placed'],
  },
  'account-checkpoints': {
    about: 'what each shard came to before the offsets at which its topics are cut off',
    partitions: 'one',
    kept: 'latest',
    carries: ['account.checkpointed', 'marker.placed'],
  },
  drops: {
    about: 'drop events, for whoever has to know',
    partitions: 'one',
    kept: 'forever',
    carries: ['drop.recorded', 'marker.placed'],
  },
  'endpoint-commands': {
    about: 'what operators ask of the endpoint manager',
    partitions: 'one',
    kept: week,
    carries: ['endpoint.commanded', 'endpoint.pinned', 'endpoint.unpinned'],
  },
  'endpoint-assignments': {
    about: 'assignments, whose offset is the epoch, and the state of the endpoint manager',
    partitions: 'one',
    kept: 'latest',
    carries: ['assignment.recorded', 'actor.persisted'],
  },
  'mailbox-collector': {
    about: 'to all collectors',
    partitions: 'one',
    kept: hour,
    carries: ['cache.filled', 'cache.opened', 'shard.adopted'],
  },
  'mailbox-cache': {
    about: 'to the cache of a shard',
    partitions: 'shards',
    kept: hour,
    carries: ['demand.raised', 'batches.returned', 'marker.placed'],
  },
  'mailbox-dispatcher': {
    about: 'to the dispatcher of a shard',
    partitions: 'shards',
    kept: hour,
    carries: ['batches.leased', 'redirect.refused', 'dispatch.suspended', 'dispatch.resumed'],
  },
  'mailbox-endpoint-manager': {
    about: 'to the endpoint manager',
    partitions: 'one',
    kept: hour,
    carries: ['endpoint.requested', 'redirect.reported', 'attempt.reported'],
  },
  'mailbox-operator': {
    about: 'what became of commands, to whoever gave them',
    partitions: 'one',
    kept: hour,
    carries: ['command.answered'],
  },
  heartbeats: {
    about: 'each service, every second, with the states of its actors and how full its rings are',
    partitions: 'one',
    kept: hour,
    carries: ['service.beat'],
  },
  'dead-letters': {
    about: 'what could not be read, with where it was',
    partitions: 'one',
    kept: 'forever',
    carries: ['letter.died'],
  },
} as const satisfies Readonly<Record<string, Topic>>

export const topicNames = Object.keys(topics) as readonly TopicName[]

/** In `records`, the lane of a priority: partition = lane × shards + shard. */
const lanes: readonly Priority[] = ['high', 'normal', 'low']

export const partitionsOf = (topic: TopicName, shards: number): number => {
  const { partitions } = topics[topic]
  if (partitions === 'one') return 1
  return partitions === 'shards' ? shards : shards * lanes.length
}

export const recordsPartition = (
  { shard, priority }: { readonly shard: number; readonly priority: Priority },
  shards: number,
): number => lanes.indexOf(priority) * shards + shard

/** Whose a partition of `records` is, and which priority it holds. */
export const laneOf = (
  partition: number,
  shards: number,
): { readonly shard: number; readonly priority: Priority } => {
  const priority = lanes[Math.floor(partition / shards)]
  if (priority === undefined || partition < 0)
    throw new RangeError(`Partition ${partition} of records is no lane of ${shards} shards.`)
  return { shard: partition % shards, priority }
}
