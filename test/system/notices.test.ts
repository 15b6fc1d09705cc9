/** Whom it concerns is told, by the real process: whatever dies in between, and whoever does not answer. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { accountOf, type DropEvent, dropsOf } from '../support/account.ts'
import {
  cli,
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import {
  briskly,
  type CloudEvent,
  eventOf,
  openTestReceiver,
  type Posted,
  type WebhookReceiver,
} from '../support/webhook-receiver.ts'

const secret = 'a secret of the system test'
const recordBytes = 200
const recordsPerRequest = 50
const tenants = ['acme', 'globex'] as const
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9'

type LossData = {
  readonly tenant: string
  readonly records: number
  readonly bytes: number
  readonly drops: number
  readonly firstDrop: { readonly id: string }
  readonly lastDrop: { readonly id: string }
}
type Loss = CloudEvent<LossData>

/** More than the cache holds, of two tenants, while nobody takes anything. */
const overflow = async (t: TestContext, holdfast: HoldfastProcess): Promise<void> => {
  const load = openLoad({
    streams: tenants.map((tenant) => ({ tenant, service: 'checkout' })),
    recordsPerRequest,
    recordBytes,
  })
  t.after(load.close)
  const before = (await accountOf(holdfast)).totals.dropped
  await load.send({ to: () => holdfast.otlp, connections: 2, goOn: (sent) => sent < 160 })
  await until(
    () => accountOf(holdfast),
    ({ totals }) => totals.dropped > before,
  )
}

const lossy = {
  shutdown_timeout: '300ms',
  endpoint: { url: nowhere },
  cache: { capacity: '512KiB' },
  batch: { max_bytes: '64KiB' },
}
/** Each notice once, though it may have come more often; then it was the same every time. */
const lossesIn = (posted: readonly Posted[]): readonly Loss[] => {
  const bodies = new Map<string, string>()
  for (const { headers, body } of posted) {
    const id = String(headers['webhook-id'])
    assert.equal(bodies.get(id) ?? body, body, `${id} came with two contents`)
    bodies.set(id, body)
    assert.equal(eventOf({ headers, body, path: '' }).id, id)
  }
  return [...bodies.values()]
    .map((body) => JSON.parse(body) as Loss)
    .filter(({ type }) => type === 'io.holdfast.drop')
}
const recordsIn = (losses: readonly Loss[]): number =>
  losses.reduce((sum, { data }) => sum + data.records, 0)

/** Until all that was dropped of a tenant has been told of, and nothing twice. */
const assertToldOf = async (
  tenant: string,
  drops: readonly (DropEvent & { readonly tenant: string })[],
  receiver: WebhookReceiver,
): Promise<void> => {
  const own = drops.filter((drop) => drop.tenant === tenant)
  const records = own.reduce((sum, drop) => sum + drop.records, 0)
  assert.ok(records > 0, `nothing of ${tenant} was dropped`)
  const told = () => lossesIn(receiver.posted()).filter(({ subject }) => subject === tenant)
  await until(told, (losses) => recordsIn(losses) >= records)
  const losses = told().toSorted((one, other) =>
    one.data.firstDrop.id < other.data.firstDrop.id ? -1 : 1,
  )
  assert.equal(recordsIn(losses), records)
  const sum = (of: 'bytes' | 'drops') => losses.reduce((all, { data }) => all + data[of], 0)
  assert.equal(
    sum('bytes'),
    own.reduce((all, { bytes }) => all + bytes, 0),
  )
  assert.equal(sum('drops'), own.length)
  assert.equal(losses[0]?.data.firstDrop.id, own[0]?.id)
  assert.equal(losses.at(-1)?.data.lastDrop.id, own.at(-1)?.id)
}

