import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
} from '@opentelemetry/sdk-logs'
import { decodeRequest, flatten } from '../otlp/oracle.ts'
import { openSource } from './source.ts'

const exporters = { protobuf: ProtobufExporter, json: JsonExporter } as const
const compressions = ['none', 'gzip'] as const

const exportTwice = async (exporter: LogRecordExporter, context: TestContext) => {
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'checkout', 'tenant.id': 'acme' }),
    processors: [new BatchLogRecordProcessor({ exporter })],
  })
  context.after(() => provider.shutdown())
  const logger = provider.getLogger('cart', '1.2')
  for (const orders of [[1, 2, 3], [4]]) {
    for (const order of orders)
      logger.emit({
        timestamp: new Date(1_700_000_000_000 + order),
        severityNumber: 9,
        severityText: 'INFO',
        body: { text: 'ordered', order, of: ['a', 2.5, true, null] },
        attributes: { 'user.id': `u${order}` },
        eventName: 'order',
      })
    await provider.forceFlush()
  }
}

for (const [encoding, Exporter] of Object.entries(exporters))
  for (const compression of compressions)
    test(`the OpenTelemetry SDK delivers by ${encoding}, compression ${compression}`, async (context) => {
      const { url, kept, statuses } = await openSource(context)
      const options = { url, compression } as ConstructorParameters<typeof ProtobufExporter>[0]
      await exportTwice(new Exporter(options), context)
      assert.deepEqual(statuses, [200, 200])
      assert.ok(kept.every(({ tenant, service }) => `${tenant}/${service}` === 'acme/checkout'))
      const records = flatten(decodeRequest(Buffer.concat(kept.map(({ payload }) => payload))))
      assert.deepEqual(
        records.map(({ record, scope }) => [
          record.timeUnixNano,
          record.severityNumber,
          record.attributes?.[0]?.value?.stringValue,
          record.body?.kvlistValue?.values[1]?.value?.intValue,
          record.body?.kvlistValue?.values[2]?.value?.arrayValue?.values.length,
          record.eventName,
          scope.scope?.name,
        ]),
        [1, 2, 3, 4].map((order) => [
          `170000000000${order}000000`,
          9,
          `u${order}`,
          String(order),
          4,
          'order',
          'cart',
        ]),
      )
    })
