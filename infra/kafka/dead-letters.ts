/** Bytes that are no message: told of in `dead-letters`, in the log and in the metrics, and passed over. */
import { instant } from '../../schemas/brand.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { Log } from '../telemetry/log.ts'
import type { Meters } from '../telemetry/meters.ts'
import type { Outgoing } from './kafka.ts'
import type { Unreadable } from './wire.ts'

export type Letter = Unreadable & {
  readonly topic: TopicName
  readonly partition: number
  readonly offset: number
  readonly value: Buffer | null
}
export type DeadLetters = {
  /** Resolves when the letters are durable. @throws {KafkaError} when they may not be. */
  readonly bury: (letters: readonly Letter[]) => Promise<void>
}

/** Of the bytes so many are kept: enough to see what they are. */
const bodyBytesMax = 16 * 1024

export const openDeadLetters = (options: {
  readonly service: string
  readonly publish: (outgoing: readonly Outgoing[]) => Promise<unknown>
  readonly log: Log
  readonly meters: Meters
  readonly now: () => number
}): DeadLetters => ({
  bury: async (letters) => {
    await options.publish(
      letters.map((letter) => ({
        topic: 'dead-letters',
        partition: 0,
        key: `${letter.topic}/${letter.partition}/${letter.offset}`,
        message: {
          type: 'letter.died',
          service: options.service,
          topic: letter.topic,
          partition: letter.partition,
          offset: letter.offset,
          why: letter.why,
          detail: letter.detail,
          atMs: instant(options.now()),
          size: letter.value?.length ?? 0,
          body: letter.value?.subarray(0, bodyBytesMax).toString('base64') ?? '',
        },
      })),
    )
    for (const { topic, partition, offset, why, detail } of letters) {
      options.meters.count('lettersDied', { topic })
      const message = `Message ${offset} of ${topic}/${partition} cannot be read: ${detail}. It is in dead-letters, and passed over.`
      options.log.error('letter.died', message, { topic, partition, offset, why })
    }
  },
})
