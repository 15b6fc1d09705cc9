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
import { KafkaError } from './kafka-error.ts'
import { within } from './within.ts'

export type Partition = { readonly topic: string; readonly partition: number }
/** Where a partition is read from. */
export type Spot = Partition & { readonly offset: number }
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
  const { bounds } = options
  const state = {
    /** Grows with each assignment: what belongs to a former one is void. */
    generation: 0,
    isRunning: false,
    /** Whether something is ours: to be joining takes as long as the others take, and risks nothing. */
    isHolding: false,
    aliveAtMs: performance.now(),
    paused: new Map<string, Partition>(),
    active: new Map<string, Partition>(),
  }
  let end: (cause: unknown) => void = () => undefined
  const ended = new Promise<unknown>((resolve) => {
    end = resolve
  })

  const revoke = async (): Promise<void> => {
    state.generation += 1
    state.isHolding = false
    state.active.clear()
    state.paused.clear()
    await events.revoked()
  }
  const consumer = options.client.consumer({
    groupId: options.group,
    partitionAssigners: [
      (given) => {
        revokeBeforeJoining(given.cluster, revoke)
        return options.assigner(given)
      },
    ],
    sessionTimeout: bounds.sessionMs,
    heartbeatInterval: bounds.heartbeatMs,
    rebalanceTimeout: bounds.rebalanceMs,
    maxBytes: bounds.fetchBytesMax,
    maxBytesPerPartition: bounds.partitionBytesMax,
    maxWaitTimeInMs: bounds.fetchWaitMs,
    allowAutoTopicCreation: false,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  })
  const alive = (): void => {
    state.aliveAtMs = performance.now()
    events.alive()
  }

  const assign = async (assignment: Readonly<Record<string, readonly number[]>>): Promise<void> => {
    state.generation += 1
    state.isHolding = true
    const { generation } = state
    const partitions = Object.entries(assignment).flatMap(([topic, ids]) =>
      ids.map((partition) => ({ topic, partition })),
    )
    pauseAll(consumer, partitions)
    const spots = await events.assigned(partitions)
    if (generation !== state.generation || !state.isRunning) return
    for (const spot of spots) consumer.seek({ ...spot, offset: String(spot.offset) })
    for (const partition of partitions) state.active.set(keyOf(partition), partition)
    resumeAll(
      consumer,
      partitions.filter((it) => !state.paused.has(keyOf(it))),
    )
  }
  /** A client that has crashed refuses everything: what was ours in it is about to be let go of. */
  const ifOurs = (partition: Partition, act: () => void): void => {
    if (!state.active.has(keyOf(partition))) return
    try {
      act()
    } catch (cause) {
      end(cause)
    }
  }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    alive()
    assign(payload.memberAssignment).catch(end)
  })
  consumer.on(consumer.events.HEARTBEAT, alive)
  consumer.on(consumer.events.CRASH, ({ payload }) => end(payload.error))

  const eachBatch = async (given: EachBatchPayload): Promise<void> => {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = given
    const { generation } = state
    const isOurs = (): boolean =>
      generation === state.generation && state.active.has(keyOf(batch)) && isRunning()
    if (!isOurs() || isStale()) return
    const beating = beat(heartbeat, bounds.heartbeatMs, revoke)
    try {
      await events.received(batch)
    } catch (cause) {
      end(cause)
      throw cause
    } finally {
      beating.stop()
    }
    if (isOurs()) resolveOffset(batch.lastOffset())
    const broken = await beating.broken()
    if (broken !== undefined) throw broken
  }

  const watchdog = setInterval(() => {
    const silentMs = performance.now() - state.aliveAtMs
    if (state.isHolding && silentMs > bounds.sessionMs)
      end(new KafkaError('unavailable', silence(options.group, silentMs)))
  }, bounds.heartbeatMs)

  const start = async (): Promise<void> => {
    await consumer.connect()
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true })
    // Closed meanwhile: what was connected only now is left again.
    if (closed !== undefined) return consumer.disconnect()
    state.isRunning = true
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: bounds.concurrency,
      eachBatch,
    })
  }
  let closed: Promise<void> | undefined
  start().catch(end)

  const close = async (): Promise<void> => {
    clearInterval(watchdog)
    state.isRunning = false
    state.active.clear()
    state.generation += 1
    end(new KafkaError('unavailable', `Reading as "${options.group}" was closed.`))
    const attempted = `Leaving the group "${options.group}"`
    try {
      await within(consumer.disconnect(), { limitMs: bounds.closeMs, attempted })
    } catch (cause) {
      // The group finds out by itself, when heartbeats stay away.
      options.log.debug('kafka.leaving.failed', `${attempted} failed; it is left alone.`, { cause })
    }
  }

  return {
    ended,
    pause: (partition) => {
      state.paused.set(keyOf(partition), partition)
      ifOurs(partition, () => pauseAll(consumer, [partition]))
    },
    resume: (partition) => {
      state.paused.delete(keyOf(partition))
      ifOurs(partition, () => resumeAll(consumer, [partition]))
    },
    seek: (spot) => ifOurs(spot, () => consumer.seek({ ...spot, offset: String(spot.offset) })),
    commit: (spots) =>
      consumer.commitOffsets(spots.map((spot) => ({ ...spot, offset: String(spot.offset) }))),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

const keyOf = ({ topic, partition }: Partition): string => `${topic}/${partition}`
const silence = (group: string, silentMs: number): string =>
  `The coordinator of the group "${group}" has not answered for ${Math.round(silentMs)} ms: what was ours may be another's.`

const pauseAll = (consumer: Consumer, partitions: readonly Partition[]): void =>
  consumer.pause(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] })))

const resumeAll = (consumer: Consumer, partitions: readonly Partition[]): void =>
  consumer.resume(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] })))

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

/**
 * Heartbeats while a batch is being handled. When one is answered with a rebalance, what is under way is
 * let go of at once, so that the handling comes to its end.
 */
const beat = (heartbeat: () => Promise<void>, everyMs: number, revoke: () => Promise<void>) => {
  let broken: unknown
  let revoking: Promise<void> = Promise.resolve()
  let stopped = false
  const timer = setInterval(() => {
    if (broken !== undefined) return
    heartbeat().catch((cause: unknown) => {
      if (stopped || broken !== undefined) return
      broken = cause
      revoking = revoke()
    })
  }, everyMs)
  return {
    stop: (): void => {
      stopped = true
      clearInterval(timer)
    },
    /** What a heartbeat was answered with, once it has been dealt with. */
    broken: async (): Promise<unknown> => {
      await revoking
      return broken
    },
  }
}
