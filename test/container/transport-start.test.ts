/** What the transport looks at before anything is entrusted to a broker: who it is, who we are, its topics. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { compressions } from '../../infra/kafka/compression.ts'
import { openTopicDesk } from '../../infra/kafka/topic-desk.ts'
import { topicNames } from '../../schemas/topics.ts'
import { withoutDocker } from './docker.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { clientOf } from './kafka-client.ts'
import { accounts } from './kafka-listeners.ts'
import {
  connectionTo,
  demands,
  failed,
  makeNamespace,
  openTransport,
  record,
  textOf,
  until,
} from './transport.ts'

describe('the start of the transport', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  let folder: string
  let ca: string
  let namespace: string
  before(async () => {
    kafka = await startKafka({ sasl: true, tls: true })
    namespace = await makeNamespace(kafka.addresses)
    folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'))
    ca = join(folder, 'ca.pem')
    await writeFile(ca, kafka.certificate ?? '')
  })
  after(async () => {
    await kafka?.[Symbol.asyncDispose]()
    if (folder !== undefined) await rm(folder, { recursive: true })
  })
  const tls = () => ({ ca, cert: null, key: null, servername: null })
  const login = { username: 'alice', password: accounts.alice }

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const)
    test(`logs in by ${mechanism}, with TLS and without, and does not wait where the password is wrong`, async () => {
      for (const [brokers, safe] of [
        [kafka.login, null],
        [kafka.secureLogin, tls()],
      ] as const) {
        const connect = (password: string) =>
          openTransport(brokers, namespace, {
            connection: {
              ...connectionTo(brokers),
              tls: safe,
              sasl: { mechanism, ...login, password },
            },
          })
        await using transport = await connect(login.password)
        assert.equal((await transport.publish([record('in')])).length, 1)
        await assert.rejects(connect('wrong'), { code: 'refused' })
      }
    })

  test('trusts whom it is told to trust, and nobody else', async () => {
    const connect = (
      trusted: ReturnType<typeof tls> | (Omit<ReturnType<typeof tls>, 'ca'> & { ca: null }),
    ) =>
      openTransport(kafka.secure, namespace, {
        connection: { ...connectionTo(kafka.secure), tls: trusted },
      })
    await using transport = await connect(tls())
    assert.equal((await transport.publish([record('safe')])).length, 1)
    await assert.rejects(connect({ ...tls(), ca: null }), { code: 'refused' })
  })

  for (const compression of compressions)
    test(`reads what was written with compression ${compression}`, async () => {
      const own = await makeNamespace(kafka.addresses)
      await using transport = await openTransport(kafka.addresses, own, { compression })
      const text = 'all the same, over and over. '.repeat(1000)
      await transport.publish([record(text), record(text)])
      const read: string[] = []
      await transport.follow({
        topics: ['records'],
        from: 'earliest',
        received: async (arrived) => {
          read.push(...arrived.map(textOf))
        },
        failed,
      })
      await until(() => read.length === 2)
      assert.deepEqual(read, [text, text])
    })

  test('waits for topics that are missing, and does not start on those that would lose something', async () => {
    const own = `${namespace}-late`
    const connection = connectionTo(kafka.addresses)
    const opening = openTransport(kafka.addresses, own)
    const desk = await openTopicDesk({ ...connection, ...demands, namespace: own })
    assert.equal((await desk.create()).length, topicNames.length)
    assert.deepEqual(await desk.create(), [])
    assert.deepEqual(await desk.deviations(), [])
    const transport = await opening
    await transport.close()

    await broker().run(
      'kafka-configs.sh',
      ...['--bootstrap-server', kafka.internal[0] ?? '', '--alter', '--entity-type', 'topics'],
      ...['--entity-name', `${own}.records`, '--add-config', 'retention.ms=3600000'],
    )
    assert.deepEqual(await desk.deviations(), [
      {
        topic: `${own}.records`,
        what: 'retention.ms',
        wanted: '-1',
        found: '3600000',
        kind: 'harmful',
      },
    ])
    await desk.close()
    await assert.rejects(openTransport(kafka.addresses, own), {
      code: 'refused',
      message: /records has retention\.ms 3600000 and needs -1/,
    })
  })

  test('finds topics with too few partitions, and makes no others in their place', async () => {
    const own = await makeNamespace(kafka.addresses, { shards: 2 })
    const connection = connectionTo(kafka.addresses)
    const desk = await openTopicDesk({ ...connection, ...demands, namespace: own })
    assert.deepEqual(await desk.create(), [])
    const whats = (await desk.deviations()).map(({ what, kind }) => `${what} ${kind}`)
    assert.deepEqual(new Set(whats), new Set(['partitions harmful']))
    assert.equal(whats.length, 5)
    await desk.close()
    const admin = clientOf(kafka.addresses).admin()
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: [`${own}.records`] })
    assert.equal(topics[0]?.partitions.length, 6)
    await admin.disconnect()
  })

  const broker = () => {
    const [first] = kafka.nodes
    assert.ok(first)
    return first
  }
})
