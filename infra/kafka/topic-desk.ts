/** The topics of an installation, for whoever sets it up. */
import { type Connection, openClient } from './client.ts'
import { kafkaErrorOf } from './kafka-fault.ts'
import { makeTopics, topicsThere } from './topic-admin.ts'
import { namesIn } from './topic-names.ts'
import { type Deviation, deviationsFrom, type TopicDemands, topicPlan } from './topic-plan.ts'
import { within } from './within.ts'

export type TopicDesk = {
  /** Makes what is missing, and changes nothing that is there; the names. @throws {KafkaError} */
  readonly create: () => Promise<readonly string[]>
  /** @throws {KafkaError} */
  readonly deviations: () => Promise<readonly Deviation[]>
  readonly close: () => Promise<void>
}

const askMsMax = 30_000

/** @throws {KafkaError} when no broker can be reached. */
export const openTopicDesk = async (
  options: Connection & TopicDemands & { readonly namespace: string },
): Promise<TopicDesk> => {
  // What goes wrong is told once, by what is thrown.
  const silent = { write: () => undefined, answered: () => undefined }
  const admin = openClient(options, silent).admin()
  const plan = topicPlan(options, namesIn(options.namespace))
  const asked = async <Value>(attempted: string, ask: Promise<Value>): Promise<Value> => {
    try {
      return await within(ask, { limitMs: askMsMax, attempted })
    } catch (cause) {
      throw kafkaErrorOf(cause, attempted)
    }
  }
  const found = () => asked('Asking for the topics', topicsThere(admin, plan))
  await asked(`Connecting to ${options.brokers.join(', ')}`, admin.connect())
  return {
    create: async () => {
      const there = new Set((await found()).map(({ name }) => name))
      const missing = plan.filter(({ name }) => !there.has(name))
      await asked('Making topics', makeTopics(admin, missing))
      return missing.map(({ name }) => name)
    },
    deviations: async () => deviationsFrom(plan, await found()),
    close: () => admin.disconnect(),
  }
}
