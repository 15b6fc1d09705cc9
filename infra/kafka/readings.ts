/** The readers of a process: its memberships of groups, and what it follows. */
import { type Admin, type Kafka as Client, PartitionAssigners } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { Log } from '../telemetry/log.ts'
import { type LifeBounds, openConsumerLife } from './consumer-life.ts'
import type { DeadLetters } from './dead-letters.ts'
import { openFollowing } from './following.ts'
import { arrivedIn } from './intake.ts'
import type { Following, FollowOptions, JoinOptions, Membership } from './kafka.ts'
import { openMembership } from './membership.ts'
import { shardAssigner } from './shard-assigner.ts'
import type { Names } from './topic-names.ts'
import type { TopicPositions } from './topic-positions.ts'
import type { ValueFormat } from './wire.ts'
import { within } from './within.ts'

export type Readings = {
  readonly join: (join: JoinOptions) => Membership
  /** @throws {KafkaError} when the broker does not say where the topics begin and end. */
  readonly follow: (follow: FollowOptions) => Promise<Following>
}
export type ReadingsOptions = {
  readonly client: Client
  readonly admin: Admin
  readonly names: Names
  readonly shards: number
  readonly positions: TopicPositions
  readonly format: ValueFormat
  readonly deadLetters: DeadLetters
  readonly bounds: LifeBounds
  readonly alive: () => void
  readonly log: Log
}

/**
 * Nothing of what is followed is ever paused and resumed, so a request may wait for long: an idle service
 * is cheap then. It is waited for when following ends.
 */
const patience = {
  'at once': { fetchWaitMs: 500 },
  gathered: { fetchWaitMs: 250, fetchBytesMin: 65_536 },
}

export const openReadings = (options: ReadingsOptions): Readings => {
  const { names, shards, bounds, log } = options
  const reading = {
    ...options,
    arrivedIn: (topic: TopicName, batch: Parameters<typeof arrivedIn>[1]) =>
      arrivedIn(topic, batch, options),
  }
  const life = (topics: readonly TopicName[]) => ({
    client: options.client,
    topics: topics.map(names.topic),
    bounds,
    log,
  })
  return {
    join: (join) =>
      openMembership({
        ...reading,
        join,
        openLife: (events, owned) => {
          const assigner = () => shardAssigner({ shards, names, owned })
          const group = names.group(join.group)
          return openConsumerLife({ ...life(join.topics), group, assigner }, events)
        },
      }),
    follow: (follow) =>
      openFollowing({
        ...reading,
        follow,
        openLife: (group, events) => {
          const assigner = PartitionAssigners.roundRobin
          const patient = { ...bounds, ...patience[follow.arrival ?? 'at once'] }
          const all = { ...life(follow.topics), group, assigner, bounds: patient }
          return openConsumerLife(all, events)
        },
        forget: (group) => forget(group, options),
      }),
  }
}

/** Deletes a group that nobody comes back to. */
const forget = async (group: string, { admin, bounds, log }: ReadingsOptions): Promise<void> => {
  const attempted = `Deleting the group "${group}"`
  try {
    await within(admin.deleteGroups([group]), { limitMs: bounds.closeMs, attempted })
  } catch (cause) {
    // Not every principal may. The broker forgets a group without members in some days.
    log.debug('kafka.group.left', `${attempted} failed; it is left.`, { cause })
  }
}
