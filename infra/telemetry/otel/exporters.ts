/** The exporters of one protocol, loaded when they are wanted. */

import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Target } from './environment.ts'

/** Headers, certificates, compression and the timeout they read from the environment themselves. */
export const spanExporter = async ({ url, protocol }: Target): Promise<SpanExporter> => {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter({ url: url.href })
}

export const metricExporter = async ({ url, protocol }: Target): Promise<PushMetricExporter> => {
  const { OTLPMetricExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto')
  return new OTLPMetricExporter({ url: url.href })
}

export const logExporter = async ({ url, protocol }: Target): Promise<LogRecordExporter> => {
  const { OTLPLogExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-logs-otlp-http')
      : await import('@opentelemetry/exporter-logs-otlp-proto')
  return new OTLPLogExporter({ url: url.href })
}
