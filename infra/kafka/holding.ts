/** Which partitions a client of a group has at the moment, and which of them wait. */
import type { Consumer } from 'kafkajs'

export type Partition = { readonly topic: string; readonly partition: number }
/** Where a partition is read from. */
export type Spot = Partition & { readonly offset: number }
type Assignment = Readonly<Record<string, readonly number[]>>

export type Holding = {
  /** Whether something is ours. While a client joins, nothing is. */
  readonly isHolding: () => boolean
  /** Whether this partition is ours and has begun; asked later, whether it has been so all the time. */
  readonly claimOf: (partition: Partition) => () => boolean
  /** What is assigned waits until the owner has said where it begins. */
  readonly assign: (consumer: Consumer, assignment: Assignment) => Promise<void>
  /** Nothing is ours any more: the owner lets go of it. */
  readonly revoke: () => Promise<void>
  /** Nothing is ours any more, and nobody need be told. */
  readonly forget: () => void
  readonly pause: (consumer: Consumer, partition: Partition) => void
  readonly resume: (consumer: Consumer, partition: Partition) => void
  readonly seek: (consumer: Consumer, spot: Spot) => void
}

export const openHolding = (owner: {
  readonly assigned: (partitions: readonly Partition[]) => Promise<readonly Spot[]>
  readonly revoked: () => Promise<void>
}): Holding => {
  /** Grows with each assignment: what belongs to a former one is void. */
  let generation = 0
  let isHolding = false
  const paused = new Set<string>()
  const active = new Set<string>()

  const forget = (): void => {
    generation += 1
    isHolding = false
    active.clear()
    paused.clear()
  }
  return {
    isHolding: () => isHolding,
    claimOf: (partition) => {
      const claimed = generation
      return () => claimed === generation && active.has(keyOf(partition))
    },
    assign: async (consumer, assignment) => {
      generation += 1
      isHolding = true
      const assigned = generation
      const partitions = Object.entries(assignment).flatMap(([topic, ids]) =>
        ids.map((partition) => ({ topic, partition })),
      )
      consumer.pause(partitions.map(selected))
      const spots = await owner.assigned(partitions)
      if (assigned !== generation) return
      for (const spot of spots) consumer.seek(sought(spot))
      for (const partition of partitions) active.add(keyOf(partition))
      consumer.resume(partitions.filter((it) => !paused.has(keyOf(it))).map(selected))
    },
    revoke: () => {
      forget()
      return owner.revoked()
    },
    forget,
    pause: (consumer, partition) => {
      paused.add(keyOf(partition))
      if (active.has(keyOf(partition))) consumer.pause([selected(partition)])
    },
    resume: (consumer, partition) => {
      paused.delete(keyOf(partition))
      if (active.has(keyOf(partition))) consumer.resume([selected(partition)])
    },
    seek: (consumer, spot) => {
      if (active.has(keyOf(spot))) consumer.seek(sought(spot))
    },
  }
}

const keyOf = ({ topic, partition }: Partition): string => `${topic}/${partition}`
const selected = ({ topic, partition }: Partition) => ({ topic, partitions: [partition] })
const sought = (spot: Spot) => ({ ...spot, offset: String(spot.offset) })
