/**
 * A membership that can be begun anew. Transactions that have failed are at their end, and only the group
 * can say whether the shard is still ours: so we leave, and come back with whatever it gives us.
 */
import type { JoinOptions, Kafka, Membership, Transactions } from '../../infra/kafka/kafka.ts'
import { KafkaError } from '../../infra/kafka/kafka-error.ts'
import type { Log } from '../../infra/telemetry/log.ts'

export type Rejoining = Membership & {
  /** Transactions with which this service leaves the group when they fail. */
  readonly guarded: (transactions: Transactions) => Transactions
}

export const joinAgain = async (
  {
    kafka,
    log,
    failed,
  }: {
    readonly kafka: Pick<Kafka, 'join'>
    readonly log: Log
    readonly failed: (cause: unknown) => void
  },
  options: JoinOptions,
): Promise<Rejoining> => {
  let current = await kafka.join(options)
  let state: 'in' | 'rejoining' | 'closed' = 'in'

  const rejoin = async (): Promise<void> => {
    await current.close()
    if (state === 'closed') return
    current = await kafka.join(options)
    state = 'in'
  }
  return {
    pause: (...given) => current.pause(...given),
    resume: (...given) => current.resume(...given),
    seek: (...given) => current.seek(...given),
    commit: (...given) => current.commit(...given),
    close: async () => {
      state = 'closed'
      await current.close()
    },
    guarded: (transactions) => ({
      close: transactions.close,
      publish: async (outgoing) => {
        try {
          return await transactions.publish(outgoing)
        } catch (cause) {
          const isOver = !(cause instanceof KafkaError && cause.code === 'refused')
          if (isOver && state === 'in') {
            state = 'rejoining'
            const message = `What the group ${options.group} gave is given back, and asked for anew.`
            log.warn('group.rejoined', message, { cause })
            rejoin().catch(failed)
          }
          throw cause
        }
      },
    }),
  }
}
