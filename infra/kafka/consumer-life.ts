/**
 * One client of a group, from its start until it cannot go on. What the group assigns is paused until its
 * owner has said where to begin; what the group takes away is let go of before the group is joined again,
 * which is before another gets it.
 */
import type {
  Assigner,
  Cluster,
  Consumer,
  EachBatchPayload,
  Kafka,
  PartitionAssigner,
} from 'kafkajs'
import type { Log } from '../telemetry/log.ts'
import { beatWhileHandling, joinsAgainAfter } from './heartbeats.ts'
import { type Holding, openHolding, type Partition, type Spot } from './holding.ts'
import { KafkaError } from './kafka-error.ts'
import { within } from './within.ts'

export type Batch = EachBatchPayload['batch']

export type LifeOptions = {
  readonly client: Kafka
  readonly group: string
  readonly topics: readonly string[]
  readonly assigner: (cluster: Parameters<PartitionAssigner>[0]) => Assigner
  readonly bounds: LifeBounds
  readonly log: Log
}
export type LifeBounds = {
  /** Without a heartbeat for so long the group counts a member as gone. */
  readonly sessionMs: number
  readonly heartbeatMs: number
  /** How long members have to come back in a rebalance. */
  readonly rebalanceMs: number
  readonly fetchBytesMax: number
  readonly partitionBytesMax: number
  /** How long the broker waits for something to come: so long a resumed partition may have to wait. */
  readonly fetchWaitMs: number
  /** What the broker waits for: less than this does not come before `fetchWaitMs` is over. */
  readonly fetchBytesMin: number
  /** Batches of different partitions that are handed over at the same time. */
  readonly concurrency: number
  /** How long leaving the group and closing connections may take. */
  readonly closeMs: number
}

/** What happens in a life. None of them is called again before it has resolved. */
export type LifeEvents = {
  /** These are ours now; nothing of them arrives before the answer is in force. */
  readonly assigned: (partitions: readonly Partition[]) => Promise<readonly Spot[]>
  /** All are not ours any more. Called as well where none was. */
  readonly revoked: () => Promise<void>
  readonly received: (batch: Batch) => Promise<void>
  /** The broker has answered. */
  readonly alive: () => void
}

export type ConsumerLife = {
  /** Resolves when it cannot go on, with the reason. It does not reject. */
  readonly ended: Promise<unknown>
  readonly pause: (partition: Partition) => void
  readonly resume: (partition: Partition) => void
  readonly seek: (spot: Spot) => void
  /** @throws what the client throws */
  readonly commit: (spots: readonly Spot[]) => Promise<void>
  /** Leaves the group. Bounded; it does not reject. */
  readonly close: () => Promise<void>
}

