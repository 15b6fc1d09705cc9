/** The transport while the broker is away: nothing that was acknowledged is lost, nothing is there twice. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaError } from '../../infra/kafka/kafka-error.ts'
import { openLog } from '../../infra/telemetry/log.ts'
import { withoutDocker } from './docker.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { failed, makeNamespace, openTransport, record, textOf, until } from './transport.ts'

describe('the transport without its broker', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  before(async () => {
    kafka = await startKafka({ proxy: true })
  })
  after(() => kafka?.[Symbol.asyncDispose]())
  const broker = () => {
    const [first] = kafka.nodes
    assert.ok(first)
    return first
  }

  const impatient = { bounds: { sendMsMax: 3000 } }

  const absences = {
    paused: async () => {
      await broker().pause()
      await sleep(6000)
      await broker().unpause()
    },
    killed: async () => {
      await broker().kill()
      await broker().start()
    },
    stopped: async () => {
      await broker().restart()
    },
  }
  for (const [absence, happen] of Object.entries(absences))
    test(`keeps all that was acknowledged, and nothing twice, when the broker is ${absence}`, async () => {
      const namespace = await makeNamespace(kafka.addresses)
      await using transport = await openTransport(kafka.addresses, namespace, impatient)
      const publisher = publishing(transport)
      await until(() => publisher.acknowledged.length > 600)
      await happen()
      const before = publisher.acknowledged.length
      await until(() => publisher.acknowledged.length > before + 600)
      const { acknowledged, rejected } = await publisher.stop()
      const read = await everything(kafka.addresses, namespace)
      const once = new Set(read)
      assert.equal(once.size, read.length, 'something is there twice')
      assert.deepEqual(
        acknowledged.filter((it) => !once.has(it)),
        [],
      )
      assert.ok(read.length <= acknowledged.length + rejected.length)
    })

  test('says once that the broker is away, and once that it is back', async () => {
    const namespace = await makeNamespace(kafka.addresses)
    await using transport = await openTransport(kafka.addresses, namespace, impatient)
    await transport.publish([record('before')])
    await broker().kill()
    for (let tries = 0; tries < 3; tries += 1)
      await assert.rejects(transport.publish([record('lost')]), { code: 'unavailable' })
    await broker().start()
    await until(() => transport.lines.some(({ event }) => event === 'kafka.answered') || retry())
    const events = transport.lines.map(({ event }) => event)
    assert.deepEqual(events, ['kafka.unreachable', 'kafka.answered'])

    function retry(): boolean {
      transport.publish([record('after')]).catch((cause) => assert.equal(cause.code, 'unavailable'))
      return false
    }
  })

  test('loses its shards when it is cut off from the group, and takes them again', async () => {
    const namespace = await makeNamespace(kafka.addresses)
    const bounds = { sessionMs: 2000, heartbeatMs: 300, closeMs: 2000 }
    await using near = await openTransport(kafka.addresses, namespace)
    await using far = await openTransport(kafka.proxied, namespace, { bounds })
    const events: string[] = []
    const read: string[] = []
    await far.join({
      group: 'cut',
      topics: ['records'],
      taken: async () => {
        events.push('taken')
        return []
      },
      lost: async () => {
        events.push('lost')
      },
      received: async (arrived) => {
        read.push(...arrived.map(textOf))
      },
      failed,
    })
    await until(() => events.length === 1)
    const [proxy] = kafka.proxies
    await proxy?.swallow()
    await until(() => events.length === 2)
    assert.deepEqual(events, ['taken', 'lost'])
    await proxy?.heal()
    await near.publish([record('after')])
    await until(() => events.length === 3 && read.length > 0)
    assert.deepEqual([...events, ...read], ['taken', 'lost', 'taken', 'after'])
  })

  test('waits for a broker that is not up yet, and stops waiting when it is told to', async () => {
    const namespace = await makeNamespace(kafka.addresses)
    await broker().stop()
    const told = new AbortController()
    const waiting = openTransport(kafka.addresses, namespace, { signal: told.signal })
    const lines: string[] = []
    const log = openLog({ level: 'info', now: Date.now, write: (line) => lines.push(line) })
    const opening = openTransport(kafka.addresses, namespace, { log })
    told.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    await until(() => lines.some((line) => line.includes('kafka.awaited')))
    await broker().start()
    await using transport = await opening
    assert.equal(transport.shards, 4)
  })
})

describe('the transport on three brokers', { skip: withoutDocker }, () => {
  test('keeps all that was acknowledged when one of them is killed, and goes on without it', async () => {
    await using kafka = await startKafka({ brokers: 3 })
    const copies = { replicationFactor: 3, minInsyncReplicas: 2 }
    const namespace = await makeNamespace(kafka.addresses, copies)
    await using transport = await openTransport(kafka.addresses, namespace, copies)
    const publisher = publishing(transport)
    await until(() => publisher.acknowledged.length > 600)
    await kafka.nodes[2]?.kill()
    const without = publisher.acknowledged.length
    await until(() => publisher.acknowledged.length > without + 1200)
    await kafka.nodes[2]?.start()
    const again = publisher.acknowledged.length
    await until(() => publisher.acknowledged.length > again + 1200)
    const { acknowledged } = await publisher.stop()
    const read = await everything(kafka.addresses, namespace)
    const once = new Set(read)
    assert.deepEqual(
      acknowledged.filter((it) => !once.has(it)),
      [],
    )
  })
})

/** Publishes without a pause; each text once, whatever became of it. */
const publishing = (transport: Awaited<ReturnType<typeof openTransport>>) => {
  const acknowledged: string[] = []
  const rejected: string[] = []
  let isOver = false
  const done = (async () => {
    for (let number = 0; !isOver; number += 1) {
      const texts = Array.from({ length: 12 }, (_, partition) => `${number}/${partition}`)
      try {
        await transport.publish(texts.map((text, partition) => record(text, partition)))
        acknowledged.push(...texts)
      } catch (cause) {
        assert.ok(cause instanceof KafkaError && cause.code === 'unavailable', `${cause}`)
        rejected.push(...texts)
      }
    }
  })()
  const stop = async () => {
    isOver = true
    await done
    return { acknowledged, rejected }
  }
  return { acknowledged, rejected, stop }
}
const marker = 'end'
/** All that is there, up to what is published last. */
const everything = async (
  brokers: readonly string[],
  namespace: string,
): Promise<readonly string[]> => {
  await using reader = await openTransport(brokers, namespace)
  const read: string[] = []
  await reader.follow({
    topics: ['records'],
    from: 'earliest',
    received: async (arrived) => {
      read.push(...arrived.map(textOf))
    },
    failed,
  })
  for (let partition = 0; partition < 12; partition += 1)
    await reader.publish([record(marker, partition)])
  await until(() => read.filter((it) => it === marker).length === 12)
  return read.filter((it) => it !== marker)
}
