import type { Metric } from '../../schemas/metrics.ts'
import type { HistogramReading } from './histogram.ts'
import type { Sample } from './meters.ts'

/**
 * The Prometheus text format, version 0.0.4.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

export type Reading =
  | { readonly metric: Metric; readonly samples: readonly Sample[] }
  | { readonly metric: Metric; readonly histogram: HistogramReading }

export const prometheusText = (readings: readonly Reading[]): string =>
  readings.map((reading) => `${head(reading.metric)}${body(reading)}`).join('')

const head = ({ name, description, kind }: Metric): string =>
  `# HELP ${name} ${description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n`

const body = (reading: Reading): string => {
  const { name } = reading.metric
  if ('samples' in reading)
    return reading.samples.map(({ labels, value }) => line({ name, labels, value })).join('')
  const { bounds, counts, sum, count } = reading.histogram
  let cumulated = 0
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
    cumulated += counts[index] ?? 0
    return line({ name: `${name}_bucket`, labels: { le: number(bound) }, value: cumulated })
  })
  return [
    ...buckets,
    line({ name: `${name}_sum`, labels: {}, value: sum }),
    line({ name: `${name}_count`, labels: {}, value: count }),
  ].join('')
}

const line = ({ name, labels, value }: Sample & { readonly name: string }): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${number(value)}\n`
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const number = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : String(value)
