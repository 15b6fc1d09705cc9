/**
 * A real OpenTelemetry Collector on both sides: it takes records from one Holdfast and hands them to
 * another, and takes what the first tells of itself.
 */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { settledAccountOf } from '../support/account.ts'
import { startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { freePort, isAbsent, startPeer } from '../support/peer.ts'
import { openTestSink } from '../support/route.ts'

const requests = 50
const recordsPerRequest = 20

/** JSON is YAML. */
const collectorConfig = (given: {
  readonly folder: string
  readonly recordsPort: number
  readonly telemetryPort: number
  readonly next: string
}): string =>
  JSON.stringify({
    receivers: {
      'otlp/records': {
        protocols: { http: { endpoint: `127.0.0.1:${given.recordsPort}`, include_metadata: true } },
      },
      'otlp/telemetry': { protocols: { http: { endpoint: `127.0.0.1:${given.telemetryPort}` } } },
    },
    exporters: {
      'otlp_http/next': {
        endpoint: given.next,
        sending_queue: { storage: 'file_storage' },
      },
      'file/telemetry': { path: join(given.folder, 'telemetry.jsonl') },
    },
    extensions: { file_storage: { directory: given.folder } },
    service: {
      extensions: ['file_storage'],
      telemetry: { metrics: { level: 'none' } },
      pipelines: {
        'logs/records': { receivers: ['otlp/records'], exporters: ['otlp_http/next'] },
        ...Object.fromEntries(
          ['traces', 'metrics', 'logs/telemetry'].map((pipeline) => [
            pipeline,
            { receivers: ['otlp/telemetry'], exporters: ['file/telemetry'] },
          ]),
        ),
      },
    },
  })

test('through a real collector: each record once, and the telemetry of the way there', {
  skip: isAbsent('otelcol'),
}, async (t) => {
  const [sink, first, second, between] = [
    await openTestSink(t),
    await workspace(),
    await workspace(),
    await workspace(),
  ]
  for (const folder of [first, second, between]) t.after(() => folder[Symbol.asyncDispose]())
  const [recordsPort, telemetryPort] = [await freePort(), await freePort()]
  await using last = await startHoldfast(second.path, { endpoint: { url: sink.url } })
  const file = join(between.path, 'collector.yaml')
  const options = { folder: between.path, recordsPort, telemetryPort, next: last.otlp }
  await writeFile(file, collectorConfig(options))
  await using collector = await startPeer('otelcol', {
    words: ['--config', file],
    answersAt: `http://127.0.0.1:${recordsPort}`,
  })
  await using holdfast = await startHoldfast(
    first.path,
    { endpoint: { url: `http://127.0.0.1:${recordsPort}` } },
    {
      nodeOptions: [],
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${telemetryPort}`,
        OTEL_TRACES_SAMPLER: 'always_on',
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        OTEL_METRIC_EXPORT_INTERVAL: '300',
      },
    },
  )
  const load = openLoad({
    streams: [{ tenant: 'default', service: 'shop' }],
    recordsPerRequest,
    recordBytes: 300,
  })
  t.after(load.close)
  await load.send({ to: () => holdfast.otlp, connections: 2, goOn: (sent) => sent < requests })
  const { totals } = await settledAccountOf(holdfast)
  assert.equal(totals.delivered, requests * recordsPerRequest)
  await until(
    async () => (await settledAccountOf(last)).totals,
    ({ delivered }) => delivered >= totals.delivered,
  )
  const arrived = new Set(
    sink.requests.flatMap(({ records }) => records).map((record) => record.toString('hex')),
  )
  assert.equal(arrived.size, totals.delivered, collector.said())

  const exported = () => readFile(join(between.path, 'telemetry.jsonl'), 'utf8')
  await until(exported, (seen) => seen.includes('"holdfast.records.pending"'))
  assert.equal(await holdfast.kill('SIGTERM'), 0)
  await collector.stop()
  const text = await exported()
  assert.match(text, /"stringValue":"holdfast"/)
  const told = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told)
  const spans = told
    .flatMap(({ resourceSpans = [] }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  const batches = spans.filter(({ name }) => name === 'holdfast.batch')
  const records = batches.reduce((sum, span) => sum + Number(attributeOf(span)), 0)
  assert.equal(records, totals.delivered)
  const metrics = new Set(
    told
      .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .map(({ name }) => name),
  )
  for (const name of [
    'messaging.client.sent.messages',
    'http.client.request.duration',
    'holdfast.delivery.duration',
    'holdfast.records.pending',
  ])
    assert.ok(metrics.has(name), name)
  assert.match(text, /"eventName":"holdfast\.endpoint\.assigned"/)
})

type Span = {
  readonly name: string
  readonly attributes: readonly {
    readonly key: string
    readonly value: { readonly intValue?: string }
  }[]
}
type Told = {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[]
  }[]
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[]
  }[]
}
const attributeOf = ({ attributes }: Span): string | undefined =>
  attributes.find(({ key }) => key === 'messaging.batch.message_count')?.value.intValue
