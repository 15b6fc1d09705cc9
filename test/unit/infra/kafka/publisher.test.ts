import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Producer, RecordMetadata } from 'kafkajs'
import { openPublisher } from '../../../../infra/kafka/publisher.ts'
import type { Parcel } from '../../../../infra/kafka/sending.ts'
import { openLog } from '../../../../infra/telemetry/log.ts'

type Sent = { readonly producer: number; readonly values: readonly string[] }

/** A publisher whose broker answers as `answer` says; by default it takes everything. */
const published = (
  options: {
    readonly answer?: (sent: Sent) => Promise<readonly RecordMetadata[]> | undefined
    readonly messageBytesMax?: number
  } = {},
) => {
  const sends: Sent[] = []
  const next = new Map<string, number>()
  const numbers = new Map<Producer, number>()
  const accept = (
    topicMessages: Parameters<Parameters<typeof openPublisher>[0]['send']>[1],
  ): readonly RecordMetadata[] =>
    topicMessages.flatMap(({ topic, messages }) => {
      const partitions = [...new Set(messages.map(({ partition }) => partition ?? 0))]
      return partitions.map((partition) => {
        const baseOffset = next.get(`${topic}/${partition}`) ?? 0
        const count = messages.filter((it) => it.partition === partition).length
        next.set(`${topic}/${partition}`, baseOffset + count)
        return { topicName: topic, partition, errorCode: 0, baseOffset: `${baseOffset}` }
      })
    })
  const publisher = openPublisher({
    openProducer: () => {
      const producer = {
        connect: () => Promise.resolve(),
        disconnect: () => Promise.resolve(),
      } as unknown as Producer
      numbers.set(producer, numbers.size)
      return producer
    },
    send: (producer, topicMessages) => {
      const values = topicMessages.flatMap(({ messages }) => messages.map((it) => `${it.value}`))
      const sent = { producer: numbers.get(producer) ?? -1, values }
      sends.push(sent)
      return options.answer?.(sent) ?? Promise.resolve(accept(topicMessages))
    },
    messageBytesMax: options.messageBytesMax ?? 1000,
    sendMsMax: 1000,
    alive: () => undefined,
    log: openLog({ level: 'error', now: Date.now, write: () => undefined }),
  })
  return { publisher, sends }
}
const parcel = (value: string, partition = 0, bytes = 100): Parcel => ({
  topic: 'a',
  partition,
  message: { value: Buffer.from(value), partition },
  bytes,
})
const error = (type: string) => Object.assign(new Error(type), { type, retriable: false })

describe('a publisher', () => {
  test('sends together what is published in one turn, and says where each came to lie', async () => {
    const { publisher, sends } = published()
    const places = await Promise.all([
      publisher.publish([parcel('a'), parcel('b', 1)]),
      publisher.publish([parcel('c')]),
    ])
    assert.deepEqual(sends, [{ producer: 0, values: ['a', 'b', 'c'] }])
    assert.deepEqual(places, [
      [
        { partition: 0, offset: 0 },
        { partition: 1, offset: 0 },
      ],
      [{ partition: 0, offset: 1 }],
    ])
    assert.deepEqual(await publisher.publish([]), [])
  })

  test('sends no more of a partition at once than the broker takes as one batch', async () => {
    const { publisher, sends } = published()
    const large = ['a', 'b', 'c'].map((value) => parcel(value, 0, 500))
    const places = await publisher.publish([...large, parcel('d', 1, 900)])
    assert.deepEqual(
      sends.map(({ values }) => values.join('')),
      ['ab', 'cd'],
    )
    assert.deepEqual(
      places.map(({ offset }) => offset),
      [0, 1, 2, 0],
    )
  })

  test('never uses a producer again whose send has failed: the broker may yet write what it has', async () => {
    const { publisher, sends } = published({
      answer: ({ values }) => (values[0] === 'a' ? Promise.reject(new Error('lost')) : undefined),
    })
    await assert.rejects(publisher.publish([parcel('a')]), { code: 'unavailable' })
    await publisher.publish([parcel('b')])
    assert.deepEqual(
      sends.map(({ producer }) => producer),
      [0, 1],
    )
  })

  test('refuses the one that is at fault, and not those who shared its request', async () => {
    const { publisher } = published({
      answer: ({ values }) =>
        values.includes('bad') ? Promise.reject(error('MESSAGE_TOO_LARGE')) : undefined,
    })
    const outcomes = await Promise.allSettled(
      ['a', 'bad', 'c'].map((value) => publisher.publish([parcel(value)])),
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
  })

  test('takes for lost what the broker has not answered for, though the client says that it is sent', async () => {
    const { publisher } = published({
      answer: ({ values }) =>
        values.length > 1
          ? Promise.resolve([{ topicName: 'a', partition: 0, errorCode: 0, baseOffset: '0' }])
          : undefined,
    })
    await assert.rejects(publisher.publish([parcel('a', 0), parcel('b', 1)]), {
      code: 'unavailable',
      message: /a\/1/,
    })
  })

  test('takes nothing more after its end', async () => {
    const { publisher } = published()
    const last = publisher.publish([parcel('a')])
    await publisher.close()
    assert.equal((await last).length, 1)
    await assert.rejects(publisher.publish([parcel('b')]), { code: 'unavailable' })
  })
})
