/** The transport over a real broker: what is acknowledged is there, once, in order, for whom it is. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Arrived, Membership } from '../../infra/kafka/kafka.ts'
import { topicNames } from '../../schemas/topics.ts'
import { withoutDocker } from './docker.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { clientOf } from './kafka-client.ts'
import {
  demands,
  failed,
  makeNamespace,
  openTransport,
  record,
  type TestTransport,
  textOf,
  until,
} from './transport.ts'

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${index}`)

describe('the transport', { skip: withoutDocker }, () => {
  let broker: TestKafka & AsyncDisposable
  let namespace: string
  before(async () => {
    broker = await startKafka()
  })
  after(() => broker?.[Symbol.asyncDispose]())
  const open = async (): Promise<TestTransport> => {
    namespace = await makeNamespace(broker.addresses)
    return openTransport(broker.addresses, namespace)
  }

  test('says where each message lies, and gives it back as it was, in order', async () => {
    await using kafka = await open()
    const places = await Promise.all(
      numbered(300).map((text) => kafka.publish([record(text, 5), record(`${text}!`, 6)])),
    )
    assert.deepEqual(
      places.map(([five, six]) => [five?.offset, six?.offset]),
      numbered(300).map((text) => [Number(text), Number(text)]),
    )
    await kafka.publish([
      {
        topic: 'mailbox-collector',
        partition: 0,
        message: { type: 'cache.opened' },
        causation: 'why',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    ])
    const arrived: Arrived[] = []
    const following = await kafka.follow({
      topics: ['records', 'mailbox-collector'],
      from: 'earliest',
      received: async (all) => {
        arrived.push(...all)
      },
      failed,
    })
    await until(() => arrived.length === 601)
    await following.close()
    const fives = arrived.filter((it) => it.topic === 'records' && it.partition === 5)
    assert.deepEqual(fives.map(textOf), numbered(300))
    const [letter] = arrived.filter((it) => it.topic === 'mailbox-collector')
    assert.equal(letter?.causation, 'why')
    assert.equal(letter?.traceparent, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
    assert.equal(new Set(arrived.map(({ id }) => id)).size, 601)
  })

  test('brings what nobody is in a hurry for, however little comes', async () => {
    await using kafka = await open()
    const arrived: string[] = []
    const following = await kafka.follow({
      topics: ['records'],
      from: 'earliest',
      arrival: 'gathered',
      received: async (all) => {
        arrived.push(...all.map(textOf))
      },
      failed,
    })
    for (const text of numbered(3)) {
      await kafka.publish([record(text, 4)])
      await until(() => arrived.includes(text))
    }
    await following.close()
    assert.deepEqual(arrived, numbered(3))
  })

  test('sends what does not fit into one batch in several, and refuses what fits into none', async () => {
    await using kafka = await open()
    const third = 'x'.repeat(demands.messageBytesMax / 3)
    const places = await kafka.publish(numbered(5).map(() => record(third)))
    assert.deepEqual(
      places.map(({ offset }) => offset),
      [0, 1, 2, 3, 4],
    )
    const large = [...third, ...third, ...third].join('')
    await assert.rejects(kafka.publish([record(large)]), { code: 'refused' })
    assert.deepEqual((await kafka.publish([record('small')]))[0]?.offset, 5)
  })

  test('shares the shards out whole, and gives up what moves before another has it', async () => {
    await using first = await open()
    await using second = await openTransport(broker.addresses, namespace)
    const holders = new Map<number, string>()
    const read: string[] = []
    const memberships = new Map<string, Membership>()
    const join = async (kafka: TestTransport, name: string) => {
      memberships.set(
        name,
        await kafka.join({
          group: 'shared',
          topics: ['records', 'mailbox-cache'],
          taken: async (shards) => {
            for (const shard of shards) {
              assert.equal(holders.get(shard), undefined, `shard ${shard} has a holder`)
              holders.set(shard, name)
            }
            return []
          },
          lost: async (shards) => {
            for (const shard of shards) holders.delete(shard)
          },
          received: async (arrived) => {
            for (const it of arrived) {
              assert.equal(holders.get(it.partition % demands.shards), name)
              read.push(textOf(it))
              memberships.get(name)?.commit(it.topic, { ...it, offset: it.offset + 1 })
            }
          },
          failed,
        }),
      )
    }
    const held = (name: string) => [...holders].filter(([, holder]) => holder === name).length
    await join(first, 'first')
    await until(() => held('first') === 4)
    await first.publish(numbered(12).map((text) => record(text, Number(text))))
    await until(
      () => read.length === 12,
      () => read,
    )
    await join(second, 'second')
    await until(() => held('first') === 2 && held('second') === 2)
    await first.publish(numbered(12).map((text) => record(`again ${text}`, Number(text))))
    await until(
      () => read.length === 24,
      () => read,
    )
    assert.equal(new Set(read).size, 24)
    await memberships.get('second')?.close()
    await until(() => held('first') === 4)
    await memberships.get('first')?.close()
    const committed = await first.committed('shared', 'records')
    assert.deepEqual(
      committed.map(({ offset }) => offset),
      Array.from({ length: 12 }, () => 2),
    )
  })

  test('reads from where it is told, waits where it is told, and goes back where it is told', async () => {
    await using kafka = await open()
    await kafka.publish(numbered(10).map((text) => record(text, 1)))
    const read: string[] = []
    const membership = await kafka.join({
      group: 'led',
      topics: ['records'],
      taken: async () => [{ topic: 'records', partition: 1, from: 7 }],
      lost: async () => undefined,
      received: async (arrived) => {
        read.push(...arrived.map(textOf))
      },
      failed,
    })
    await until(() => read.length === 3)
    membership.pause('records', [1])
    await kafka.publish([record('10', 1), record('other', 2)])
    await until(() => read.includes('other'))
    assert.ok(!read.includes('10'))
    membership.seek('records', { partition: 1, offset: 9 })
    membership.resume('records', [1])
    await until(() => read.includes('10'))
    assert.deepEqual(
      read.filter((it) => it !== 'other'),
      ['7', '8', '9', '9', '10'],
    )
  })

  test('fences whoever had an id before', async () => {
    await using first = await open()
    await using second = await openTransport(broker.addresses, namespace)
    const former = await first.takeOver('cache-0')
    assert.deepEqual(await former.publish([record('a', 3)]), [{ partition: 3, offset: 0 }])
    const latter = await second.takeOver('cache-0')
    await assert.rejects(former.publish([record('late', 3)]), { code: 'fenced' })
    await assert.rejects(former.publish([record('later', 3)]), { code: 'fenced' })
    await latter.publish([record('b', 3)])
    const read: string[] = []
    await second.follow({
      topics: ['records'],
      from: 'earliest',
      received: async (arrived) => {
        read.push(...arrived.map(textOf))
      },
      failed,
    })
    await latter.publish([record('c', 3)])
    await until(() => read.includes('c'))
    assert.deepEqual(read, ['a', 'b', 'c'])
  })

  test('cuts a partition off at its beginning, and whoever was before goes on behind the cut', async () => {
    await using kafka = await open()
    await kafka.publish(numbered(10).map((text) => record(text, 2)))
    await kafka.trim({ topic: 'records', partition: 2, offset: 6 })
    await kafka.trim({ topic: 'records', partition: 2, offset: 4 })
    const ends = await kafka.ends('records')
    assert.deepEqual(ends[2], { partition: 2, first: 6, next: 10 })
    assert.deepEqual(ends[1], { partition: 1, first: 0, next: 0 })
    await assert.rejects(kafka.trim({ topic: 'records', partition: 2, offset: 11 }), {
      code: 'refused',
    })
    const read: string[] = []
    await kafka.join({
      group: 'behind',
      topics: ['records'],
      taken: async () => [{ topic: 'records', partition: 2, from: 1 }],
      lost: async () => undefined,
      received: async (arrived) => {
        read.push(...arrived.map(textOf))
      },
      failed,
    })
    await until(() => read.length === 4)
    assert.deepEqual(read, ['6', '7', '8', '9'])
  })

  test('puts what cannot be read into dead-letters, of every topic, and goes on', async () => {
    await using kafka = await open()
    const producer = clientOf(broker.addresses).producer()
    await producer.connect()
    const garbage = Buffer.from([0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    for (const topic of topicNames)
      await producer.send({
        topic: `${namespace}.${topic}`,
        messages: [{ key: 'any', value: garbage, partition: 0 }],
      })
    await producer.disconnect()
    const letters: Arrived[] = []
    const read: string[] = []
    await kafka.follow({
      topics: topicNames,
      from: 'earliest',
      received: async (arrived) => {
        for (const it of arrived)
          if (it.topic === 'dead-letters') letters.push(it)
          else read.push(textOf(it))
      },
      failed,
    })
    await kafka.publish([record('good')])
    await until(
      () => read.includes('good') && letters.length === topicNames.length,
      () => letters,
    )
    const seen = letters.map((it) => {
      assert.ok(it.topic !== 'records' && it.message.type === 'letter.died')
      assert.equal(it.message.body, garbage.toString('base64'))
      assert.equal(it.message.offset, 0)
      return it.message.topic
    })
    assert.deepEqual(seen.toSorted(), topicNames.toSorted())
    const said = kafka.lines.filter(({ event }) => event === 'letter.died')
    assert.equal(said.length, topicNames.length)
  })
})
