/**
 * A shard has one dispatcher at a time. When another one says how much it takes, the one before has lost
 * the shard: what it was leased is free, and it gets nothing more.
 */
import type { Lease } from '../../actors/cache/context.ts'
import type { DemandRaised } from '../../schemas/messages.ts'
import type { AnyMessage } from '../entrance.ts'

export const openShardWindows = (given: {
  readonly toMachine: <Message extends AnyMessage>(message: Message) => void
  readonly leases: () => readonly Lease[]
}) => {
  const { toMachine, leases } = given
  let current: DemandRaised | undefined

  /** Asked with every word: the machine may lease once more before it hears that the former one is gone. */
  const free = (): void => {
    const held = leases()
      .filter(({ dispatcher }) => dispatcher !== current?.dispatcher)
      .map((lease) => lease.held)
    if (held.length > 0) toMachine({ type: 'batches.returned', held, reason: 'unsettled' })
  }
  return {
    demanded: (demand: DemandRaised): void => {
      const former = current
      if (former !== undefined && former.dispatcher !== demand.dispatcher) {
        // A word of the former one that comes late is not the word of the next.
        if (demand.round < former.round) return
        toMachine({ ...former, round: former.round + 1, batchesMax: 0, bytesMax: 0 })
      }
      current = demand
      free()
      toMachine(demand)
    },
  }
}
