/**
 * What the OpenTelemetry SDK exports goes through a whole pipeline. Protobuf arrives byte for byte; JSON
 * arrives as the protobuf that says the same.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
} from '@opentelemetry/sdk-logs'
import { settledAccountOf } from '../support/account.ts'
import { startHoldfast, workspace } from '../support/holdfast-process.ts'
import { openTestSink } from '../support/route.ts'
import type { Sink } from '../support/sink.ts'
import { decode } from '../unit/infra/otlp/oracle.ts'

const exporters = { protobuf: ProtobufExporter, json: JsonExporter } as const
const compressions = ['none', 'gzip'] as const
const recordCount = 250

const exporterOf = (
  kind: keyof typeof exporters,
  { url, compression }: { readonly url: string; readonly compression: string },
): LogRecordExporter => {
  const options = { url: `${url}/v1/logs`, compression } as ConstructorParameters<
    typeof ProtobufExporter
  >[0]
  return new exporters[kind](options)
}

/** Emits records of many shapes; each exporter gets every one of them. */
const emit = async (service: string, sending: readonly LogRecordExporter[]): Promise<void> => {
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'tenant.id': 'acme', pid: 7 }),
    processors: sending.map(
      (exporter) => new BatchLogRecordProcessor({ exporter, maxExportBatchSize: 100 }),
    ),
  })
  const loggers = ['cart', 'payment'].map((name) => provider.getLogger(name, '1.2'))
  for (let order = 0; order < recordCount; order += 1) {
    loggers[order % 2]?.emit({
      timestamp: new Date(1_700_000_000_000 + order),
      severityNumber: 9 + (order % 8),
      severityText: order % 3 === 0 ? 'INFO' : 'Überraschung 🜂',
      body: order % 5 === 0 ? `ordered ${order}` : { order, of: ['a', 2.5, true, null, -order] },
      attributes: {
        'user.id': `u${order}`,
        ratio: order / 7,
        raw: new Uint8Array([0, 255, order % 256]),
      },
      ...(order % 4 === 0 ? { eventName: 'order' } : {}),
    })
  }
  await provider.forceFlush()
  await provider.shutdown()
}

const recordsAt = ({ requests }: Sink): readonly Buffer[] =>
  requests.flatMap(({ records }) => records)

/** A default that is written out says no more than one that is left out. */
const meaningOf = (record: Buffer): string => {
  const { droppedAttributesCount = 0, ...rest } = decode('LogRecord', record)
  return JSON.stringify({ ...rest, droppedAttributesCount }, inOrder)
}
const inOrder = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

const comparison = {
  protobuf: { word: 'byte for byte', of: (record: Buffer) => record.toString('hex') },
  json: { word: 'in every field', of: meaningOf },
} as const

for (const compression of compressions)
  test(`what the SDK exports arrives, compression ${compression}`, async (t) => {
    const sink = await openTestSink(t)
    await using folder = await workspace()
    await using holdfast = await startHoldfast(folder.path, {
      endpoint: { url: sink.url, compression },
    })
    for (const kind of ['protobuf', 'json'] as const)
      await t.test(`by ${kind}: ${comparison[kind].word}`, async (its) => {
        // The SDK itself says what has to arrive: a second exporter sends protobuf past Holdfast.
        const direct = await openTestSink(its)
        const before = recordsAt(sink).length
        await emit(`by-${kind}`, [
          exporterOf(kind, { url: holdfast.otlp, compression }),
          exporterOf('protobuf', { url: direct.url, compression: 'none' }),
        ])
        const { streams } = await settledAccountOf(holdfast)
        const account = streams.find(({ service }) => service === `by-${kind}`)
        assert.deepEqual([account?.tenant, account?.delivered], ['acme', recordCount])
        const { of } = comparison[kind]
        const [arrived, sent] = [recordsAt(sink).slice(before).map(of), recordsAt(direct).map(of)]
        assert.equal(new Set(sent).size, recordCount)
        assert.equal(arrived.length, recordCount)
        for (const record of sent) assert.ok(arrived.includes(record), record)
      })
    for (const { tenant, headers } of sink.requests) {
      assert.equal(tenant, 'acme')
      assert.equal(headers['content-encoding'], compression === 'gzip' ? 'gzip' : undefined)
    }
  })
