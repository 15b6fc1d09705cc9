/** What the configuration means to each actor. Bounds that nobody should have to set are set here. */
import type { CacheInput } from '../actors/cache/protocol.ts'
import type { CollectorInput } from '../actors/collector/protocol.ts'
import type { DeliveryInput } from '../actors/delivery/protocol.ts'
import type { Start } from '../actors/dispatcher/books.ts'
import type { DispatcherInput } from '../actors/dispatcher/protocol.ts'
import type { EndpointManagerInput } from '../actors/endpoint-manager/protocol.ts'
import type { InstantMs } from '../schemas/brand.ts'
import type { Config } from './config/config.ts'

const retryAfterMs = 1_000
const appendTimeoutMs = 10_000
const diskTimeoutMs = 10_000
const recordTimeoutMs = 30_000
const assignmentTimeoutMs = 5_000
const mebibyte = 1024 * 1024

/** A lease outlives an attempt, a redirect, another attempt, and the recording of its end. */
const leaseMs = ({ dispatch }: Config): number =>
  3 * dispatch.attemptTimeoutMs + 2 * assignmentTimeoutMs + recordTimeoutMs

/** Sixteen segments at least, so that eviction takes away a small part of what is held. */
export const segmentBytes = ({ cache, batch }: Config): number =>
  Math.max(batch.bytesMax / 4, Math.min(64 * mebibyte, Math.floor(cache.capacityBytes / 16)))

/** A quarter of the cache at most is in flight, so that there is always something to evict. */
const leasedBytesMax = ({ cache, dispatch }: Config): number =>
  Math.min(cache.capacityBytes / 4, dispatch.concurrency * requestBytesMax)
const requestBytesMax = 2 * mebibyte

export const collectorInput = (
  _: Config,
  given: { readonly producer: string; readonly startedAtMs: InstantMs },
): CollectorInput => ({ ...given, appendTimeoutMs, retryAfterMs })

export const cacheInput = (config: Config, startedAtMs: InstantMs): CacheInput => ({
  capacityBytes: config.cache.capacityBytes,
  whenFull: config.cache.whenFull,
  leaseMs: leaseMs(config),
  retryAfterMs,
  readyMax: 512,
  ordering: config.dispatch.ordering,
  diskTimeoutMs,
  startedAtMs,
})

export const dispatcherInput = (
  config: Config,
  given: { readonly dispatcher: string; readonly startedAtMs: InstantMs },
): DispatcherInput => ({
  ...given,
  concurrency: config.dispatch.concurrency,
  requestBatchesMax: 64,
  requestBytesMax,
  leasedBytesMax: leasedBytesMax(config),
  backoff: config.dispatch.backoff,
  ordering: config.dispatch.ordering,
  assignmentTimeoutMs,
})

export const deliveryInput = (config: Config, start: Start): DeliveryInput => ({
  sendId: start.sendId,
  held: start.held,
  assignment: start.assignment,
  leaseUntilMs: start.leaseUntilMs,
  startedAtMs: start.nowMs,
  provenEpoch: start.provenEpoch,
  attemptTimeoutMs: config.dispatch.attemptTimeoutMs,
  assignmentTimeoutMs,
  recordTimeoutMs,
  ageMsMax: config.dispatch.ageMsMax,
})

export const endpointManagerInput = (
  { endpoint }: Config,
  startedAtMs: InstantMs,
): EndpointManagerInput => ({
  url: endpoint.url,
  allow: endpoint.redirects.allow.map(({ host }) => host),
  hopsMax: endpoint.redirects.hopsMax,
  commandsMax: 64,
  probationFailuresMax: 3,
  journalTimeoutMs: 10_000,
  historyMax: 100,
  hopTtlMs: 60_000,
  startedAtMs,
})
