/** What a run of the model is given: the actors' inputs, what clients send, and what may go wrong. */
import type { AnyStateMachine } from 'xstate'
import { cache } from '../../actors/cache/machine.ts'
import type { CacheInput } from '../../actors/cache/protocol.ts'
import { collector } from '../../actors/collector/machine.ts'
import type { CollectorInput, Part } from '../../actors/collector/protocol.ts'
import { delivery } from '../../actors/delivery/machine.ts'
import type { DeliveryInput, Verdict } from '../../actors/delivery/protocol.ts'
import { dispatcher } from '../../actors/dispatcher/machine.ts'
import type { DispatcherInput } from '../../actors/dispatcher/protocol.ts'
import { endpointManager } from '../../actors/endpoint-manager/machine.ts'
import type { EndpointManagerInput } from '../../actors/endpoint-manager/protocol.ts'
import { resumption } from '../../actors/endpoint-manager/resumption.ts'
import type { Actor } from '../../actors/kit/rank.ts'
import { instant } from '../../schemas/brand.ts'
import type { Priority } from '../../schemas/messages.ts'
import type { Left } from './outside.ts'

export type Scene = {
  readonly name: string
  /** Groups that clients send, in order; each part becomes a batch. */
  readonly groups: readonly (readonly Part[])[]
  readonly left: Partial<Left>
  /** Of endpoints, besides 200. */
  readonly refusals: readonly Verdict['kind'][]
  readonly failures: readonly Verdict['kind'][]
  /** Where an operator or a 307 may point to, besides the configured endpoint. */
  readonly urls: readonly string[]
  /** Batches of a file of the record log. */
  readonly fileBatchesMax: number
  /** Ways on which a message is there at once, as `sender>recipient`: it cannot cross with others. */
  readonly prompt: readonly string[]
  /** Messages that may come twice, or before others that were sent earlier; or never. */
  readonly restless: readonly string[]
  readonly collector: Partial<CollectorInput>
  readonly cache: Partial<CacheInput>
  readonly dispatcher: Partial<DispatcherInput>
  readonly delivery: Partial<DeliveryInput>
  readonly manager: Partial<EndpointManagerInput>
}

/** The parts of the system that a mutant replaces. */
export type System = {
  readonly machines: Readonly<Record<Actor, AnyStateMachine>>
  readonly resumption: typeof resumption
  /** What the ledger does with a batch that has ended before. */
  readonly secondEnd: 'left out' | 'counted'
  /** What an answer of the journal is taken for. */
  readonly journalAnswers: 'to their own write' | 'to the write that is out'
}

export const realSystem: System = {
  machines: { collector, cache, dispatcher, delivery, 'endpoint-manager': endpointManager },
  resumption,
  secondEnd: 'left out',
  journalAnswers: 'to their own write',
}

export const urls = {
  a: 'https://a.example.com',
  b: 'https://b.example.com',
  c: 'https://c.example.com',
} as const

export const part = (service = 'auth', records = 1, priority: Priority = 'normal'): Part => ({
  tenant: 'acme',
  service,
  records,
  bytes: 1_000,
  priority,
  fromMs: instant(0),
  toMs: instant(0),
  acceptedAtMs: instant(0),
})
/** Of a batch and its frame, as the cache counts it. */
export const batchBytes = 2_024

/**
 * Every wait is 100 ms and every lease three of them, so that few instants are told apart. The first
 * backoff is the last one: how often an endpoint failed in a row decides nothing more then.
 */
export const scene = (given: Partial<Scene> & Pick<Scene, 'name' | 'groups'>): Scene => ({
  left: {},
  refusals: ['rejected'],
  failures: ['failed'],
  urls: [urls.b],
  fileBatchesMax: 1,
  prompt: [],
  restless: [],
  collector: {},
  cache: {},
  dispatcher: {},
  delivery: {},
  manager: {},
  ...given,
})

export const inputsOf = ({ collector, cache, dispatcher, delivery, manager }: Scene) => {
  const startedAtMs = instant(0)
  return {
    collector: { appendTimeoutMs: 100, retryAfterMs: 100, startedAtMs, ...collector },
    cache: {
      capacityBytes: 8 * batchBytes,
      whenFull: 'overwrite_oldest' as const,
      leaseMs: 300,
      retryAfterMs: 100,
      readyMax: 8,
      ordering: dispatcher.ordering ?? ('none' as const),
      diskTimeoutMs: 100,
      startedAtMs,
      ...cache,
    },
    dispatcher: {
      dispatcher: 'edge',
      concurrency: 2,
      requestBatchesMax: 1,
      requestBytesMax: 10_000,
      leasedBytesMax: 50_000,
      backoff: { initialMs: 100, maxMs: 100 },
      ordering: 'none' as const,
      assignmentTimeoutMs: 1_000,
      startedAtMs,
      ...dispatcher,
    },
    delivery: {
      attemptTimeoutMs: 100,
      assignmentTimeoutMs: 100,
      recordTimeoutMs: 100,
      ageMsMax: 0,
      ...delivery,
    },
    manager: {
      url: urls.a,
      allow: ['*.example.com'],
      hopsMax: 2,
      commandsMax: 1,
      probationFailuresMax: 2,
      journalTimeoutMs: 100,
      historyMax: 1,
      hopTtlMs,
      startedAtMs,
      ...manager,
    },
  }
}
export const hopTtlMs = 100
