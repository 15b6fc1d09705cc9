/** Notices where the actors are services: the auditor tells them, whoever of several it is, and once. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inMemory, openBookDatabase } from '../../../../infra/book/book-database.ts'
import type { Role } from '../../../../pipeline/services/role.ts'
import { realWorld, type World } from '../../../../pipeline/world.ts'
import { instant, seq } from '../../../../schemas/brand.ts'
import type { Drop } from '../../../../schemas/messages.ts'
import { until } from '../../../support/holdfast-process.ts'
import { type MemoryKafka, openMemoryKafka } from '../../../support/memory-kafka.ts'
import { type Started, startRoles } from '../../../support/service-process.ts'
import {
  briskly,
  type CloudEvent,
  eventOf,
  openTestReceiver,
  type WebhookReceiver,
} from '../../../support/webhook-receiver.ts'

type LossData = {
  readonly records: number
  readonly drops: number
  readonly ranges: readonly { readonly firstSeq: number; readonly lastSeq: number }[]
}
type Happened = { readonly events: readonly Readonly<Record<string, unknown>>[] }

const folderOf = async (t: TestContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

let drops = 0
/** One record of a tenant is lost, under a number of its own. */
const lose = async (kafka: MemoryKafka, tenant = 'acme', count = 1): Promise<void> => {
  const outgoing = Array.from({ length: count }, () => {
    drops += 1
    const drop: Drop = {
      id: `${Date.now().toString(36).padStart(9, '0')}-${drops.toString(36).padStart(4, '0')}-c0.x`,
      atMs: instant(Date.now()),
      tenant,
      service: 'web',
      producer: 'collector-x',
      firstSeq: seq(drops),
      lastSeq: seq(drops),
      records: 1,
      bytes: 100,
      reason: 'cache_overwritten',
      detail: 'a test',
      fromMs: instant(1),
      toMs: instant(2),
    }
    return {
      topic: 'drops',
      partition: 0,
      key: drop.id,
      message: { type: 'drop.recorded', drop },
    } as const
  })
  await kafka.client().publish(outgoing)
}

const settingsOf = (receiver: WebhookReceiver, folder: string, more: object = {}) => ({
  endpoint: { url: 'http://127.0.0.1:9' },
  data_dir: folder,
  sentinel: { stall_after: '2s' },
  notices: { ...briskly, webhooks: [{ url: receiver.url, tenants: ['acme', 'globex-*'] }] },
  ...more,
})
/** A world that ends at once for whoever lives in it, as `kill -9` does: its folder stays as it is. */
const mortal = (): { readonly world: World; readonly kill: () => void } => {
  let state: 'alive' | 'dead' = 'alive'
  const { clock, webhook } = realWorld
  return {
    kill: () => {
      state = 'dead'
    },
    world: {
      ...realWorld,
      // Its thread would outlive it here.
      book: () => {
        const database = openBookDatabase(inMemory)
        return {
          ask: async (request) => database.answer(request),
          spentMs: () => 0,
          close: async () => database.close(),
        }
      },
      lock: async () => ({ release: async () => undefined }),
      clock: {
        ...clock,
        at: (atMs, call) => clock.at(atMs, () => (state === 'alive' ? call() : undefined)),
      },
      webhook: (options) => {
        const real = webhook(options)
        return {
          ...real,
          tell: async (notice) => {
            const told = await real.tell(notice)
            return state === 'alive' ? told : new Promise(() => undefined)
          },
        }
      },
    },
  }
}

const started = async (
  t: TestContext,
  kafka: MemoryKafka,
  settings: object,
  roles: readonly Role[] = ['auditor'],
): Promise<Started & { readonly stopOnce: () => Promise<void> }> => {
  const running = await startRoles(kafka.client(), roles, settings as Record<string, unknown>)
  let stopping: Promise<void> | undefined
  const stopOnce = (): Promise<void> => {
    stopping ??= running.stop()
    return stopping
  }
  t.after(stopOnce)
  return { ...running, stopOnce }
}

