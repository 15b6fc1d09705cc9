/** The broker that the other container tests stand on, and what a client sees of its absences. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Kafka } from 'kafkajs'
import { withoutDocker } from './docker.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { clientOf, makeTopic, readTopic, send } from './kafka-client.ts'
import { accounts, mechanisms } from './kafka-listeners.ts'

const numbered = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `${from + index}`)

/** A producer that tries again without writing twice. */
const exact = { idempotent: true, maxInFlightRequests: 1 }

describe('a broker in a container', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  before(async () => {
    kafka = await startKafka({ sasl: true, tls: true, proxy: true })
  })
  after(() => kafka?.[Symbol.asyncDispose]())
  const broker = () => {
    const [first] = kafka.nodes
    assert.ok(first)
    return first
  }
  const proxy = () => {
    const [first] = kafka.proxies
    assert.ok(first)
    return first
  }

  test('gives back what it was given, in order, after it was stopped and after it was killed', async () => {
    const client = clientOf(kafka.addresses)
    await makeTopic(kafka.addresses, 'kept')
    const producer = client.producer(exact)
    await producer.connect()
    await send(producer, 'kept', numbered(0, 10))
    await broker().restart()
    await send(producer, 'kept', numbered(10, 20))
    await broker().kill()
    await broker().start()
    await send(producer, 'kept', numbered(20, 30))
    await producer.disconnect()
    assert.deepEqual(await readTopic(client, 'kept', { count: 30 }), numbered(0, 30))
  })

  test('commits transactions: it reaches itself', async () => {
    const client = clientOf(kafka.addresses)
    await makeTopic(kafka.addresses, 'transacted')
    const producer = client.producer({
      idempotent: true,
      transactionalId: 'one',
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic: 'transacted', messages: [{ value: 'whole' }] })
    await transaction.commit()
    await producer.disconnect()
    assert.deepEqual(await readTopic(client, 'transacted', { count: 1 }), ['whole'])
  })

  test('answers nobody while it is paused, and goes on where it was', async () => {
    await makeTopic(kafka.addresses, 'paused')
    const impatient = clientOf(kafka.addresses, { requestTimeout: 1000, retry: { retries: 0 } })
    const producer = impatient.producer()
    await producer.connect()
    await send(producer, 'paused', ['before'])
    await broker().pause()
    await assert.rejects(send(producer, 'paused', ['during']))
    await broker().unpause()
    const later = clientOf(kafka.addresses).producer()
    await later.connect()
    await send(later, 'paused', ['after'])
    // What a client had to give up is written all the same: the request was already on its way.
    const values = await readTopic(clientOf(kafka.addresses), 'paused', { count: 3 })
    assert.deepEqual(values.toSorted(), ['after', 'before', 'during'])
    await Promise.all([producer.disconnect(), later.disconnect()])
  })

  for (const cut of ['refuse', 'swallow'] as const)
    test(`is cut off by a network that will ${cut}, for one client and not for the other`, async () => {
      const topic = `cut-${cut}`
      await makeTopic(kafka.addresses, topic)
      const impatient = { requestTimeout: 1000, connectionTimeout: 1000, retry: { retries: 0 } }
      const near = clientOf(kafka.addresses).producer()
      const far = clientOf(kafka.proxied, impatient).producer()
      await Promise.all([near.connect(), far.connect()])
      await send(far, topic, ['far'])
      await proxy()[cut]()
      await assert.rejects(send(far, topic, ['lost or late']))
      await send(near, topic, ['near'])
      await proxy().heal()
      const again = clientOf(kafka.proxied).producer()
      await again.connect()
      await send(again, topic, ['far again'])
      await Promise.all([near, far, again].map((it) => it.disconnect()))
      const count = cut === 'swallow' ? 4 : 3
      const values = await readTopic(clientOf(kafka.proxied), topic, { count })
      assert.deepEqual(
        values.filter((it) => it !== 'lost or late'),
        ['far', 'near', 'far again'],
      )
    })

  for (const mechanism of mechanisms)
    test(`lets in by ${mechanism} who knows the password, and nobody else`, async () => {
      for (const door of ['login', 'secureLogin'] as const) {
        const safe = door === 'login' ? {} : { ssl: { ca: [kafka.certificate ?? ''] } }
        const as = (password: string) =>
          clientOf(kafka[door], {
            ...safe,
            retry: { retries: 0 },
            sasl: saslOf(mechanism, { username: 'alice', password }),
          }).admin()
        const admin = as(accounts.alice)
        await admin.connect()
        assert.deepEqual((await admin.describeCluster()).brokers.length, 1)
        await admin.disconnect()
        await assert.rejects(as('wrong').connect(), { name: 'KafkaJSSASLAuthenticationError' })
      }
    })

  test('shows a certificate that a client who trusts it accepts, and another does not', async () => {
    const trusting = clientOf(kafka.secure, {
      ssl: { ca: [kafka.certificate ?? ''] },
      retry: { retries: 0 },
    }).admin()
    await trusting.connect()
    assert.equal((await trusting.describeCluster()).brokers.length, 1)
    await trusting.disconnect()
    const wary = clientOf(kafka.secure, { ssl: true, retry: { retries: 0 } }).admin()
    await assert.rejects(wary.connect(), /self.signed certificate/)
  })
})

