/** What a service publishes names the message of another process that it is a consequence of. */
import type { Kafka, Outgoing, Transactions } from '../../infra/kafka/kafka.ts'
import type { Stage } from '../stage.ts'

/** Kafka as the services of a process use it. What names its cause by itself keeps that. */
export const causalKafka = (kafka: Kafka, { origin }: Pick<Stage, 'origin'>): Kafka => {
  const caused = (outgoing: readonly Outgoing[]): readonly Outgoing[] => {
    const causation = origin()
    return causation === undefined
      ? outgoing
      : outgoing.map((it) => (it.causation === undefined ? { ...it, causation } : it))
  }
  return {
    ...kafka,
    publish: (outgoing) => kafka.publish(caused(outgoing)),
    takeOver: async (id) => {
      const transactions: Transactions = await kafka.takeOver(id)
      return { ...transactions, publish: (outgoing) => transactions.publish(caused(outgoing)) }
    },
  }
}