/** The lost numbers that were told, in each notice once, by the ids of the notices. */
const told = (receiver: WebhookReceiver): readonly number[] => {
  const events = receiver
    .posted()
    .map((it) => eventOf<LossData>(it))
    .filter(({ type }) => type === 'io.holdfast.drop')
  return [...new Map(events.map((event) => [event.id, event])).values()].flatMap(({ data }) =>
    data.ranges.flatMap(({ firstSeq, lastSeq }) =>
      Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index),
    ),
  )
}
const sorted = (numbers: readonly number[]) => numbers.toSorted((one, other) => one - other)
const numbersFrom = (first: number): readonly number[] =>
  Array.from({ length: drops - first }, (_, index) => first + index + 1)
const isSoon = async (isSo: () => boolean): Promise<void> => {
  await until(isSo, (so) => so)
}
const isTelling = ({ observed }: Started) => observed.notices.list().webhooks.length === 1
/** The claim of an outbox, which is made when it starts. */
const claimsIn = (kafka: MemoryKafka): readonly string[] =>
  kafka
    .messages('account-checkpoints')
    .flatMap((it) =>
      it.topic !== 'records' && it.message.type === 'marker.placed' ? [it.message.by] : [],
    )
    .filter((by) => by.startsWith('notices/'))

test('losses are told to whom they concern, each once, over stops of the auditor', async (t) => {
  const kafka = openMemoryKafka(1)
  const receiver = await openTestReceiver(t)
  const settings = settingsOf(receiver, await folderOf(t))
  await lose(kafka, 'acme', 3)
  const first = drops
  const before = await started(t, kafka, settings)
  assert.ok(isTelling(before))
  await isSoon(() => claimsIn(kafka).length > 0)
  await lose(kafka, 'acme', 5)
  await isSoon(() => told(receiver).length === 5)
  await before.stopOnce()
  await lose(kafka, 'acme', 4)
  await lose(kafka, 'initech', 2)
  const after = await started(t, kafka, settings)
  await lose(kafka, 'acme', 1)
  await isSoon(() => told(receiver).length >= 10)
  await after.stopOnce()
  const initech = [first + 10, first + 11]
  const expected = numbersFrom(first).filter((number) => !initech.includes(number))
  assert.deepEqual(sorted(told(receiver)), expected)
  assert.ok(receiver.posted().every((it) => eventOf(it).subject !== 'initech'))
})

test('an auditor that is killed at any moment tells again under the same ids, and nothing twice', async (t) => {
  const kafka = openMemoryKafka(1)
  const receiver = await openTestReceiver(t)
  const settings = settingsOf(receiver, await folderOf(t))
  const first = drops
  for (let life = 0; life < 6; life += 1) {
    receiver.answer({ kind: 'status', status: life % 2 === 0 ? 503 : 204 })
    const { world, kill } = mortal()
    const client = kafka.client()
    await startRoles(client, ['auditor'], settings, world)
    if (life === 0) await isSoon(() => claimsIn(kafka).length > 0)
    const claims = claimsIn(kafka).length + 1
    const posted = receiver.posted().length
    await lose(kafka, 'acme', 3)
    // Before it has claimed them, between, and after it has begun to tell.
    if (life % 3 === 1) await isSoon(() => receiver.posted().length > posted)
    if (life % 3 === 2) await isSoon(() => claimsIn(kafka).length > claims)
    kill()
    await client.close()
  }
  receiver.answer({ kind: 'status', status: 204 })
  const last = await started(t, kafka, settings)
  await isSoon(() => told(receiver).length >= drops - first)
  await isSoon(() => last.observed.notices.list().notices.length === 0)
  assert.deepEqual(sorted(told(receiver)), numbersFrom(first))
  const bodies = Map.groupBy(receiver.posted(), (it) => eventOf(it).id)
  for (const [id, posted] of bodies)
    assert.equal(new Set(posted.map(({ body }) => body)).size, 1, id)
})

