/** Messages in Confluent's wire format, with a real registry beside a real broker. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import avro from 'avsc'
import type { Arrived } from '../../infra/kafka/kafka.ts'
import { openSchemaRegistry } from '../../infra/kafka/schema-registry.ts'
import { withoutDocker } from './docker.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { clientOf } from './kafka-client.ts'
import { startRegistry, type TestRegistry } from './registry.ts'
import { failed, makeNamespace, openTransport, record, until } from './transport.ts'

describe('the transport with a schema registry', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  let registry: TestRegistry & AsyncDisposable
  before(async () => {
    const starting = [startKafka(), startRegistry()] as const
    kafka = await starting[0]
    registry = await starting[1]
    await registry.demandFullCompatibility()
  })
  after(async () => {
    await kafka?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
  })
  const schemaRegistry = () => ({ url: registry.url, login: null })
  const reading = async (
    transport: Awaited<ReturnType<typeof openTransport>>,
    topics: readonly ('mailbox-cache' | 'records' | 'dead-letters')[],
  ) => {
    const arrived: Arrived[] = []
    await transport.follow({
      topics,
      from: 'earliest',
      received: async (all) => {
        arrived.push(...all)
      },
      failed,
    })
    return arrived
  }
  const demand = {
    type: 'demand.raised',
    dispatcher: 'd-1',
    round: 7,
    batchesMax: 20,
    bytesMax: 2 ** 40,
  } as const

  test('writes what any client of the registry can read, and reads it itself', async () => {
    const namespace = await makeNamespace(kafka.addresses)
    await using transport = await openTransport(kafka.addresses, namespace, {
      schemaRegistry: schemaRegistry(),
    })
    const topic = 'mailbox-cache'
    await transport.publish([{ topic, partition: 1, message: demand }, record('as it is', 2)])
    const arrived = await reading(transport, [topic, 'records'])
    await until(() => arrived.length === 2)
    const [read] = arrived.filter((it) => it.topic === topic)
    assert.ok(read?.topic === topic)
    assert.deepEqual(read.message, demand)

    const raw: Buffer[] = []
    const consumer = clientOf(kafka.addresses).consumer({ groupId: `${namespace}.stranger` })
    await consumer.connect()
    await consumer.subscribe({ topic: `${namespace}.${topic}`, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        if (message.value !== null) raw.push(message.value)
      },
    })
    await until(() => raw.length === 1)
    await consumer.disconnect()
    const [bytes] = raw
    assert.ok(bytes)
    assert.equal(bytes[0], 0)
    const client = openSchemaRegistry({ ...schemaRegistry(), answerMsMax: 10_000 })
    const schema = await client.schemaOf(bytes.readUInt32BE(1))
    assert.ok(schema !== null)
    const type = avro.Type.forSchema(JSON.parse(schema))
    const { type: _, ...body } = demand
    assert.deepEqual({ ...type.fromBuffer(bytes.subarray(5)) }, body)
    assert.match(schema, /"name":"DemandRaised"/)
  })

  test('reads what was written before there was a registry', async () => {
    const namespace = await makeNamespace(kafka.addresses)
    await using plain = await openTransport(kafka.addresses, namespace)
    await plain.publish([{ topic: 'mailbox-cache', partition: 0, message: demand }])
    await using transport = await openTransport(kafka.addresses, namespace, {
      schemaRegistry: schemaRegistry(),
    })
    const arrived = await reading(transport, ['mailbox-cache'])
    await until(() => arrived.length === 1)
  })

  test('puts aside what the registry does not know, and what is no message of ours', async () => {
    const namespace = await makeNamespace(kafka.addresses)
    await using transport = await openTransport(kafka.addresses, namespace, {
      schemaRegistry: schemaRegistry(),
    })
    const client = openSchemaRegistry({ ...schemaRegistry(), answerMsMax: 10_000 })
    const foreign = { type: 'record', name: 'Stranger', fields: [{ name: 'a', type: 'int' }] }
    const id = await client.idOf(`${namespace}-stranger`, JSON.stringify(foreign))
    const framed = (number: number) => {
      const bytes = Buffer.from([0, 0, 0, 0, 0, 2])
      bytes.writeUInt32BE(number, 1)
      return bytes
    }
    const producer = clientOf(kafka.addresses).producer()
    await producer.connect()
    await producer.send({
      topic: `${namespace}.mailbox-cache`,
      messages: [framed(id), framed(987_654_321)].map((value) => ({ value, partition: 3 })),
    })
    await producer.disconnect()
    await transport.publish([{ topic: 'mailbox-cache', partition: 3, message: demand }])
    const arrived = await reading(transport, ['mailbox-cache', 'dead-letters'])
    await until(() => arrived.length === 3)
    const whys = arrived.flatMap((it) =>
      it.topic !== 'records' && it.message.type === 'letter.died' ? [it.message.why] : [],
    )
    assert.deepEqual(whys, ['unknown_schema', 'unknown_schema'])
  })

  test('does not start where the registry holds a schema for incompatible', async () => {
    const namespace = await makeNamespace(kafka.addresses)
    const client = openSchemaRegistry({ ...schemaRegistry(), answerMsMax: 10_000 })
    const other = {
      type: 'record',
      name: 'DemandRaised',
      namespace: 'holdfast',
      fields: [{ name: 'dispatcher', type: 'int' }],
    }
    await client.idOf(`${namespace}.mailbox-cache-holdfast.DemandRaised`, JSON.stringify(other))
    await assert.rejects(
      openTransport(kafka.addresses, namespace, { schemaRegistry: schemaRegistry() }),
      { code: 'refused', message: /DemandRaised.*409/ },
    )
  })
})
