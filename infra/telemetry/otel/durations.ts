/**
 * A histogram of seconds for each combination of attributes that is seen, read when it is exported. An
 * instrument of the SDK sorts and writes out the attributes at each value; this looks up a key.
 */
import type { Attributes } from '@opentelemetry/api'
import { type Histogram, type HistogramReading, histogram } from '../histogram.ts'

export type Durations = {
  readonly name: string
  readonly description: string
  /** The attributes are asked for once for each key. */
  readonly observe: (
    seconds: number,
    series: { readonly key: string | number; readonly attributes: () => Attributes },
  ) => void
  readonly read: () => readonly DurationReading[]
}
export type DurationReading = {
  readonly attributes: Attributes
  readonly histogram: HistogramReading
}

/** As the semantic conventions for HTTP advise. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** What is beyond is told together, as the SDK does. */
export const seriesMax = 200
const overflow = { 'otel.metric.overflow': true }

export const openDurations = (told: {
  readonly name: string
  readonly description: string
}): Durations => {
  const series = new Map<
    string | number,
    { readonly attributes: Attributes; readonly measured: Histogram }
  >()
  const rest = { attributes: overflow, measured: histogram(bounds) }
  return {
    ...told,
    observe: (seconds, { key, attributes }) => {
      let into = series.get(key)
      if (into === undefined) {
        const hasRoom = series.size < seriesMax
        into = hasRoom ? { attributes: attributes(), measured: histogram(bounds) } : rest
        if (hasRoom) series.set(key, into)
      }
      into.measured.observe(seconds)
    },
    read: () =>
      [...series.values(), rest]
        .map(({ attributes, measured }) => ({ attributes, histogram: measured.read() }))
        .filter(({ histogram: { count } }) => count > 0),
  }
}