test('of two auditors one tells; when it goes the other does, and of nothing twice', async (t) => {
  const kafka = openMemoryKafka(1)
  const receiver = await openTestReceiver(t)
  const [one, other] = [await folderOf(t), await folderOf(t)]
  const first = drops
  const former = await started(t, kafka, settingsOf(receiver, one))
  await isSoon(() => claimsIn(kafka).length === 1)
  await lose(kafka, 'acme', 2)
  const latter = await started(t, kafka, settingsOf(receiver, other))
  for (let turn = 0; turn < 5; turn += 1) {
    await lose(kafka, 'acme', 2)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await isSoon(() => told(receiver).length >= drops - first)
  await isSoon(() => former.lines.some(({ event }) => event === 'notices.interrupted'))
  await latter.stopOnce()
  await lose(kafka, 'acme', 3)
  await isSoon(() => former.lines.some(({ event }) => event === 'notices.resumed'))
  await isSoon(() => told(receiver).length >= drops - first)
  const again = await started(t, kafka, settingsOf(receiver, other))
  await lose(kafka, 'acme', 3)
  await isSoon(() => told(receiver).length >= drops - first)
  await again.stopOnce()
  await former.stopOnce()
  assert.deepEqual(sorted(told(receiver)), numbersFrom(first))
})

test('redirects are told once, and which service has fallen silent; other roles tell nobody', async (t) => {
  const kafka = openMemoryKafka(1)
  const receiver = await openTestReceiver(t)
  const folder = await folderOf(t)
  const settings = settingsOf(receiver, folder)
  const manager = await started(t, kafka, settings, ['endpoint-manager'])
  assert.deepEqual(manager.observed.notices.list(), { webhooks: [], notices: [] })
  const happened = (type: string) => {
    const events = receiver.posted().map((it) => eventOf<Happened>(it))
    const unique = [
      ...new Map(events.map((event): [string, CloudEvent<Happened>] => [event.id, event])),
    ]
    return unique.flatMap(([, event]) => (event.type === type ? [event] : []))
  }
  const set = (url: string) => manager.observed.command({ kind: 'set', url, reason: 'a test' })
  await isSoon(() => manager.observed.endpoint().url !== null)
  await set('http://127.0.0.1:10')
  const auditor = await started(t, kafka, settings)
  await isSoon(() => claimsIn(kafka).length === 1)
  await set('http://127.0.0.1:11')
  await isSoon(() => happened('io.holdfast.redirect').length === 2)
  await auditor.stopOnce()
  await set('http://127.0.0.1:12')
  await started(t, kafka, settings)
  await isSoon(() => happened('io.holdfast.redirect').length === 4)
  const ways = happened('io.holdfast.redirect').map(({ subject, data }) => [
    subject,
    ...data.events.map(({ from, to }) => `${from} ${to}`),
  ])
  const moves = [
    'http://127.0.0.1:10 http://127.0.0.1:11',
    'http://127.0.0.1:11 http://127.0.0.1:12',
  ]
  assert.deepEqual(
    ways.toSorted(),
    ['acme', 'globex-*'].flatMap((subject) => moves.map((move) => [subject, move])),
  )

  const { world, kill } = mortal()
  const client = kafka.client()
  await startRoles(client, ['cache'], settings, world)
  await isSoon(() =>
    kafka
      .messages('heartbeats')
      .some(
        (it) =>
          it.topic !== 'records' &&
          it.message.type === 'service.beat' &&
          it.message.role === 'cache',
      ),
  )
  kill()
  await client.close()
  await isSoon(() => happened('io.holdfast.stall').length === 2)
  const [stall] = happened('io.holdfast.stall').flatMap(({ data }) => data.events)
  assert.match(String(stall?.['actor']), /^cache-/)
  assert.equal(stall?.['symptom'], 'the service (cache) has said nothing')
})
