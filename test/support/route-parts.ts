/** Made-up parts of a route, from a batch that is held to what the actors on its way are given. */
import type { DeliveryInput } from '../../actors/delivery/protocol.ts'
import type { DispatcherInput } from '../../actors/dispatcher/protocol.ts'
import type { EndpointManagerInput } from '../../actors/endpoint-manager/protocol.ts'
import { batchId, epoch, instant, seq } from '../../schemas/brand.ts'
import type { Assignment, BatchesLeased, Held, Settlement } from '../../schemas/messages.ts'

/** A batch of `records` records, in the record log at `offset`. */
export const heldAt = (
  offset: number,
  {
    tenant = 'acme',
    service = 'auth',
    records = 4,
    bytes = 100,
    acceptedAtMs = 0,
  }: {
    readonly tenant?: string
    readonly service?: string
    readonly records?: number
    readonly bytes?: number
    readonly acceptedAtMs?: number
  } = {},
): Held => {
  const firstSeq = seq(offset * 100)
  const coordinates = {
    producer: 'edge',
    tenant,
    service,
    firstSeq,
    lastSeq: seq(firstSeq + records - 1),
  }
  return {
    batch: {
      id: batchId(coordinates),
      ...coordinates,
      bytes,
      priority: 'normal',
      fromMs: instant(0),
      toMs: instant(0),
      acceptedAtMs: instant(acceptedAtMs),
    },
    at: { segment: 1, offset },
  }
}

export const urls = {
  a: 'https://a.example.com',
  b: 'https://b.example.com',
  c: 'https://c.example.com',
} as const

export const assignmentOf = (number: number, url: string = urls.a): Assignment => ({
  epoch: epoch(number),
  url,
  reason: 'said so',
  by: 'operator',
  atMs: instant(0),
})

export const leasedUntil = (untilMs: number, ...held: readonly Held[]): BatchesLeased => ({
  type: 'batches.leased',
  lease: 1,
  held,
  untilMs: instant(untilMs),
})

/** What only the ledger makes; here, the test is the ledger. */
export const settlementOf = ({ batch, at }: Held): Settlement =>
  JSON.parse(JSON.stringify({ batchId: batch.id, at, delivered: 1, dropped: 0 }))

export const dispatcherInput: DispatcherInput = {
  dispatcher: 'edge',
  concurrency: 2,
  requestBatchesMax: 1,
  requestBytesMax: 1_000,
  leasedBytesMax: 5_000,
  backoff: { initialMs: 200, maxMs: 1_000 },
  ordering: 'none',
  assignmentTimeoutMs: 5_000,
  startedAtMs: instant(0),
}

export const deliveryInput: DeliveryInput = {
  sendId: 's1',
  held: [heldAt(1)],
  assignment: assignmentOf(1),
  attemptTimeoutMs: 10_000,
  assignmentTimeoutMs: 5_000,
  recordTimeoutMs: 30_000,
  ageMsMax: 0,
  leaseUntilMs: instant(70_000),
  startedAtMs: instant(0),
  provenEpoch: 1,
}

export const endpointManagerInput: EndpointManagerInput = {
  url: urls.a,
  allow: ['*.example.com'],
  hopsMax: 3,
  commandsMax: 2,
  probationFailuresMax: 3,
  journalTimeoutMs: 10_000,
  historyMax: 5,
  hopTtlMs: 60_000,
  startedAtMs: instant(0),
}
