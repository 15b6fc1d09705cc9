import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { afterEach, test } from 'node:test'
import { mendEncoding } from '../../../../infra/kafka/lean-encoding.ts'

type Encoded = { readonly buffer: Buffer; readonly size: () => number }
type Message = {
  readonly value: Buffer
  readonly key: string | null
  readonly headers: Readonly<Record<string, Buffer | string>>
  readonly timestamp: number
}
type Produce = (given: object) => { readonly encode: () => Promise<Encoded> }
type Wrap = (given: object) => Promise<Encoded>

const require = createRequire(import.meta.url)

/** The library as it is installed: nothing that was changed in it before. */
const fresh = (): void => {
  for (const path of Object.keys(require.cache))
    if (path.includes('/node_modules/kafkajs/')) delete require.cache[path]
}
afterEach(fresh)

const request = async (given: {
  readonly topicData: readonly object[]
  readonly compression: number
}): Promise<Buffer> => {
  const produce = require('kafkajs/src/protocol/requests/produce/v7/request.js') as Produce
  const wrap = require('kafkajs/src/protocol/request.js') as Wrap
  const common = { acks: -1, timeout: 30_000, producerId: 7, producerEpoch: 1 }
  const encoded = await wrap({
    correlationId: 3,
    clientId: 'holdfast',
    request: { apiKey: 0, apiVersion: 7, ...produce({ ...common, ...given }) },
  })
  assert.equal(encoded.size(), encoded.buffer.length)
  // Asked again, it says the same.
  assert.deepEqual(encoded.buffer, encoded.buffer)
  return encoded.buffer
}

const message = (bytes: number, index: number): Message => ({
  value: Buffer.alloc(bytes, `${index} and some more`),
  key: index % 3 === 0 ? `key ${index}` : null,
  headers: {
    'message-id': `m${index}`,
    'holdfast-batch': Buffer.alloc((index * 997) % 9000, index),
  },
  timestamp: 1_700_000_000_000 + index,
})
const topicsOf = (sizes: readonly (readonly number[])[]) =>
  sizes.map((of, topic) => ({
    topic: `topic-${topic}`,
    partitions: [0, 1].map((partition) => ({
      partition,
      firstSequence: 11,
      messages: of.map((bytes, index) => message(bytes, index + partition)),
    })),
  }))

const none = 0
const gzip = 1
const cases = {
  'small ones': [[0, 1, 511, 512, 513]],
  'ones about as large as what is kept by reference': [[4093, 4094, 4095, 4096, 4097, 8191, 8192]],
  'large ones': [[262_144], [1_000_000, 3, 70_000]],
  'many small ones': [Array.from({ length: 800 }, (_, index) => index)],
}

for (const [what, sizes] of Object.entries(cases))
  for (const [packing, compression] of Object.entries({ none, gzip }))
    test(`A request with ${what}, packing ${packing}, is byte for byte the one that the library writes`, async () => {
      const topicData = topicsOf(sizes)
      fresh()
      const before = await request({ topicData, compression })
      fresh()
      mendEncoding()
      const after = await request({ topicData, compression })
      assert.ok(before.equals(after), 'the bytes differ')
    })

test('Large values are copied once', async () => {
  const topicData = topicsOf([[4_000_000, 4_000_000]])
  const allocated = async (): Promise<number> => {
    const { alloc, allocUnsafe } = Buffer
    let bytes = 0
    Buffer.alloc = ((size: number, ...more: []) => {
      bytes += size
      return alloc(size, ...more)
    }) as typeof alloc
    Buffer.allocUnsafe = (size) => {
      bytes += size
      return allocUnsafe(size)
    }
    try {
      await request({ topicData, compression: none })
    } finally {
      Object.assign(Buffer, { alloc, allocUnsafe })
    }
    return bytes / 16_000_000
  }
  fresh()
  const before = await allocated()
  fresh()
  mendEncoding()
  const after = await allocated()
  assert.ok(after < 1.2, `it allocates ${after} bytes for each`)
  assert.ok(before > 5 * after, `it allocates ${after} bytes for each, and did ${before}`)
})
