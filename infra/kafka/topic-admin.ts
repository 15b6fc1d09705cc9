/** Looks at the topics on the broker, and makes those that are not there. */
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Admin } from 'kafkajs'
import type { TopicState } from './topic-plan.ts'

/**
 * The topics of these names that there are. The settings of a topic are empty where they may not be read.
 * @throws the client's errors.
 */
export const topicsThere = async (
  admin: Admin,
  wanted: readonly TopicState[],
): Promise<readonly TopicState[]> => {
  const names = new Set(wanted.map(({ name }) => name))
  const there = (await admin.listTopics()).filter((name) => names.has(name))
  if (there.length === 0) return []
  const { topics } = await admin.fetchTopicMetadata({ topics: there })
  const settings = new Map(wanted.map((topic) => [topic.name, Object.keys(topic.settings)]))
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: there.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: settings.get(name) ?? [],
    })),
  })
  const read = new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map((it) => [it.configName, it.configValue])),
    ]),
  )
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: read.get(name) ?? {},
  }))
}

const lookTimesMax = 60
const lookEveryMs = 250

/**
 * Resolves when they are there, as far as the broker that is asked knows. What has come into being
 * meanwhile is left as it is.
 * @throws the client's errors.
 */
export const makeTopics = async (admin: Admin, topics: readonly TopicState[]): Promise<void> => {
  if (topics.length === 0) return
  // The client waits for leaders too, but gives up at once when a broker has not yet heard of a topic.
  await admin.createTopics({
    waitForLeaders: false,
    topics: topics.map(({ name, partitions, replicationFactor, settings }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(settings).map(([setting, value]) => ({
        name: setting,
        value,
      })),
    })),
  })
  for (let times = 0; times < lookTimesMax; times += 1) {
    const there = new Set(await admin.listTopics())
    if (topics.every(({ name }) => there.has(name))) return
    await sleep(lookEveryMs)
  }
}
