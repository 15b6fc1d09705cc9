/** What a message is a consequence of, followed through the topics by ids alone. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Arrived } from '../../../../infra/kafka/kafka.ts'
import type { Role } from '../../../../pipeline/services/role.ts'
import type { MessageType } from '../../../../schemas/messages.ts'
import { topicNames } from '../../../../schemas/topics.ts'
import { openLoad } from '../../../support/load.ts'
import { type MemoryKafka, openMemoryKafka } from '../../../support/memory-kafka.ts'
import { openTestSink } from '../../../support/route.ts'
import { type Started, startRoles } from '../../../support/service-process.ts'

const until = async <Found>(what: string, find: () => Found | undefined): Promise<Found> => {
  const endMs = Date.now() + 20_000
  for (;;) {
    const found = find()
    if (found !== undefined) return found
    if (Date.now() > endMs) assert.fail(`Not within 20 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

type Read = Exclude<Arrived, { topic: 'records' }>
const messagesIn = (kafka: MemoryKafka): readonly Read[] =>
  topicNames.flatMap((topic) =>
    kafka.messages(topic).flatMap((it) => (it.topic === 'records' ? [] : [it])),
  )
const ofType = (kafka: MemoryKafka, type: MessageType): readonly Read[] =>
  messagesIn(kafka).filter(({ message }) => message.type === type)
const first = (kafka: MemoryKafka, type: MessageType): Promise<Read> =>
  until(type, () => ofType(kafka, type)[0])
const typeOf = (kafka: MemoryKafka, id: string | null): string | undefined =>
  messagesIn(kafka).find((it) => it.id === id)?.message.type

const started = async (
  t: TestContext,
  roles: readonly Role[],
  given: { readonly kafka: MemoryKafka; readonly settings: object },
): Promise<Started> => {
  const service = await startRoles(given.kafka.client(), roles, { ...given.settings })
  t.after(() => service.stop())
  return service
}
const sendOnce = async (t: TestContext, { sources }: Started): Promise<void> => {
  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'web' }],
    recordsPerRequest: 20,
    recordBytes: 200,
  })
  t.after(() => load.close())
  const to = () => sources['otlp_http'] ?? ''
  await load.send({ to, connections: 1, goOn: (requests) => requests < 1 })
  assert.equal(load.promisedRecords(), 20)
}

test('what becomes of a batch is followed from its announcement to its end by ids alone', async (t) => {
  const kafka = openMemoryKafka(1)
  const sink = await openTestSink(t)
  const given = { kafka, settings: { endpoint: { url: sink.url } } }
  await started(t, ['endpoint-manager'], given)
  await started(t, ['cache'], given)
  await started(t, ['dispatcher'], given)
  const collector = await started(t, ['collector'], given)
  await first(kafka, 'assignment.recorded')
  await until('the cache knows how much is wanted', () => ofType(kafka, 'demand.raised')[0])
  await sendOnce(t, collector)

  const ended = await first(kafka, 'marks.recorded')
  const leased = await first(kafka, 'batches.leased')
  const announced = await first(kafka, 'records.appended')
  assert.equal(announced.causation, null, 'a client is no message')
  assert.equal(ended.causation, leased.id)
  const [adopted] = ofType(kafka, 'shard.adopted').filter(({ causation }) => causation !== null)
  assert.equal(adopted?.causation, announced.id)
  const why = typeOf(kafka, leased.causation)
  assert.ok(why === 'records.appended' || why === 'demand.raised', why)
})

test('a demand leads to a lease, and a lease to what goes back', async (t) => {
  const kafka = openMemoryKafka(1)
  const sink = await openTestSink(t)
  sink.behave(() => ({ kind: 'hang' }))
  const given = { kafka, settings: { endpoint: { url: sink.url }, shutdown_timeout: '1s' } }
  await started(t, ['endpoint-manager'], given)
  await started(t, ['cache'], given)
  await sendOnce(t, await started(t, ['collector'], given))
  await until('the cache has the batch', () =>
    ofType(kafka, 'shard.adopted').find(({ causation }) => causation !== null),
  )
  const dispatcher = await started(t, ['dispatcher'], given)
  const leased = await first(kafka, 'batches.leased')
  assert.equal(typeOf(kafka, leased.causation), 'demand.raised')
  await until('it is sent', () => sink.requests[0])
  await dispatcher.stop()
  const returned = await first(kafka, 'batches.returned')
  assert.equal(returned.causation, leased.id)
})

test('what an operator commands is followed to the assignment and to its answer', async (t) => {
  const kafka = openMemoryKafka(2)
  const [sink, other] = [await openTestSink(t), await openTestSink(t)]
  const given = { kafka, settings: { endpoint: { url: sink.url } } }
  await started(t, ['endpoint-manager'], given)
  const asked = await started(t, ['dispatcher'], given)
  await first(kafka, 'assignment.recorded')
  const told = await asked.observed.command({ kind: 'set', url: other.url, reason: 'a test' })
  assert.equal(told.kind, 'assigned')
  const [command] = ofType(kafka, 'endpoint.commanded')
  const assigned = ofType(kafka, 'assignment.recorded').at(-1)
  const [answered] = ofType(kafka, 'command.answered')
  assert.deepEqual([assigned?.causation, answered?.causation], [command?.id, command?.id])
})

for (const { outcome, host } of [
  { outcome: 'assignment.recorded', host: '127.0.0.1' },
  { outcome: 'redirect.refused', host: 'elsewhere.example' },
] as const)
  test(`a redirect by the endpoint is followed to ${outcome}, from the batch that met it`, async (t) => {
    const kafka = openMemoryKafka(1)
    const [sink, other] = [await openTestSink(t), await openTestSink(t)]
    const location = `${other.url.replace('127.0.0.1', host)}/v1/logs`
    sink.behave(() => ({ kind: 'redirect', status: 307, location }))
    const given = { kafka, settings: { endpoint: { url: sink.url } } }
    await started(t, ['endpoint-manager'], given)
    await started(t, ['cache'], given)
    await started(t, ['dispatcher'], given)
    const collector = await started(t, ['collector'], given)
    await first(kafka, 'assignment.recorded')
    await sendOnce(t, collector)
    const reported = await first(kafka, 'redirect.reported')
    assert.equal(typeOf(kafka, reported.causation), 'batches.leased')
    const met = await until(outcome, () =>
      ofType(kafka, outcome).find(({ causation }) => causation === reported.id),
    )
    assert.ok(met.offset >= 0)
  })
