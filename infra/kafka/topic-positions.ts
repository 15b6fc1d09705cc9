/** What the broker knows of positions: where topics begin and end, where groups have got to. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { Ends, Placed } from './kafka.ts'
import { kafkaErrorOf } from './kafka-fault.ts'
import type { Names } from './topic-names.ts'
import { within } from './within.ts'

/** Between a question that was not answered and the next. */
const pauseMs = 200

export type TopicPositions = {
  readonly ends: (topic: TopicName) => Promise<readonly Ends[]>
  readonly trim: (before: Placed & { readonly topic: TopicName }) => Promise<void>
  readonly committed: (group: string, topic: TopicName) => Promise<readonly Placed[]>
}

export const openTopicPositions = (options: {
  readonly admin: Admin
  readonly names: Names
  readonly limitMs: number
  /** The broker has answered. */
  readonly alive: () => void
}): TopicPositions => {
  const { admin, names } = options
  const asked = async <Value>(attempted: string, ask: () => Promise<Value>): Promise<Value> => {
    const deadlineMs = performance.now() + options.limitMs
    while (true) {
      try {
        const limitMs = Math.max(1, deadlineMs - performance.now())
        const answer = await within(ask(), { limitMs, attempted })
        options.alive()
        return answer
      } catch (cause) {
        const error = kafkaErrorOf(cause, attempted)
        if (error.code !== 'unavailable' || performance.now() + pauseMs > deadlineMs) throw error
      }
      // A topic that has just been made, or moved, is known to one broker before the others.
      await sleep(pauseMs)
    }
  }
  const ends = (topic: TopicName): Promise<readonly Ends[]> =>
    asked(`Asking for the ends of ${names.topic(topic)}`, async () => {
      const found = await admin.fetchTopicOffsets(names.topic(topic))
      return found
        .map(({ partition, low, high }) => ({ partition, first: Number(low), next: Number(high) }))
        .sort((a, b) => a.partition - b.partition)
    })
  return {
    ends,
    trim: async ({ topic, partition, offset }) => {
      // The client deletes nothing of a topic whose partitions it has not asked for before.
      const found = (await ends(topic)).find((it) => it.partition === partition)
      if (found !== undefined && found.first >= offset) return
      const name = names.topic(topic)
      await asked(`Cutting off ${name}/${partition} before ${offset}`, () =>
        admin.deleteTopicRecords({
          topic: name,
          partitions: [{ partition, offset: String(offset) }],
        }),
      )
    },
    committed: (group, topic) =>
      asked(`Asking where "${group}" has committed in ${names.topic(topic)}`, async () => {
        const [found] = await admin.fetchOffsets({
          groupId: names.group(group),
          topics: [names.topic(topic)],
        })
        return (found?.partitions ?? [])
          .map(({ partition, offset }) => ({ partition, offset: Math.max(-1, Number(offset)) }))
          .sort((a, b) => a.partition - b.partition)
      }),
  }
}
