/**
 * What each metric of the page is called in OpenTelemetry: by the semantic conventions where they have
 * one for it, and else as on the page, with dots and without the unit, which is a field of its own.
 */
import { type Metric, metrics } from '../../../schemas/metrics.ts'
import { attributes } from './names.ts'

type Attributes = Readonly<Record<string, string>>
export type MetricName = {
  readonly name: string
  readonly attributesOf: (labels: Attributes) => Attributes
}

const messaging = { 'messaging.system': 'holdfast' } as const

/** @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/ */
const conventional: Readonly<
  Record<string, { readonly name: string; readonly more?: Attributes }>
> = {
  [metrics.recordsAccepted.name]: {
    name: 'messaging.client.consumed.messages',
    more: { ...messaging, 'messaging.operation.name': 'receive' },
  },
  [metrics.recordsDelivered.name]: {
    name: 'messaging.client.sent.messages',
    more: { ...messaging, 'messaging.operation.name': 'send' },
  },
  [metrics.cacheBytes.name]: { name: 'holdfast.cache.size' },
  [metrics.processCpu.name]: { name: 'process.cpu.time' },
  [metrics.processMemory.name]: { name: 'process.memory.usage' },
}

/** Said by the resource, or measured with more detail by instruments of their own. */
const elsewhere: ReadonlySet<string> = new Set([
  metrics.buildInfo.name,
  metrics.processStartTime.name,
  metrics.acceptDuration.name,
  metrics.attemptDuration.name,
])

/** `undefined`: it is not exported, as something else says the same. */
export const metricName = (metric: Metric): MetricName | undefined => {
  if (elsewhere.has(metric.name)) return undefined
  const { name, more = {} } = conventional[metric.name] ?? { name: dotted(metric) }
  return {
    name,
    attributesOf: (labels) => ({
      ...more,
      ...Object.fromEntries(
        Object.entries(labels).map(([label, value]) => [named[label] ?? label, value]),
      ),
    }),
  }
}

const named: Readonly<Record<string, string>> = {
  tenant: attributes.tenant,
  service: attributes.service,
  outcome: attributes.attemptOutcome,
  reason: 'holdfast.reason',
  source: 'holdfast.source',
  status: 'http.response.status_code',
}

const dotted = ({ name }: Metric): string =>
  name
    .replace(/_total$/, '')
    .replace(/_(seconds|bytes)$/, '')
    .replaceAll('_', '.')

const units: Readonly<Record<Metric['unit'], string>> = {
  records: '{record}',
  bytes: 'By',
  seconds: 's',
  epoch: '{epoch}',
  events: '{event}',
  info: '1',
}
/** In UCUM. */
export const unitOf = ({ unit }: Metric): string => units[unit]
