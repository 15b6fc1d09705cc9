/**
 * What a cache has to know when it takes a shard over: what was announced, and what of it has ended. Both
 * topics are read from their beginnings up to a marker that it has placed itself.
 */

import type { Address } from '../../infra/kafka/shard-log.ts'
import type { Held, Mark, Message } from '../../schemas/messages.ts'

export type ShardRebuild = {
  readonly take: (topic: 'appended' | 'settlements', message: Message, offset: number) => void
  /** Set once both markers have been read. */
  readonly done: () => Rebuilt | undefined
}

export type Rebuilt = {
  /** In the order in which they were announced, each once. */
  readonly held: readonly Held[]
  readonly hasEnded: (at: Address) => boolean
  /** The last offset of `appended` that was read. */
  readonly announcedTo: number
}

export const openShardRebuild = (marker: string): ShardRebuild => {
  const announced = new Map<string, Held>()
  const ended = new Set<string>()
  const missing = new Set<'appended' | 'settlements'>(['appended', 'settlements'])
  let announcedTo = -1
  return {
    take: (topic, message, offset) => {
      if (topic === 'appended') announcedTo = offset
      if (message.type === 'marker.placed' && message.by === marker) missing.delete(topic)
      if (message.type === 'records.appended')
        for (const held of message.held) announced.set(addressKey(held.at), held)
      if (message.type === 'marks.recorded') for (const mark of message.marks) end(ended, mark)
    },
    done: () =>
      missing.size > 0
        ? undefined
        : {
            held: [...announced.values()],
            hasEnded: (at) => ended.has(addressKey(at)),
            announcedTo,
          },
  }
}

const end = (ended: Set<string>, { at }: Mark): void => {
  ended.add(addressKey(at))
}

export const addressKey = ({ segment: partition, offset }: Address): string =>
  `${partition}:${offset}`
