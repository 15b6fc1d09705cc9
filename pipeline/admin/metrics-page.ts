import type { StreamAccount } from '../../infra/ledger/ledger.ts'
import type { Sample } from '../../infra/telemetry/meters.ts'
import { prometheusText, type Reading } from '../../infra/telemetry/prometheus.ts'
import { type Metric, type MetricId, metrics, type ViewId } from '../../schemas/metrics.ts'
import type { Observed } from '../observed.ts'
import { version } from '../version.ts'
import { openStreamNames, otherStreams, type StreamName, type StreamNames } from './stream-names.ts'

const tenantsMax = 100
const streamsMax = 1000

/** `GET /metrics`: every metric of the table, in its order. */
export const openMetricsPage = (): ((observed: Observed) => string) => {
  const readings = openReadings()
  return (observed) => prometheusText(readings(observed))
}

/** Every metric of the table, read now. Whoever reads them has one memory of names. */
export const openReadings = (): ((observed: Observed) => readonly Reading[]) => {
  const names = openStreamNames({ tenantsMax, streamsMax })
  return (observed) => {
    const views = viewsOf(observed, names)
    const { counters, histograms } = observed.counters()
    const samples: Readonly<Record<string, readonly Sample[]>> = { ...counters, ...views }
    const measured: Readonly<Record<string, (typeof histograms)[keyof typeof histograms]>> =
      histograms
    return (Object.keys(metrics) as MetricId[]).map((id): Reading => {
      const metric: Metric = metrics[id]
      const histogram = measured[id]
      return histogram === undefined
        ? { metric, samples: samples[id] ?? [] }
        : { metric, histogram }
    })
  }
}

type Views = Readonly<Record<ViewId, readonly Sample[]>>

const viewsOf = (observed: Observed, names: StreamNames): Views => {
  const totals = observed.ledger.totals()
  const streams = observed.ledger.streams()
  const cache = observed.cache()
  const endpoint = observed.endpoint()
  const ready = observed.health().ready.length === 0
  const notices = observed.notices.list().notices
  const pending = notices.filter(({ state }) => state !== 'dead')
  const cpu = process.cpuUsage()
  const hasAccount = observed.keepsAccount === 'here'
  return {
    recordsAccepted: perStream(streams, names, 'accepted'),
    recordsDelivered: perStream(streams, names, 'delivered'),
    recordsDropped: perStream(streams, names, 'dropped'),
    recordsRefused: hasAccount ? perTenant(observed, streams, names) : [],
    recordsPending: hasAccount ? one(totals.pending) : [],
    unaccountedRecords: hasAccount ? one(totals.unaccounted) : [],
    cacheBytes: one(cache.bytes),
    cacheCapacityBytes: one(cache.capacityBytes),
    cacheOldestAgeSeconds: one(cache.oldestAgeSeconds),
    endpointEpoch: one(endpoint.epoch ?? 0),
    endpointPending: one(endpoint.pending),
    noticesPending: one(pending.length),
    noticesDead: one(notices.length - pending.length),
    noticesOldestAgeSeconds: one(
      Math.max(0, ...pending.map(({ openedAtMs }) => (Date.now() - openedAtMs) / 1000)),
    ),
    ready: one(ready ? 1 : 0),
    buildInfo: [
      { labels: { version, node: process.version, producer: observed.producer }, value: 1 },
    ],
    processStartTime: one((Date.now() - process.uptime() * 1000) / 1000),
    processCpu: one((cpu.user + cpu.system) / 1e6),
    processMemory: one(process.memoryUsage.rss()),
  }
}

const one = (value: number): readonly Sample[] => [{ labels: {}, value }]

/** Summed over producers. The series for the rest is always there, so that none is ever missing. */
const perStream = (
  streams: readonly StreamAccount[],
  names: StreamNames,
  column: 'accepted' | 'delivered' | 'dropped',
): readonly Sample[] => {
  const rest = { tenant: otherStreams, service: otherStreams }
  const sums = new Map([[keyOf(rest), { labels: rest, value: 0 }]])
  for (const stream of streams) {
    const labels = names(stream)
    const key = keyOf(labels)
    const sum = sums.get(key)
    if (sum === undefined) sums.set(key, { labels, value: stream[column] })
    else sum.value += stream[column]
  }
  return [...sums.values()]
}

/** Two series with the same labels in one answer make scrapers drop what they say. */
const keyOf = ({ tenant, service }: StreamName): string => JSON.stringify([tenant, service])

/** The account knows refusals by tenant; those of tenants without a name here are the rest. */
const perTenant = (
  { ledger }: Observed,
  streams: readonly StreamAccount[],
  names: StreamNames,
): readonly Sample[] => {
  const tenants = new Set(streams.map((stream) => names(stream).tenant))
  tenants.delete(otherStreams)
  const named = [...tenants].map((tenant) => ({
    labels: { tenant },
    value: ledger.totals(tenant).refused,
  }))
  const sum = named.reduce((total, { value }) => total + value, 0)
  const rest = Math.max(0, ledger.totals().refused - sum)
  return [...named, { labels: { tenant: otherStreams }, value: rest }]
}