describe('three brokers in containers', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  before(async () => {
    kafka = await startKafka({ brokers: 3 })
  })
  after(() => kafka?.[Symbol.asyncDispose]())

  test('are written to while the leader is frozen: another leads', async () => {
    // A connection to who is frozen stays up: the client has to leave it by itself.
    const client = clientOf(kafka.addresses, { requestTimeout: 3000 })
    await makeTopic(kafka.addresses, 'led', { replicas: 3 })
    const producer = client.producer(exact)
    await producer.connect()
    await send(producer, 'led', numbered(0, 10))
    const leading = await leaderOf(client, 'led')
    const leader = kafka.nodes.find(({ node }) => node === leading)
    assert.ok(leader)
    await leader.pause()
    try {
      await send(producer, 'led', numbered(10, 20))
    } finally {
      await leader.unpause()
    }
    await producer.disconnect()
    assert.deepEqual(await readTopic(client, 'led', { count: 20 }), numbered(0, 20))
  })

  test('keep what they acknowledged when one is killed, and refuse when two are', async () => {
    const client = clientOf(kafka.addresses)
    await makeTopic(kafka.addresses, 'replicated', { replicas: 3 })
    const producer = client.producer(exact)
    await producer.connect()
    await send(producer, 'replicated', numbered(0, 10))
    const [, second, third] = kafka.nodes
    assert.ok(second && third)
    await third.kill()
    await send(producer, 'replicated', numbered(10, 20))
    await second.kill()
    const impatient = clientOf(kafka.addresses, { requestTimeout: 3000, retry: { retries: 0 } })
    const doomed = impatient.producer()
    await assert.rejects(doomed.connect().then(() => send(doomed, 'replicated', ['too few'])))
    // One after the other, so that each is given the address that it had: the broker that was up knows
    // the others by theirs, and would go on to ask each for the other.
    await second.start()
    await third.start()
    await send(producer, 'replicated', numbered(20, 30))
    await Promise.all([producer.disconnect(), doomed.disconnect()])
    const values = await readTopic(client, 'replicated', { count: 30 })
    // A leader that does not know yet that it is alone writes, once, what it cannot acknowledge.
    const acknowledged = values.filter((it) => it !== 'too few')
    assert.deepEqual(acknowledged, numbered(0, acknowledged.length))
    assert.ok(acknowledged.length >= 29)
  })
})

/** Of a topic's one partition: its node. */
const leaderOf = async (client: Kafka, topic: string): Promise<number | undefined> => {
  const admin = client.admin()
  await admin.connect()
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions[0]?.leader
  } finally {
    await admin.disconnect()
  }
}

type Mechanism = (typeof mechanisms)[number]

const saslOf = (mechanism: Mechanism, account: { username: string; password: string }) => {
  switch (mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', ...account } as const
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', ...account } as const
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', ...account } as const
  }
}
