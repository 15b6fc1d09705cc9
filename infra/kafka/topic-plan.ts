/** What the topics have to be like on the broker, and what of it they are not. */
import { partitionsOf, type TopicName, topicNames, topics } from '../../schemas/topics.ts'
import type { Names } from './topic-names.ts'

export type TopicDemands = {
  readonly shards: number
  readonly replicationFactor: number
  readonly minInsyncReplicas: number
  /** The largest batch of messages that a topic takes. */
  readonly messageBytesMax: number
}

/** A topic as it is, or should be. */
export type TopicState = {
  /** On the broker. */
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  /** By their names on the broker; a setting that could not be read is missing. */
  readonly settings: Readonly<Record<string, string>>
}

export type Deviation = {
  readonly topic: string
  /** `topic`, `partitions`, `replication.factor`, or a setting's name. */
  readonly what: string
  readonly wanted: string
  readonly found: string
  /**
   * `missing`: made by creating; `harmful`: messages would be lost, refused, or not be found, so that
   * nothing runs on it; `weak`: fewer copies than asked for.
   */
  readonly kind: 'missing' | 'harmful' | 'weak'
}

export const topicPlan = (demands: TopicDemands, names: Names): readonly TopicState[] =>
  topicNames.map((topic) => ({
    name: names.topic(topic),
    partitions: partitionsOf(topic, demands.shards),
    replicationFactor: demands.replicationFactor,
    settings: {
      ...keepingOf(topic),
      'unclean.leader.election.enable': 'false',
      'max.message.bytes': String(demands.messageBytesMax),
      'min.insync.replicas': String(demands.minInsyncReplicas),
    },
  }))

const keepingOf = (topic: TopicName): Readonly<Record<string, string>> => {
  const { kept } = topics[topic]
  if (kept === 'latest') return { 'cleanup.policy': 'compact' }
  const retention = kept === 'forever' ? '-1' : String(kept)
  return { 'cleanup.policy': 'delete', 'retention.ms': retention, 'retention.bytes': '-1' }
}

/** @param found what there is; topics of others may be among them. */
export const deviationsFrom = (
  plan: readonly TopicState[],
  found: readonly TopicState[],
): readonly Deviation[] =>
  plan.flatMap((wanted) => {
    const topic = wanted.name
    const there = found.find(({ name }) => name === topic)
    if (there === undefined)
      return [{ topic, what: 'topic', wanted: 'there', found: 'missing', kind: 'missing' }]
    const deviations: Deviation[] = []
    const compare = (what: string, values: readonly [string, string], kind: Deviation['kind']) => {
      const [asked, is] = values
      if (asked !== is) deviations.push({ topic, what, wanted: asked, found: is, kind })
    }
    compare('partitions', [`${wanted.partitions}`, `${there.partitions}`], 'harmful')
    if (there.replicationFactor < wanted.replicationFactor)
      compare(
        'replication.factor',
        [`${wanted.replicationFactor}`, `${there.replicationFactor}`],
        'weak',
      )
    for (const [setting, value] of Object.entries(wanted.settings)) {
      const is = there.settings[setting]
      if (is !== undefined && !suffices(setting, { wanted: value, found: is }))
        compare(setting, [value, is], setting === 'min.insync.replicas' ? 'weak' : 'harmful')
    }
    return deviations
  })

/** More room and more copies than asked for are no fault, nor is it to keep letters for longer. */
const suffices = (
  setting: string,
  { wanted, found }: { readonly wanted: string; readonly found: string },
): boolean => {
  if (setting === 'max.message.bytes' || setting === 'min.insync.replicas')
    return Number(found) >= Number(wanted)
  if (setting === 'retention.ms' && wanted !== '-1')
    return found === '-1' || Number(found) >= Number(wanted)
  return found === wanted
}