test('kill -9 between a loss and its notice: it is sent after the restart, exactly, signed, to its tenant', async (t) => {
  await using folder = await workspace()
  const [all, globex, hangs] = [
    await openTestReceiver(t),
    await openTestReceiver(t),
    await openTestReceiver(t),
  ]
  all.answer({ kind: 'reset' })
  globex.answer({ kind: 'status', status: 503, headers: { 'retry-after': '0' } })
  hangs.answer({ kind: 'hang' })
  const config = {
    ...lossy,
    notices: {
      ...briskly,
      webhooks: [
        { name: 'hangs', url: hangs.url },
        { name: 'all', url: all.url, secret: `\${HOOK_SECRET:-${secret}}` },
        { name: 'globex', url: globex.url, tenants: ['glob*'] },
      ],
    },
  }
  {
    await using holdfast = await startHoldfast(folder.path, config)
    await overflow(t, holdfast)
    // One more life that loses something, and dies before anybody has taken a notice.
    await holdfast.kill('SIGKILL')
  }
  {
    await using holdfast = await startHoldfast(folder.path, config)
    await overflow(t, holdfast)
    await until(
      () => globex.posted().length,
      (posts) => posts > 0,
    )
    await holdfast.kill('SIGKILL')
  }
  await using holdfast = await startHoldfast(folder.path, config)
  all.answer({ kind: 'status', status: 200 })
  globex.answer({ kind: 'status', status: 204 })
  const drops = (await dropsOf(holdfast)) as readonly (DropEvent & { tenant: string })[]
  for (const tenant of tenants) await assertToldOf(tenant, drops, all)
  await assertToldOf('globex', drops, globex)

  await t.test('each is a CloudEvent that the library of Standard Webhooks verifies', () => {
    const verifier = new StandardWebhook(secret, { format: 'raw' })
    for (const { headers, body } of all.posted()) {
      verifier.verify(body, headers as Record<string, string>)
      const { specversion, id, source, type, time, datacontenttype } = eventOf({
        headers,
        body,
        path: '',
      })
      assert.equal(specversion, '1.0')
      assert.ok(id !== '' && source === '/holdfast/test' && type.startsWith('io.holdfast.'))
      assert.equal(new Date(time).toISOString(), time)
      assert.equal(datacontenttype, 'application/json')
    }
  })
  await t.test('a webhook of one tenant sees nothing of another', () => {
    assert.ok(globex.posted().every(({ body }) => !body.includes('acme')))
  })
  await t.test('a thousand losses are a few notices', () => {
    const notices = lossesIn(all.posted()).length
    t.diagnostic(`${drops.length} drop events, ${notices} notices`)
    assert.ok(notices <= 8, `${notices} notices`)
  })
  await t.test('the one that hangs has its notices still, and an operator sees them', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      cli,
      'notices',
      'list',
      '--admin',
      holdfast.admin,
      '--json',
    ])
    const { notices, webhooks } = JSON.parse(stdout)
    assert.ok(notices.every(({ webhook }: { webhook: string }) => webhook === 'hangs'))
    assert.deepEqual(
      webhooks.map(({ name, pending }: { name: string; pending: number }) => [name, pending > 0]),
      [
        ['hangs', true],
        ['all', false],
        ['globex', false],
      ],
    )
  })
  await t.test('what was acknowledged is not sent again by the next life', async () => {
    const ids = (receiver: WebhookReceiver) =>
      receiver.posted().map(({ headers }) => headers['webhook-id'])
    const before = new Set(ids(all))
    assert.equal(await holdfast.kill('SIGTERM'), 0)
    const told = ids(all).length
    await using next = await startHoldfast(folder.path, config)
    hangs.answer({ kind: 'status', status: 200 })
    await assertToldOf('acme', drops, hangs)
    assert.equal(ids(all).length, told)
    assert.ok(ids(all).every((id) => before.has(id)))
    assert.equal(await next.kill('SIGTERM'), 0)
  })
})

test('a webhook that says 410 has a dead letter, aloud; resend sends the same once more', async (t) => {
  await using folder = await workspace()
  const receiver = await openTestReceiver(t)
  receiver.answer({ kind: 'status', status: 410 })
  const webhooks = [{ name: 'ops', url: receiver.url, tenants: ['acme'] }]
  await using holdfast = await startHoldfast(folder.path, {
    ...lossy,
    notices: { ...briskly, webhooks },
  })
  await overflow(t, holdfast)
  await until(
    () => holdfast.logged().filter(({ event }) => event === 'notice.deadLettered'),
    (lines) => lines.length > 0 && lines.every(({ level }) => level === 'error'),
  )
  const metrics = await (await fetch(`${holdfast.admin}/metrics`)).text()
  assert.match(metrics, /^holdfast_notices_dead_lettered_total [1-9]/m)
  assert.match(metrics, /^holdfast_notices_dead_letters [1-9]/m)
  assert.match(metrics, /^holdfast_notice_attempts_total\{outcome="gone"\} [1-9]/m)
  receiver.answer({ kind: 'status', status: 200 })
  const [refused] = receiver.posted()
  const resent = await fetch(`${holdfast.admin}/api/v1/notices/resend`, {
    method: 'POST',
    body: JSON.stringify({ tenant: 'acme' }),
  })
  assert.equal(resent.status, 202)
  assert.ok(((await resent.json()) as { revived: number }).revived > 0)
  await until(
    () => receiver.posted().filter(({ body }) => body === refused?.body).length,
    (times) => times === 2,
  )
  await assertToldOf('acme', (await dropsOf(holdfast)) as never, receiver)
})
