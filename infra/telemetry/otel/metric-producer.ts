/**
 * The metrics page for OpenTelemetry: read when it is exported, so that it costs nothing meanwhile. Sums
 * are what this process counted: the account of a former life is taken off, as a reader that has seen
 * that life would add it twice.
 */
import { type HrTime, ValueType } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { Metric } from '../../../schemas/metrics.ts'
import type { HistogramReading } from '../histogram.ts'
import type { Sample } from '../meters.ts'
import type { Reading } from '../prometheus.ts'
import type { Durations } from './durations.ts'
import { metricName, unitOf } from './metric-names.ts'
import { scope } from './names.ts'

export type ReadingsProducer = MetricProducer & {
  readonly watch: (read: () => readonly Reading[]) => void
  /** From now on only what was counted is told: what has stopped has no state. */
  readonly stop: () => void
}

type Span = { readonly startTime: HrTime; readonly endTime: HrTime }

export const openReadingsProducer = (options: {
  readonly version: string
  readonly nowMs: () => number
  readonly durations: readonly Durations[]
}): ReadingsProducer => {
  const startTime = hrTime(options.nowMs())
  let read: (() => readonly Reading[]) | undefined
  let before = new Map<string, number>()
  let isStopped = false
  return {
    watch: (reading) => {
      before = sumsIn(reading())
      read = reading
    },
    stop: () => {
      isStopped = true
    },
    collect: async () => {
      const span = { startTime, endTime: hrTime(options.nowMs()) }
      const told = (read?.() ?? []).filter(({ metric }) => !isStopped || metric.kind !== 'gauge')
      const metrics = [
        ...told.flatMap((it) => dataOf(it, before, span) ?? []),
        ...options.durations.map((it) => durationData(it, span)),
      ].filter(({ dataPoints }) => dataPoints.length > 0)
      return {
        resourceMetrics: {
          resource: emptyResource(),
          scopeMetrics: [{ scope: { name: scope, version: options.version }, metrics }],
        },
        errors: [],
      }
    },
  }
}

const hrTime = (ms: number): HrTime => [
  Math.floor(ms / 1_000),
  Math.round((ms % 1_000) * 1_000_000),
]

const keyOf = ({ name }: Metric, { labels }: Sample): string => JSON.stringify([name, labels])

const sumsIn = (readings: readonly Reading[]): Map<string, number> =>
  new Map(
    readings.flatMap((it) =>
      'samples' in it && it.metric.kind === 'counter' && it.metric.from === 'view'
        ? it.samples.map((sample) => [keyOf(it.metric, sample), sample.value] as const)
        : [],
    ),
  )

const dataOf = (
  reading: Reading,
  before: ReadonlyMap<string, number>,
  span: Span,
): MetricData | undefined => {
  const { metric } = reading
  const name = metricName(metric)
  if (name === undefined) return undefined
  const descriptor = {
    name: name.name,
    description: metric.description,
    unit: unitOf(metric),
    valueType: ValueType.DOUBLE,
  }
  const aggregationTemporality = AggregationTemporality.CUMULATIVE
  if ('histogram' in reading) {
    const dataPoints = [{ ...span, attributes: {}, value: histogramValue(reading.histogram) }]
    return {
      descriptor,
      aggregationTemporality,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints,
    }
  }
  const dataPoints = reading.samples.map((sample) => ({
    ...span,
    attributes: name.attributesOf(sample.labels),
    value: Math.max(0, sample.value - (before.get(keyOf(metric, sample)) ?? 0)),
  }))
  if (metric.kind === 'counter')
    return {
      descriptor,
      aggregationTemporality,
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints,
    }
  return {
    descriptor,
    aggregationTemporality,
    dataPointType: DataPointType.GAUGE,
    dataPoints: reading.samples.map((sample) => ({
      ...span,
      attributes: name.attributesOf(sample.labels),
      value: sample.value,
    })),
  }
}

const durationData = ({ name, description, read }: Durations, span: Span): MetricData => ({
  descriptor: { name, description, unit: 's', valueType: ValueType.DOUBLE },
  aggregationTemporality: AggregationTemporality.CUMULATIVE,
  dataPointType: DataPointType.HISTOGRAM,
  dataPoints: read().map(({ attributes, histogram }) => ({
    ...span,
    attributes,
    value: histogramValue(histogram),
  })),
})

const histogramValue = ({ bounds, counts, sum, count }: HistogramReading) => ({
  buckets: { boundaries: [...bounds], counts: [...counts] },
  sum,
  count,
})
