/** The SDK, set up by the settings: traces, metrics and events, each only where it has a target. */
import type { Attributes, Logger } from '@opentelemetry/api'
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import type { Queue, TelemetrySettings } from './environment.ts'
import { logExporter, metricExporter, spanExporter } from './exporters.ts'
import type { ReadingsProducer } from './metric-producer.ts'
import { scope } from './names.ts'
import { type Begin, openTracing } from './tracing.ts'

export type Providers = {
  /** Without a target it decides for none. */
  readonly begin: Begin
  readonly logger: Logger | undefined
  /** Exports what is left. Rejects when that fails. */
  readonly close: () => Promise<void>
}

export const openProviders = async (
  settings: TelemetrySettings,
  { version, readings }: { readonly version: string; readonly readings: ReadingsProducer },
): Promise<Providers> => {
  const { traces, metrics, logs } = settings.targets
  const resource = resourceOf({ 'service.name': 'holdfast', 'service.version': version })
  const tracing = openTracing({
    resource,
    version,
    sampling: traces === undefined ? 'off' : settings.sampling,
    processors:
      traces === undefined
        ? []
        : [
            new BatchSpanProcessor({
              exporter: await spanExporter(traces),
              ...queueOf(settings.spans),
            }),
          ],
  })
  const measuring =
    metrics === undefined
      ? undefined
      : new MeterProvider({
          resource,
          readers: [
            new PeriodicExportingMetricReader({
              exporter: await metricExporter(metrics),
              exportIntervalMillis: settings.metrics.intervalMs,
              exportTimeoutMillis: Math.min(
                settings.metrics.timeoutMs,
                settings.metrics.intervalMs,
              ),
              metricProducers: [readings],
            }),
          ],
        })
  const logging =
    logs === undefined
      ? undefined
      : new LoggerProvider({
          resource,
          processors: [
            new BatchLogRecordProcessor({
              exporter: await logExporter(logs),
              ...queueOf(settings.events),
            }),
          ],
        })
  return {
    begin: tracing.begin,
    logger: logging?.getLogger(scope, version),
    close: async () => {
      await Promise.all([tracing.close(), measuring?.shutdown(), logging?.shutdown()])
    },
  }
}

/** What the environment says of the resource overrules what is said here. */
const resourceOf = (attributes: Attributes): Resource =>
  defaultResource()
    .merge(detectResources({ detectors: [serviceInstanceIdDetector] }))
    .merge(resourceFromAttributes(attributes))
    .merge(detectResources({ detectors: [envDetector] }))

const queueOf = ({ lengthMax, exportMax, delayMs, timeoutMs }: Queue) => ({
  maxQueueSize: lengthMax,
  maxExportBatchSize: exportMax,
  scheduledDelayMillis: delayMs,
  exportTimeoutMillis: timeoutMs,
})
