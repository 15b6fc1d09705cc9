/** How the account moves: rates over the last seconds, and their course. */
import type { StreamAccount } from '../../infra/ledger/ledger.ts'
import type { Sample } from './sample.ts'

export type Trend = {
  readonly accepted: Course
  readonly delivered: Course
  readonly dropped: Course
  readonly refused: Course
  /** Records that were pending, newest last. */
  readonly pending: readonly number[]
  readonly streams: readonly StreamRow[]
}
export type Course = {
  readonly perSecond: number
  /** Of each time between two samples, newest last. */
  readonly rates: readonly number[]
}
/** A stream, over all producers: the lives of one process are one stream to whoever looks on. */
export type StreamRow = Omit<StreamAccount, 'producer'> & {
  readonly acceptedPerSecond: number
  readonly deliveredPerSecond: number
}

/** A rate is the mean over so long, so that it can be read. */
const meanMs = 3_000
const samplesMax = 240
/** Samples whose streams are remembered: there may be ten thousand of them in each. */
const streamSamplesMax = 4

type Counted = 'accepted' | 'delivered' | 'dropped' | 'refused'
const counted: readonly Counted[] = ['accepted', 'delivered', 'dropped', 'refused']
type Point = { readonly atMs: number; readonly totals: Sample['totals'] }
type StreamPoint = { readonly atMs: number; readonly rows: ReadonlyMap<string, Sums> }
type Sums = Omit<StreamAccount, 'producer'>

export const openTrend = (): ((sample: Sample) => Trend) => {
  let points: readonly Point[] = []
  let streamPoints: readonly StreamPoint[] = []
  return ({ atMs, totals, streams }) => {
    const last = points.at(-1)
    // Another process may be there now, or another data directory: its counts are no progress.
    if (last !== undefined && counted.some((name) => totals[name] < last.totals[name])) {
      points = []
      streamPoints = []
    }
    points = [...points, { atMs, totals }].slice(-samplesMax)
    const rows = merged(streams)
    streamPoints = [...streamPoints, { atMs, rows }].slice(-streamSamplesMax)
    const course = (name: Counted): Course => ({
      perSecond: rateOver(points, (point) => point.totals[name]),
      rates: points
        .slice(1)
        .map((point, index) => rateBetween(points[index] ?? point, point, name)),
    })
    return {
      accepted: course('accepted'),
      delivered: course('delivered'),
      dropped: course('dropped'),
      refused: course('refused'),
      pending: points.map((point) => point.totals.pending),
      streams: [...rows].map(([key, row]) => ({
        ...row,
        acceptedPerSecond: rateOver(streamPoints, (point) => point.rows.get(key)?.accepted ?? 0),
        deliveredPerSecond: rateOver(streamPoints, (point) => point.rows.get(key)?.delivered ?? 0),
      })),
    }
  }
}

const rateBetween = (from: Point, to: Point, name: Counted): number =>
  perSecond(to.totals[name] - from.totals[name], to.atMs - from.atMs)

const rateOver = <Timed extends { readonly atMs: number }>(
  points: readonly Timed[],
  count: (point: Timed) => number,
): number => {
  const last = points.at(-1)
  if (last === undefined) return 0
  const from = points.findLast(({ atMs }) => last.atMs - atMs >= meanMs) ?? points[0] ?? last
  return perSecond(count(last) - count(from), last.atMs - from.atMs)
}

const perSecond = (count: number, ms: number): number =>
  ms <= 0 ? 0 : Math.max(0, (count * 1_000) / ms)

const merged = (streams: readonly StreamAccount[]): ReadonlyMap<string, Sums> => {
  const rows = new Map<string, Sums>()
  for (const { producer: _, ...stream } of streams) {
    const key = JSON.stringify([stream.tenant, stream.service])
    const sum = rows.get(key)
    rows.set(
      key,
      sum === undefined
        ? stream
        : {
            tenant: stream.tenant,
            service: stream.service,
            accepted: sum.accepted + stream.accepted,
            delivered: sum.delivered + stream.delivered,
            dropped: sum.dropped + stream.dropped,
            pending: sum.pending + stream.pending,
            unaccounted: sum.unaccounted + stream.unaccounted,
          },
    )
  }
  return rows
}
