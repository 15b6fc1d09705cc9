/** Several workers behind one port: what becomes of the records when one of them, or all, are killed. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { accountOf, settledAccountOf } from '../support/account.ts'
import { idsTaken, missingOf } from '../support/deliveries.ts'
import {
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openTestSink } from '../support/route.ts'
import { briskly, openTestReceiver } from '../support/webhook-receiver.ts'

const streams = ['auth', 'checkout'].map((service) => ({ tenant: 'acme', service }))
const smallLoad = () => openLoad({ streams, recordsPerRequest: 10, recordBytes: 200 })

type Workers = {
  readonly workers: readonly {
    readonly worker: number
    readonly state: string
    readonly pid: number | null
    readonly restarts: number
  }[]
}
const workersOf = async (holdfast: HoldfastProcess) =>
  (await holdfast.get<Workers>('/api/v1/workers')).workers

type Endpoint = {
  readonly url: string | null
  readonly workers: readonly { readonly url: string }[]
}

type Notices = { readonly webhooks: readonly { readonly pending: number }[] }

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ESRCH') return true
    throw cause
  }
}

suite('a process with two workers', { concurrency: 2 }, () => {
  test('shares its connections out, starts a killed worker again, redirects and stops all, and loses nothing', async (t) => {
    const [first, second] = [await openTestSink(t), await openTestSink(t)]
    await using folder = await workspace()
    const load = smallLoad()
    t.after(load.close)
    const config = { workers: 2, endpoint: { url: first.url } }
    let going: 'on' | 'down' = 'on'
    {
      await using holdfast = await startHoldfast(folder.path, config)
      const sending = load.send({
        to: () => holdfast.otlp,
        connections: 4,
        goOn: () => going === 'on',
        pauseMs: 2,
      })
      const accepted = async (worker: number) =>
        (await accountOf({ get: (path) => holdfast.get(`/workers/${worker}${path}`) })).totals
          .accepted
      for (const worker of [0, 1])
        await until(
          () => accepted(worker),
          (records) => records >= 100,
        )
      const { pid } = (await workersOf(holdfast))[1] ?? {}
      assert.ok(pid)
      process.kill(pid, 'SIGKILL')
      await until(
        () => workersOf(holdfast),
        ([, killed]) => killed?.state === 'up' && killed.restarts === 1 && killed.pid !== pid,
      )
      assert.equal((await holdfast.redirect(second.url)).status, 202)
      const endpoint = await holdfast.get<Endpoint>('/api/v1/endpoint')
      assert.deepEqual(
        [endpoint.url, ...endpoint.workers.map(({ url }) => url)],
        [second.url, second.url, second.url],
      )
      const promised = load.promisedRecords()
      await until(load.promisedRecords, (records) => records > promised + 100)
      const metrics = await (await fetch(`${holdfast.admin}/metrics`)).text()
      assert.match(metrics, /^holdfast_worker_restarts_total\{worker="1"\} 1$/m)
      assert.match(metrics, /^holdfast_unaccounted_records\{worker="0"\} 0$/m)
      // Under load: what is in flight is answered, and nothing is cut off in between.
      assert.equal(await holdfast.kill('SIGTERM'), 0)
      going = 'down'
      await sending
      assert.deepEqual(
        holdfast.logged().filter(({ level }) => level === 'error' || level === 'raw'),
        [],
      )
    }
    await using holdfast = await startHoldfast(folder.path, config)
    const { totals } = await settledAccountOf(holdfast)
    assert.ok(totals.accepted >= load.promisedRecords())
    assert.deepEqual([totals.delivered, totals.dropped], [totals.accepted, 0])
    assert.deepEqual(missingOf(load, idsTaken([first, second], load)), [])
  })

  test('ends with its supervisor, and comes back with every record; fewer workers leave none behind', async (t) => {
    const sink = await openTestSink(t, () => ({ kind: 'status', status: 503 }))
    await using folder = await workspace()
    const load = smallLoad()
    t.after(load.close)
    const config = { workers: 2, endpoint: { url: sink.url } }
    {
      await using holdfast = await startHoldfast(folder.path, config)
      await load.send({ to: () => holdfast.otlp, connections: 4, goOn: (sent) => sent < 40 })
      const pids = (await workersOf(holdfast)).map(({ pid }) => pid ?? -1)
      await holdfast.kill('SIGKILL')
      await until(
        () => pids.every(isGone),
        (gone) => gone,
      )
    }
    await assert.rejects(
      startHoldfast(folder.path, { ...config, workers: 1 }),
      /exited with 2.*nobody would send what is held in .*worker-0 \(\d+ records\)/s,
    )
    sink.behave(() => ({ kind: 'accept' }))
    {
      await using holdfast = await startHoldfast(folder.path, config)
      const { totals } = await settledAccountOf(holdfast)
      assert.deepEqual([totals.accepted, totals.delivered, totals.dropped], [400, 400, 0])
      assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
      assert.equal(await holdfast.kill('SIGTERM'), 0)
    }
    // Nothing is held any more: now it may be one.
    await using holdfast = await startHoldfast(folder.path, { ...config, workers: 1 })
    assert.ok(holdfast.logged().some(({ event }) => event === 'ring.unread'))
  })

  test('another number of workers leaves no loss untold: not while a webhook still has to hear of one', async (t) => {
    const sink = await openTestSink(t, () => ({ kind: 'status', status: 503 }))
    const receiver = await openTestReceiver(t)
    receiver.answer({ kind: 'status', status: 503 })
    await using folder = await workspace()
    const load = smallLoad()
    t.after(load.close)
    const config = {
      endpoint: { url: sink.url },
      cache: { capacity: '1MiB' },
      batch: { max_bytes: '64KiB' },
      dispatch: { backoff: { initial: '20ms', max: '50ms' } },
      notices: { ...briskly, webhooks: [{ url: receiver.url, tenants: ['*'] }] },
    }
    {
      await using holdfast = await startHoldfast(folder.path, config)
      await load.send({ to: () => holdfast.otlp, connections: 4, goOn: (sent) => sent < 600 })
      await until(
        () => accountOf(holdfast),
        ({ totals }) => totals.dropped > 0,
      )
      sink.behave(() => ({ kind: 'accept' }))
      await settledAccountOf(holdfast)
      assert.equal(await holdfast.kill('SIGTERM'), 0)
    }
    await assert.rejects(
      startHoldfast(folder.path, { ...config, workers: 2 }),
      /exited with 2.*\(0 records, [1-9]\d* for webhooks\)/s,
    )
    receiver.answer({ kind: 'status', status: 204 })
    {
      await using holdfast = await startHoldfast(folder.path, config)
      await until(
        () => holdfast.get<Notices>('/api/v1/notices'),
        ({ webhooks }) => webhooks.every(({ pending }) => pending === 0),
      )
      assert.equal(await holdfast.kill('SIGTERM'), 0)
    }
    await using holdfast = await startHoldfast(folder.path, { ...config, workers: 2 })
    assert.ok(holdfast.logged().some(({ event }) => event === 'ring.unread'))
  })
})
