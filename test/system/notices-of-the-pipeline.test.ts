/** What concerns the pipeline as a whole is told to everybody, by the real process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openTestSink } from '../support/route.ts'
import { sabotaged } from '../support/saboteur.ts'
import { briskly, type CloudEvent, eventOf, openTestReceiver } from '../support/webhook-receiver.ts'

type Happened = CloudEvent<{
  readonly tenants: string
  readonly events: readonly Readonly<Record<string, unknown>>[]
}>

test('a redirect is told to every pattern of tenants, once; it is not told again after a restart', async (t) => {
  await using folder = await workspace()
  const [first, second] = [await openTestSink(t), await openTestSink(t)]
  const receiver = await openTestReceiver(t)
  const config = {
    endpoint: { url: first.url },
    notices: { ...briskly, webhooks: [{ url: receiver.url, tenants: ['acme', 'globex-*'] }] },
  }
  // What was acknowledged just before a kill may come again: under the same id.
  const told = (): readonly Happened[] => {
    const events = receiver.posted().map((posted) => eventOf<Happened['data']>(posted))
    return [...new Map(events.map((event) => [event.id, event])).values()]
  }
  {
    await using holdfast = await startHoldfast(folder.path, config)
    await holdfast.redirect(second.url)
    await until(told, (events) => events.length === 2)
    await holdfast.kill('SIGKILL')
  }
  assert.deepEqual(
    told()
      .map(({ data }) => data.tenants)
      .sort(),
    ['acme', 'globex-*'],
  )
  for (const { type, data } of told()) {
    assert.equal(type, 'io.holdfast.redirect')
    const [event] = data.events
    assert.deepEqual([event?.['from'], event?.['to']], [first.url, second.url])
    assert.deepEqual([event?.['by'], event?.['reason']], ['operator', 'test'])
  }
  await using holdfast = await startHoldfast(folder.path, config)
  await holdfast.redirect(first.url)
  await until(told, (events) => events.length === 4)
  assert.ok(
    told()
      .slice(2)
      .every(({ data }) => data.events[0]?.['to'] === first.url),
  )
})

test('a stall and its end are told, with what is held of those tenants and of no other', async (t) => {
  await using folder = await workspace()
  const sink = await openTestSink(t)
  const receiver = await openTestReceiver(t)
  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'checkout' }],
    recordsPerRequest: 50,
    recordBytes: 200,
  })
  t.after(load.close)
  await using holdfast = await startHoldfast(
    folder.path,
    {
      endpoint: { url: sink.url },
      sentinel: { stall_after: '1s' },
      notices: { ...briskly, webhooks: [{ url: receiver.url, tenants: ['acme', 'globex'] }] },
    },
    sabotaged('stick:dispatcher'),
  )
  process.kill(holdfast.pid, 'SIGUSR2')
  await until(
    () => holdfast.logged().some(({ event }) => event === 'sabotage.begun'),
    (begun) => begun,
  )
  await load.send({ to: () => holdfast.otlp, connections: 1, goOn: (sent) => sent < 4 })
  const told = (type: string, tenants: string) =>
    receiver
      .posted()
      .map((posted) => eventOf(posted) as unknown as Happened)
      .find((event) => event.type === type && event.data.tenants === tenants)?.data.events[0]
  await until(
    () => [told('io.holdfast.recovered', 'acme'), told('io.holdfast.recovered', 'globex')],
    (seen) => seen.every((it) => it !== undefined),
  )
  const stall = told('io.holdfast.stall', 'acme')
  assert.equal(stall?.['actor'], 'dispatcher')
  assert.equal(stall?.['state'], 'stalled')
  assert.ok(Number(stall?.['pendingRecords']) > 0)
  assert.equal(told('io.holdfast.stall', 'globex')?.['pendingRecords'], 0)
  assert.ok(Number(told('io.holdfast.recovered', 'acme')?.['stalledSeconds']) >= 1)
})
