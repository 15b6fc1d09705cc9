import { type TopicName, topicNames } from '../../schemas/topics.ts'

/** The names that topics, groups and transactional ids have on the broker: several may share one. */
export type Names = {
  readonly topic: (topic: TopicName) => string
  readonly group: (group: string) => string
  readonly transactional: (id: string) => string
  /** @throws {RangeError} for what is no topic of ours. */
  readonly topicOf: (name: string) => TopicName
}

export const namesIn = (namespace: string): Names => {
  const prefixed = (name: string): string => `${namespace}.${name}`
  const topics = new Map(topicNames.map((topic) => [prefixed(topic), topic]))
  return {
    topic: prefixed,
    group: prefixed,
    transactional: prefixed,
    topicOf: (name) => {
      const topic = topics.get(name)
      if (topic === undefined) throw new RangeError(`"${name}" is no topic of "${namespace}".`)
      return topic
    },
  }
}
