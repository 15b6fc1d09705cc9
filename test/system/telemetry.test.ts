/** What a pipeline tells of itself by OpenTelemetry besides traces; and when it is silent. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { accountOf, dropsOf, settledAccountOf } from '../support/account.ts'
import { cli, startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'
import { openTestSink } from '../support/route.ts'
import { exportedTo, opened, sent, traceparentOf } from '../support/told-pipeline.ts'

/** Says on stderr which modules of OpenTelemetry are loaded. */
const watchLoading = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith('@opentelemetry/'))
        process.stderr.write(JSON.stringify({ level: 'info', event: 'loaded', specifier }) + '\\n')
      return next(specifier, context)
    },
  })
`)}`

suite('what a pipeline tells of itself', { concurrency: 3 }, () => {
  test('each drop event is an event with its exact range, and its batches end as dropped', async (t) => {
    const { receiver, sink, holdfast } = await opened(
      t,
      { OTEL_BSP_MAX_QUEUE_SIZE: '100000' },
      { cache: { capacity: '8MiB' } },
    )
    sink.behave(() => ({ kind: 'status', status: 503 }))
    const load = openLoad({
      streams: [{ tenant: 'acme', service: 'shop' }],
      recordsPerRequest: 100,
      recordBytes: 1_000,
    })
    t.after(load.close)
    await load.send({ to: () => holdfast.otlp, connections: 4, goOn: (requests) => requests < 150 })
    await until(
      () => accountOf(holdfast),
      ({ totals }) => totals.dropped > 0,
    )
    sink.behave(() => ({ kind: 'accept' }))
    const { totals } = await settledAccountOf(holdfast)
    const drops = await dropsOf(holdfast)
    const events = await until(
      () => receiver.events().filter(({ name }) => name === 'holdfast.records.dropped'),
      (seen) => seen.length >= drops.length,
    )
    assert.deepEqual(
      events.map(({ severity, attributes: it }) => [
        severity,
        it['holdfast.drop.id'],
        it['holdfast.tenant'],
        it['holdfast.service'],
        it['holdfast.producer'],
        it['holdfast.seq.first'],
        it['holdfast.seq.last'],
        it['holdfast.records'],
        it['holdfast.drop.reason'],
      ]),
      drops.map((it) => [
        'ERROR',
        it.id,
        it.tenant,
        it.service,
        it.producer,
        it.firstSeq,
        it.lastSeq,
        it.records,
        it.reason,
      ]),
    )
    await holdfast.kill('SIGTERM')
    const ended = (outcome: string): number =>
      receiver
        .spans()
        .filter(({ attributes }) => attributes['holdfast.batch.outcome'] === outcome)
        .reduce((sum, it) => sum + Number(it.attributes['messaging.batch.message_count']), 0)
    assert.equal(ended('dropped'), totals.dropped)
    assert.equal(ended('delivered'), totals.delivered)
  })

  test('metrics by the semantic conventions say what the account says; a stop exports the last of them', async (t) => {
    // An export may take as long as the time between two: the last one must be received, too.
    const { receiver, sink, holdfast } = await opened(t, { OTEL_METRIC_EXPORT_INTERVAL: '3000' })
    for (const service of ['shop', 'shop', 'till']) await sent(holdfast, { service })
    await settledAccountOf(holdfast)
    // The first exports may be of the time before the endpoint was assigned.
    const state = await until(
      () => receiver.points(),
      (points) =>
        points.some(({ name, value }) => name === 'holdfast.endpoint.epoch' && value === 1),
    )
    assert.equal(state.find(({ name }) => name === 'holdfast.unaccounted.records')?.value, 0)
    assert.equal(await holdfast.kill('SIGTERM'), 0)
    const total = (name: string, attributes: object = {}): number =>
      receiver
        .points()
        .filter((point) => point.name === name)
        .filter((point) =>
          Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
        )
        .reduce((sum, { value }) => sum + value, 0)
    const shop = { 'holdfast.service': 'shop', 'messaging.system': 'holdfast' }
    assert.equal(total('messaging.client.consumed.messages', shop), 2)
    assert.equal(total('messaging.client.sent.messages'), 3)
    const taken = { 'http.response.status_code': 200, 'http.route': '/v1/logs' }
    assert.equal(total('http.server.request.duration', taken), 3)
    const server = { 'server.port': Number(new URL(sink.url).port) }
    assert.equal(total('http.client.request.duration', server), sink.requests.length)
    assert.ok(!receiver.points().some(({ name }) => name === 'holdfast.endpoint.epoch'))
  })

  test('by default it is protobuf, to the path of each signal', async (t) => {
    const { receiver, holdfast } = await opened(t, { OTEL_EXPORTER_OTLP_PROTOCOL: '' })
    await sent(holdfast, {})
    await settledAccountOf(holdfast)
    assert.equal(await holdfast.kill('SIGTERM'), 0)
    const seen = new Set(receiver.requests().map(({ path, type }) => `${path} ${type}`))
    const protobuf = (path: string): string => `${path} application/x-protobuf`
    assert.deepEqual([...seen].sort(), ['/v1/logs', '/v1/metrics', '/v1/traces'].map(protobuf))
  })

  test('a collector that is away holds nothing up, and is complained of once', async (t) => {
    const { receiver, holdfast } = await opened(t)
    await receiver.close()
    for (let time = 0; time < 5; time += 1) await sent(holdfast, {})
    await settledAccountOf(holdfast)
    const complaints = () => holdfast.logged().filter(({ event }) => event === 'telemetry.failed')
    await until(complaints, (seen) => seen.length > 0)
    assert.equal(await holdfast.kill('SIGTERM'), 0)
    const said = complaints().map(({ message }) => message)
    assert.equal(new Set(said).size, said.length, JSON.stringify(said))
  })

  for (const [state, environment] of [
    ['no endpoint is configured', {}],
    ['the SDK is disabled', { OTEL_SDK_DISABLED: 'true' }],
  ] as const)
    test(`nothing is exported and nothing of the SDK loaded while ${state}`, async (t) => {
      const receiver = await openOtlpReceiver()
      t.after(receiver.close)
      const sink = await openTestSink(t)
      await using folder = await workspace()
      const to = 'OTEL_SDK_DISABLED' in environment ? receiver.url : ''
      await using holdfast = await startHoldfast(
        folder.path,
        { endpoint: { url: sink.url } },
        {
          nodeOptions: ['--import', watchLoading],
          environment: { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: to },
        },
      )
      await sent(holdfast, { traceparent: traceparentOf(1) })
      await settledAccountOf(holdfast)
      assert.equal(await holdfast.kill('SIGTERM'), 0)
      assert.deepEqual(receiver.requests(), [])
      assert.deepEqual(
        holdfast.logged().filter(({ event }) => event === 'loaded'),
        [],
      )
      assert.match(
        String(sink.requests[0]?.headers['traceparent']),
        /^00-[\da-f]{32}-[\da-f]{16}-01$/,
      )
    })

  test('the hooks that look for the SDK do see it when it is loaded', async (t) => {
    const receiver = await openOtlpReceiver()
    t.after(receiver.close)
    await using folder = await workspace()
    await using holdfast = await startHoldfast(
      folder.path,
      {},
      { ...exportedTo(receiver.url), nodeOptions: ['--import', watchLoading] },
    )
    assert.ok(holdfast.logged().some(({ event }) => event === 'loaded'))
  })

  test('an exporter that would feed the pipeline with its own telemetry is refused', async () => {
    await using folder = await workspace()
    const file = join(folder.path, 'holdfast.yaml')
    for (const [listen, endpoint] of [
      ['127.0.0.1:4318', 'http://localhost:4318'],
      [':4318', 'http://127.0.0.1:4318/'],
      ['127.0.0.1:80', 'http://127.0.0.1'],
    ] as const) {
      const config = { data_dir: './data', sources: { otlp_http: { listen } } }
      await writeFile(file, JSON.stringify(config))
      const child = spawn(process.execPath, [cli, 'run', '--config', file], {
        env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let said = ''
      child.stderr.on('data', (chunk) => {
        said += chunk
      })
      const [status] = await once(child, 'close')
      assert.equal(status, 2, said)
      assert.match(said, /its own source on .*Export to a collector of its own/)
    }
  })
})
