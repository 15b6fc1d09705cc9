import type { DropReason, RefusalReason } from './messages.ts'
import { noticeMetrics } from './notice-metrics.ts'

/**
 * Every metric of the metrics page, declared once. `from` says where the number is read: counted by
 * the process as things happen (`meters`), or asked of the pipeline when the page is (`view`).
 */
export type Metric = {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly unit: 'records' | 'bytes' | 'seconds' | 'epoch' | 'events' | 'info'
  readonly from: 'meters' | 'view'
  readonly labels: readonly string[]
  /** The values of a single label, where they are a closed set: each is shown from the start, as 0. */
  readonly values?: readonly string[]
  /** Upper bounds of a histogram's buckets, rising, in the metric's unit. `+Inf` is implied. */
  readonly buckets?: readonly number[]
  readonly description: string
}

/** Keys of a record over a union: a member that is missing does not compile. */
const all = <Name extends string>(members: Readonly<Record<Name, true>>): readonly Name[] =>
  Object.keys(members) as Name[]

export const refusalReasons = all<RefusalReason>({
  cache_full: true,
  overdue: true,
  disk_full: true,
  storage_failed: true,
  draining: true,
})
export const dropReasons = all<DropReason>({
  cache_overwritten: true,
  cache_corrupt: true,
  rejected_by_endpoint: true,
  partially_rejected: true,
  expired: true,
  filtered: true,
  source_overrun: true,
  operator_purged: true,
})
/** How an attempt may end: the kinds of a verdict. */
export const attemptOutcomes = [
  'accepted',
  'partial',
  'redirected',
  'tooLarge',
  'throttled',
  'failed',
  'unreachable',
  'rejected',
  'unreadable',
] as const

const latencySeconds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]
const ageSeconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400]

const shown = { kind: 'gauge', from: 'view', labels: [] } as const
const counted = { kind: 'counter', unit: 'events', from: 'meters', labels: [] } as const
const streamCount = {
  kind: 'counter',
  unit: 'records',
  from: 'view',
  labels: ['tenant', 'service'],
} as const
const timed = {
  kind: 'histogram',
  unit: 'seconds',
  from: 'meters',
  labels: [],
  buckets: latencySeconds,
} as const

