import {
  type CounterId,
  type HistogramId,
  type Labels,
  type Metric,
  type MetricId,
  metrics,
} from '../../schemas/metrics.ts'
import { type HistogramReading, histogram } from './histogram.ts'

/** What the process counts and measures as it happens, by the table in `schemas/metrics.ts`. */
export type Meters = {
  /** Adds `by`, 1 unless told, to a counter. */
  readonly count: <Id extends CounterId>(id: Id, labels: Labels<Id>, by?: number) => void
  readonly observe: (id: HistogramId, seconds: number) => void
  readonly read: () => MeterReadings
}
export type MeterReadings = {
  readonly counters: Readonly<Record<CounterId, readonly Sample[]>>
  readonly histograms: Readonly<Record<HistogramId, HistogramReading>>
}
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** Series of one counter at most; what is beyond is counted with every label as `_other`. */
const seriesMax = 200
const other = '_other'

export const openMeters = (): Meters => {
  const counters = new Map(idsOf('counter').map((id) => [id, openSeries(metrics[id])]))
  const histograms = new Map(
    idsOf('histogram').map((id) => [id, histogram((metrics[id] as Metric).buckets ?? [])]),
  )
  return {
    count: (id, labels, by = 1) => counters.get(id)?.add(labels, by),
    observe: (id, seconds) => histograms.get(id)?.observe(seconds),
    read: () => ({
      counters: Object.fromEntries(
        [...counters].map(([id, series]) => [id, series.read()]),
      ) as MeterReadings['counters'],
      histograms: Object.fromEntries(
        [...histograms].map(([id, measured]) => [id, measured.read()]),
      ) as MeterReadings['histograms'],
    }),
  }
}

type IdOf = { readonly counter: CounterId; readonly histogram: HistogramId }
const idsOf = <Kind extends keyof IdOf>(kind: Kind): readonly IdOf[Kind][] =>
  (Object.keys(metrics) as MetricId[]).filter(
    (id) => metrics[id].kind === kind && metrics[id].from === 'meters',
  ) as IdOf[Kind][]

const openSeries = (metric: Metric) => {
  const series = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>()
  const at = (labels: Readonly<Record<string, string>>) => {
    const key = metric.labels.map((label) => labels[label]).join('\u0000')
    const found = series.get(key)
    if (found !== undefined) return found
    const made = { labels, value: 0 }
    series.set(key, made)
    return made
  }
  const [label] = metric.labels
  if (label === undefined) at({})
  else for (const value of metric.values ?? []) at({ [label]: value })
  const rest = Object.fromEntries(metric.labels.map((name) => [name, other]))
  return {
    add: (labels: Readonly<Record<string, string>>, by: number) => {
      const room = series.size < seriesMax
      const key = metric.labels.map((name) => labels[name]).join('\u0000')
      const target = room || series.has(key) ? at(labels) : at(rest)
      target.value += by
    },
    read: (): readonly Sample[] =>
      [...series.values()].map(({ labels, value }) => ({ labels, value })),
  }
}
