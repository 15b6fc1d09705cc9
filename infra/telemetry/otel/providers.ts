/** The SDK, set up by the settings: a tracer, a meter and a logger, each only where it has a target. */
import {
  type Attributes,
  createNoopMeter,
  type Logger,
  type Meter,
  type Tracer,
} from '@opentelemetry/api'
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
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Queue, Sampling, TelemetrySettings } from './environment.ts'
import { logExporter, metricExporter, spanExporter } from './exporters.ts'
import type { ReadingsProducer } from './metric-producer.ts'
import { scope } from './names.ts'

export type Providers = {
  /** Without a target it makes spans that nobody records. */
  readonly tracer: Tracer
  readonly logger: Logger | undefined
  readonly meter: Meter
  /** Exports what is left. Rejects when that fails. */
  readonly close: () => Promise<void>
}

export const openProviders = async (
  settings: TelemetrySettings,
  { version, readings }: { readonly version: string; readonly readings: ReadingsProducer },
): Promise<Providers> => {
  const { traces, metrics, logs } = settings.targets
  const resource = resourceOf({ 'service.name': 'holdfast', 'service.version': version })
  const tracing = new TracerProvider({
    resource,
    // A batch that is tried again for hours keeps the newest of its attempts.
    spanLimits: { eventCountLimit: eventsMax, attributeValueLengthLimit: charsMax },
    sampler: traces === undefined ? new AlwaysOffSampler() : samplerOf(settings.sampling),
    spanProcessors:
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
    tracer: tracing.getTracer(scope, version),
    logger: logging?.getLogger(scope, version),
    meter: measuring?.getMeter(scope, version) ?? createNoopMeter(),
    close: async () => {
      await Promise.all([tracing.shutdown(), measuring?.shutdown(), logging?.shutdown()])
    },
  }
}

/** Of one span. With as many spans open as may be, 50 MB at the worst. */
const eventsMax = 32
const charsMax = 512

/** What the environment says of the resource overrules what is said here. */
const resourceOf = (attributes: Attributes): Resource =>
  defaultResource()
    .merge(detectResources({ detectors: [serviceInstanceIdDetector] }))
    .merge(resourceFromAttributes(attributes))
    .merge(detectResources({ detectors: [envDetector] }))

const samplerOf = ({ parentBased, ratio }: Sampling): Sampler => {
  const root = new TraceIdRatioBasedSampler(ratio)
  return parentBased === 'parentBased' ? new ParentBasedSampler({ root }) : root
}

const queueOf = ({ lengthMax, exportMax, delayMs, timeoutMs }: Queue) => ({
  maxQueueSize: lengthMax,
  maxExportBatchSize: exportMax,
  scheduledDelayMillis: delayMs,
  exportTimeoutMillis: timeoutMs,
})