export const openConsumerLife = (options: LifeOptions, events: LifeEvents): ConsumerLife => {
  const { bounds, group, log } = options
  const { promise: ended, resolve: end } = Promise.withResolvers<unknown>()
  const holding = openHolding(events)
  const consumer = consumerOf(options, holding)
  let closed: Promise<void> | undefined
  let aliveAtMs = performance.now()
  const alive = (): void => {
    aliveAtMs = performance.now()
    events.alive()
  }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    alive()
    holding.assign(consumer, payload.memberAssignment).catch(end)
  })
  consumer.on(consumer.events.HEARTBEAT, alive)
  consumer.on(consumer.events.CRASH, ({ payload }) => end(payload.error))
  let heldAtMs = performance.now()
  /** To join takes as long as the others take, which the broker bounds, and a session to find it out. */
  const joinMsMax = bounds.rebalanceMs + bounds.sessionMs
  const watchdog = setInterval(() => {
    const nowMs = performance.now()
    if (holding.isHolding()) {
      heldAtMs = nowMs
      const silentMs = nowMs - aliveAtMs
      if (silentMs > bounds.sessionMs) end(new KafkaError('unavailable', silence(group, silentMs)))
    } else if (nowMs - heldAtMs > joinMsMax)
      end(new KafkaError('unavailable', unjoined(group, nowMs - heldAtMs)))
  }, bounds.heartbeatMs)

  const start = async (): Promise<void> => {
    await consumer.connect()
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true })
    // Closed meanwhile: what was connected only now is left again.
    if (closed !== undefined) return consumer.disconnect()
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: bounds.concurrency,
      eachBatch: batchHandler({ holding, events, everyMs: bounds.heartbeatMs, end }),
    })
  }
  start().catch(end)

  const close = async (): Promise<void> => {
    clearInterval(watchdog)
    holding.forget()
    end(new KafkaError('unavailable', `Reading as "${group}" was closed.`))
    const attempted = `Leaving the group "${group}"`
    try {
      await within(consumer.disconnect(), { limitMs: bounds.closeMs, attempted })
    } catch (cause) {
      // The group finds out by itself, when heartbeats stay away.
      log.debug('kafka.leaving.failed', `${attempted} failed; it is left alone.`, { cause })
    }
  }
  /** A client that has crashed refuses everything: what was ours in it is about to be let go of. */
  const unlessCrashed = (act: () => void): void => {
    try {
      act()
    } catch (cause) {
      end(cause)
    }
  }
  return {
    ended,
    pause: (partition) => unlessCrashed(() => holding.pause(consumer, partition)),
    resume: (partition) => unlessCrashed(() => holding.resume(consumer, partition)),
    seek: (spot) => unlessCrashed(() => holding.seek(consumer, spot)),
    commit: (spots) =>
      consumer.commitOffsets(spots.map((spot) => ({ ...spot, offset: String(spot.offset) }))),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

const consumerOf = (options: LifeOptions, holding: Holding): Consumer => {
  const { bounds } = options
  return options.client.consumer({
    groupId: options.group,
    partitionAssigners: [
      (given) => {
        revokeBeforeJoining(given.cluster, holding.revoke)
        return options.assigner(given)
      },
    ],
    sessionTimeout: bounds.sessionMs,
    heartbeatInterval: bounds.heartbeatMs,
    rebalanceTimeout: bounds.rebalanceMs,
    minBytes: bounds.fetchBytesMin,
    maxBytes: bounds.fetchBytesMax,
    maxBytesPerPartition: bounds.partitionBytesMax,
    maxWaitTimeInMs: bounds.fetchWaitMs,
    allowAutoTopicCreation: false,
    // What the library cannot mend by itself, a new life does.
    retry: { restartOnFailure: () => Promise.resolve(false) },
  })
}

/** Hands over what is ours, as long as it is, and counts it as read when it has been taken. */
const batchHandler =
  (given: {
    readonly holding: Holding
    readonly events: LifeEvents
    readonly everyMs: number
    readonly end: (cause: unknown) => void
  }) =>
  async (payload: EachBatchPayload): Promise<void> => {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload
    const { holding, everyMs } = given
    const isOurs = holding.claimOf(batch)
    if (!isOurs() || !isRunning() || isStale()) return
    const beating = beatWhileHandling({ heartbeat, everyMs, revoke: holding.revoke })
    try {
      await given.events.received(batch)
    } catch (cause) {
      given.end(cause)
      throw cause
    } finally {
      beating.stop()
    }
    if (isOurs()) resolveOffset(batch.lastOffset())
    const broken = await beating.broken()
    if (broken === undefined) return
    // What was ours is let go of by now: who does not join again would beat for ever, and read nothing.
    if (!joinsAgainAfter(broken)) given.end(broken)
    throw broken
  }

const silence = (group: string, silentMs: number): string =>
  `The coordinator of the group "${group}" has not answered for ${Math.round(silentMs)} ms: what was ours may be another's.`

const unjoined = (group: string, outsideMs: number): string =>
  `The group "${group}" has given this member nothing for ${Math.round(outsideMs)} ms, not even an empty share.`

/**
 * The library asks for the coordinator whenever it is about to join its group, and for nothing else: the
 * one place where it waits for what we have to do first.
 */
const revokeBeforeJoining = (cluster: Cluster, revoke: () => Promise<void>): void => {
  const find = cluster.findGroupCoordinator.bind(cluster)
  cluster.findGroupCoordinator = async (group) => {
    await revoke()
    return find(group)
  }
}