export const metrics = {
  recordsAccepted: {
    name: 'holdfast_records_accepted_total',
    ...streamCount,
    description: 'Records taken into the account: on stable storage before the client was told so.',
  },
  recordsDelivered: {
    name: 'holdfast_records_delivered_total',
    ...streamCount,
    description: 'Records that an endpoint has acknowledged.',
  },
  recordsDropped: {
    name: 'holdfast_records_dropped_total',
    ...streamCount,
    description: 'Records that are gone, each covered by a drop event.',
  },
  recordsRefused: {
    name: 'holdfast_records_refused_total',
    ...streamCount,
    labels: ['tenant'],
    description: 'Records that a client was told to keep. No loss: the client still holds them.',
  },
  recordsPending: {
    name: 'holdfast_records_pending',
    ...shown,
    unit: 'records',
    description: 'Records held: accepted, and neither delivered nor dropped yet.',
  },
  unaccountedRecords: {
    name: 'holdfast_unaccounted_records',
    ...shown,
    unit: 'records',
    description: 'Accepted less delivered, dropped and pending. Anything but 0 is a fault.',
  },
  cacheBytes: {
    name: 'holdfast_cache_bytes',
    ...shown,
    unit: 'bytes',
    description: 'Size of the record log on disk.',
  },
  cacheCapacityBytes: {
    name: 'holdfast_cache_capacity_bytes',
    ...shown,
    unit: 'bytes',
    description: 'Size that the record log may grow to.',
  },
  cacheOldestAgeSeconds: {
    name: 'holdfast_cache_oldest_age_seconds',
    ...shown,
    unit: 'seconds',
    description: 'Age of the oldest record held; 0 when none is.',
  },
  endpointEpoch: {
    name: 'holdfast_endpoint_epoch',
    ...shown,
    unit: 'epoch',
    description: 'Epoch of the newest assignment; 0 before the first.',
  },
  endpointPending: {
    name: 'holdfast_endpoint_superseded_attempts',
    ...shown,
    unit: 'events',
    description: 'Attempts still out under an epoch that has been superseded.',
  },
  ready: {
    name: 'holdfast_ready',
    ...shown,
    unit: 'info',
    description: '1 while the pipeline takes records, 0 otherwise; /readyz has the reasons.',
  },
  buildInfo: {
    name: 'holdfast_build_info',
    kind: 'gauge',
    unit: 'info',
    from: 'view',
    labels: ['version', 'node', 'producer'],
    description: 'Always 1.',
  },
  redirects: {
    name: 'holdfast_redirects_total',
    ...counted,
    description: 'Changes of the endpoint, by an operator, a redirect or a rollback.',
  },
  redirectsRefused: {
    name: 'holdfast_redirects_refused_total',
    ...counted,
    description: 'Redirects of an endpoint that were not followed.',
  },
  stalls: {
    name: 'holdfast_stalls_total',
    ...counted,
    description: 'Times that an actor had work and made no progress.',
  },
  refusals: {
    name: 'holdfast_refusals_total',
    ...counted,
    labels: ['reason'],
    values: refusalReasons,
    description: 'Requests that a client was told to send again.',
  },
  drops: {
    name: 'holdfast_dropped_records_by_reason_total',
    ...counted,
    unit: 'records',
    labels: ['reason'],
    values: dropReasons,
    description:
      'Records dropped by this process since it started, by the reason of the drop event.',
  },
  attempts: {
    name: 'holdfast_attempts_total',
    ...counted,
    labels: ['outcome'],
    values: attemptOutcomes,
    description: 'Requests to an endpoint that have ended.',
  },
  ...noticeMetrics,
  answers: {
    name: 'holdfast_source_answers_total',
    ...counted,
    labels: ['source', 'status'],
    description: 'Answers to clients, by source and HTTP status.',
  },
  orphans: {
    name: 'holdfast_kafka_orphans_total',
    ...counted,
    description:
      'Messages in the topic records that no collector has announced: their clients were not told that they are kept.',
  },
  deadLetters: {
    name: 'holdfast_dead_letters_total',
    ...counted,
    description: 'Messages to an actor that no longer was there to take them.',
  },
  lettersDied: {
    name: 'holdfast_unreadable_messages_total',
    ...counted,
    labels: ['topic'],
    description: 'Messages of a topic that could not be read: they are in dead-letters.',
  },
  faults: {
    name: 'holdfast_faults_total',
    ...counted,
    description: 'Things that can never happen and did. Each is an error in the log.',
  },
  inspectionSkipped: {
    name: 'holdfast_inspection_skipped_total',
    ...counted,
    description: 'Events of the actors that were not shown to an inspector, which saw a sample.',
  },
  acceptDuration: {
    name: 'holdfast_accept_duration_seconds',
    ...timed,
    description:
      "From the head of a client's request to its answer, its body and the disk included.",
  },
  appendDuration: {
    name: 'holdfast_append_duration_seconds',
    ...timed,
    description: 'From an append to the record log until it was on stable storage.',
  },
  attemptDuration: {
    name: 'holdfast_attempt_duration_seconds',
    ...timed,
    description: 'From the start of a request to an endpoint to its end, good or bad.',
  },
  deliveryDuration: {
    name: 'holdfast_delivery_duration_seconds',
    ...timed,
    buckets: ageSeconds,
    description: 'Age of a batch, since it was accepted, when its delivery was settled.',
  },
  processStartTime: {
    name: 'process_start_time_seconds',
    ...shown,
    unit: 'seconds',
    description: 'When the process started, in seconds since the Unix epoch.',
  },
  processCpu: {
    name: 'process_cpu_seconds_total',
    kind: 'counter',
    unit: 'seconds',
    from: 'view',
    labels: [],
    description: 'User and system CPU time spent.',
  },
  processMemory: {
    name: 'process_resident_memory_bytes',
    ...shown,
    unit: 'bytes',
    description: 'Resident memory.',
  },
} as const satisfies Readonly<Record<string, Metric>>

type Metrics = typeof metrics
export type MetricId = keyof Metrics
type Ids<Shape> = {
  [Id in MetricId]: Metrics[Id] extends Shape ? Id : never
}[MetricId]
/** What the process counts as it happens. */
export type CounterId = Ids<{ readonly kind: 'counter'; readonly from: 'meters' }>
/** What the process measures as it happens. */
export type HistogramId = Ids<{ readonly kind: 'histogram'; readonly from: 'meters' }>
/** What is asked of the pipeline when the page is. */
export type ViewId = Ids<{ readonly from: 'view' }>

/** Exactly the labels of a metric. */
export type Labels<Id extends MetricId> = {
  readonly [Label in Metrics[Id]['labels'][number]]: string
}
