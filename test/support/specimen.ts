/** Batches to test with, of one producer, where only what matters need be said. */
import { mintEviction, mintSettlement } from '../../infra/ledger/settlement.ts'
import { batchId, instant, seq } from '../../schemas/brand.ts'
import type { Batch, Eviction, Held, Priority, Settlement } from '../../schemas/messages.ts'

export const batch = (
  given: {
    readonly firstSeq?: number
    readonly records?: number
    readonly service?: string
    readonly bytes?: number
    readonly priority?: Priority
    readonly acceptedAtMs?: number
  } = {},
): Batch => {
  const { firstSeq = 0, records = 10, service = 'auth', bytes = 1_000, priority = 'normal' } = given
  const atMs = instant(given.acceptedAtMs ?? 0)
  const coordinates = {
    producer: 'edge-1',
    tenant: 'acme',
    service,
    firstSeq: seq(firstSeq),
    lastSeq: seq(firstSeq + records - 1),
  }
  const times = { fromMs: atMs, toMs: atMs, acceptedAtMs: atMs }
  return { id: batchId(coordinates), ...coordinates, bytes, priority, ...times }
}

export const held = (
  at: { readonly segment: number; readonly offset?: number },
  given: Parameters<typeof batch>[0] = {},
): Held => {
  const { segment, offset = 0 } = at
  return { batch: batch({ firstSeq: 10 * offset, ...given }), at: { segment, offset } }
}

export const settlementOf = (it: Held): Settlement =>
  mintSettlement(it, { delivered: it.batch.lastSeq - it.batch.firstSeq + 1, dropped: 0 })

export const evictionOf = (segment: number): Eviction =>
  mintEviction({ segment, batches: 1, dropped: 10 })
