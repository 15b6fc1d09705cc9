/** Messages that are none, or do not belong where they are: what a topic may hold and nobody can read. */
import { encode } from '../../schemas/codec.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'
import { held } from '../support/specimen.ts'
import { clientOf } from './kafka-client.ts'

type Written = {
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer>>
}

const noBatch = Buffer.from('a payload of which no header says what it is')
const marker = encode({ type: 'marker.placed', by: 'a stranger' })
const resumed = encode({ type: 'dispatch.resumed' })
/** In the first partition: records of the second shard. */
const strayed = encode({ type: 'records.appended', held: [held({ segment: 1 })] })

/** By what is wrong with them. */
const wrong = {
  'is no Avro': { value: Buffer.from('hello') },
  'has a schema that nobody knows': {
    value: Buffer.from([0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
  },
  'is cut short': { value: marker.subarray(0, marker.length - 3) },
  'has no value': { value: null },
} as const satisfies Readonly<Record<string, Written>>

const inRecords = {
  'has no headers': { value: noBatch },
  'has a header that is no batch': {
    value: noBatch,
    headers: { 'holdfast-batch': Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) },
  },
  'has no value': { value: null },
} as const satisfies Readonly<Record<string, Written>>

const garbageFor = (topic: TopicName): readonly Written[] => {
  if (topic === 'records') return Object.values(inRecords)
  const carried: readonly string[] = topics[topic].carries
  const strangers = [carried.includes('dispatch.resumed') ? marker : resumed]
  if (topic === 'appended') strangers.push(strayed)
  return [...Object.values(wrong), ...strangers.map((value) => ({ value }))]
}

/** Puts them into the first partition of each of these topics; the places where they lie, as dead letters name them. */
export const spoil = async (
  brokers: readonly string[],
  given: { readonly namespace: string; readonly topics: readonly TopicName[] },
): Promise<readonly string[]> => {
  const producer = clientOf(brokers).producer()
  await producer.connect()
  const places: string[] = []
  try {
    for (const topic of given.topics)
      for (const written of garbageFor(topic)) {
        const [placed] = await producer.send({
          topic: `${given.namespace}.${topic}`,
          messages: [{ key: 'any', partition: 0, ...written }],
        })
        places.push(`${topic}/0/${placed?.baseOffset}`)
      }
  } finally {
    await producer.disconnect()
  }
  return places
}
