import { randomUUID } from 'node:crypto'
import type { TopicName } from '../../schemas/topics.ts'
import type { Log } from '../telemetry/log.ts'
import type { Batch, ConsumerLife, LifeEvents } from './consumer-life.ts'
import type { Spot } from './holding.ts'
import type { Arrived, Following, FollowOptions } from './kafka.ts'
import { openReader } from './reader.ts'
import type { Names } from './topic-names.ts'
import type { TopicPositions } from './topic-positions.ts'

export type FollowingOptions = {
  readonly follow: FollowOptions
  readonly names: Names
  readonly positions: TopicPositions
  readonly openLife: (group: string, events: LifeEvents) => ConsumerLife
  /** Deletes the group: nobody comes back to it. */
  readonly forget: (group: string) => Promise<void>
  readonly arrivedIn: (topic: TopicName, batch: Batch) => Promise<readonly Arrived[]>
  readonly alive: () => void
  readonly log: Log
}

/**
 * Reads everything of some topics, in a group of its own, which remembers nothing: the positions are kept
 * here, through all lives of the client.
 * @throws {KafkaError} when the broker cannot say where the topics begin and end.
 */
export const openFollowing = async (options: FollowingOptions): Promise<Following> => {
  const { follow, names } = options
  const positions = new Map<string, Spot>()
  for (const spot of await startsOf(follow, names, options.positions))
    positions.set(`${spot.topic}/${spot.partition}`, spot)

  const group = names.group(`follow.${randomUUID()}`)
  const reader = openReader({
    group,
    log: options.log,
    openLife: (events) => options.openLife(group, events),
    assigned: (partitions) =>
      Promise.resolve(
        partitions.map(({ topic, partition }) => {
          const spot = positions.get(`${topic}/${partition}`)
          return spot ?? { topic, partition, offset: 0 }
        }),
      ),
    revoked: () => Promise.resolve(),
    received: async (batch) => {
      const { topic, partition } = batch
      const arrived = await options.arrivedIn(names.topicOf(topic), batch)
      if (arrived.length > 0) await follow.received(arrived)
      const offset = Number(batch.lastOffset()) + 1
      positions.set(`${topic}/${partition}`, { topic, partition, offset })
    },
    alive: options.alive,
    failed: follow.failed,
  })
  return {
    close: async () => {
      await reader.close()
      await options.forget(group)
    },
  }
}

const startsOf = async (
  { from, topics }: FollowOptions,
  names: Names,
  positions: TopicPositions,
): Promise<readonly Spot[]> => {
  const found = await Promise.all(
    topics.map(async (topic) =>
      (await positions.ends(topic)).map(({ partition, first, next }) => {
        const given =
          typeof from === 'string'
            ? undefined
            : from.find((it) => it.topic === topic && it.partition === partition)
        const offset = from === 'latest' ? next : Math.max(first, given?.offset ?? first)
        return { topic: names.topic(topic), partition, offset }
      }),
    ),
  )
  return found.flat()
}
