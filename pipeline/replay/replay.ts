/**
 * Sends batches of a ring that nobody works on to an endpoint, each under its own id, so that a receiver
 * that has it already can tell. Nothing is written: the account, and what is pending, stay as they are.
 */
import { setTimeout as after } from 'node:timers/promises'
import { halves } from '../../actors/delivery/pieces.ts'
import type { Piece, Verdict } from '../../actors/delivery/protocol.ts'
import type { Endpoint } from '../../infra/endpoints/endpoint.ts'
import { cut } from '../../infra/otlp/cut.ts'
import {
  type OfflineBatch,
  type OfflineRing,
  offlineBatches,
} from '../../infra/ring/offline-segments.ts'
import { instant } from '../../schemas/brand.ts'
import type { Assignment, Held } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import { isMeant, type Selection } from './selection.ts'

export type Replayed = {
  readonly batches: number
  readonly records: number
  /** Records that the endpoint took, those of batches that it has had before among them. */
  readonly accepted: number
  /** What it did not take, and why; `failuresShownMax` of them. */
  readonly failures: readonly Failure[]
  readonly failed: number
  /** Why it ended early: nothing behind the last batch was tried. */
  readonly stopped: string | null
}
export type Failure = { readonly batch: string; readonly records: number; readonly why: string }

/** Batches that are out at a time, and their payloads in memory. */
const sendsMax = 4
const attemptsMax = 6
const backoffMs = 500
const backoffMsMax = 15_000
const retryAfterMsMax = 60_000
const failuresShownMax = 100

export const countMeant = async (
  ring: OfflineRing,
  selection: Selection,
): Promise<{ readonly batches: number; readonly records: number; readonly bytes: number }> => {
  const sums = { batches: 0, records: 0, bytes: 0 }
  for await (const found of offlineBatches(ring)) {
    if (!isMeant(found, selection)) continue
    sums.batches += 1
    sums.records += recordsIn(found.batch)
    sums.bytes += found.batch.bytes
  }
  return sums
}

type Sending = {
  readonly endpoint: Pick<Endpoint, 'attempt'>
  readonly assignment: Assignment
  readonly attemptTimeoutMs: number
  readonly signal: AbortSignal
}

/** Rejects only when the ring cannot be read. */
export const replayRing = async (
  given: Sending & {
    readonly ring: OfflineRing
    readonly selection: Selection
    readonly progressed: (batches: number) => void
  },
): Promise<Replayed> => {
  const { ring, selection, signal, progressed } = given
  const sums = { batches: 0, records: 0, accepted: 0, failed: 0 }
  const failures: Failure[] = []
  const sends = new Set<Promise<void>>()
  let stopped: string | null = null

  const settle = (batch: OfflineBatch['batch'], result: Sent): void => {
    const records = recordsIn(batch)
    sums.batches += 1
    sums.records += records
    sums.accepted += result.accepted
    progressed(sums.batches)
    if (result.stop !== null) stopped ??= result.stop
    if (result.accepted === records) return
    sums.failed += 1
    if (failures.length < failuresShownMax)
      failures.push({ batch: batch.id, records: records - result.accepted, why: result.why })
  }
  for await (const found of offlineBatches(ring)) {
    if (signal.aborted) stopped ??= 'it was interrupted'
    if (stopped !== null) break
    if (!isMeant(found, selection)) continue
    const payload = await found.payload()
    if (payload === undefined) {
      settle(found.batch, lostOf('its payload does not have its checksum'))
      continue
    }
    const send = sentWhole(given, { held: found.held, payload }).then((result) => {
      sends.delete(send)
      settle(found.batch, result)
    })
    sends.add(send)
    if (sends.size >= sendsMax) await Promise.race(sends)
  }
  await Promise.all(sends)
  return { ...sums, failures, stopped }
}

/** Records that were taken; why not all, and why there is no use in going on. */
type Sent = { readonly accepted: number; readonly why: string; readonly stop: string | null }
const lostOf = (why: string): Sent => ({ accepted: 0, why, stop: null })

type Payload = { readonly held: Held; readonly payload: Buffer }

/** A batch that is too large for the endpoint goes in parts, as from the pipeline itself. */
const sentWhole = async (sending: Sending, { held, payload }: Payload): Promise<Sent> => {
  const left: Piece[] = [{ held: [held], cut: null }]
  let accepted = 0
  let why = ''
  for (let piece = left.pop(); piece !== undefined; piece = left.pop()) {
    const verdict = await answered(sending, piece, payload)
    if (verdict.kind === 'tooLarge') {
      const parts = halves(piece)
      if (parts === undefined) why = 'a single record is too large for the endpoint'
      else left.push(parts[1], parts[0])
      continue
    }
    const { taken, told, stop } = meant(verdict, recordsIn(piece.cut ?? held.batch))
    accepted += taken
    why = told || why
    if (stop !== null) return { accepted, why, stop }
  }
  return { accepted, why, stop: null }
}

type Meaning = { readonly taken: number; readonly told: string; readonly stop: string | null }

const meant = (verdict: Exclude<Verdict, { kind: 'tooLarge' }>, records: number): Meaning => {
  const none = (told: string, stop: string | null = null): Meaning => ({ taken: 0, told, stop })
  switch (verdict.kind) {
    case 'accepted':
      return { taken: records, told: '', stop: null }
    case 'partial': {
      const taken = Math.max(0, records - verdict.rejected)
      return { taken, told: `it took all but ${verdict.rejected}: ${verdict.message}`, stop: null }
    }
    case 'rejected':
      return none(`${verdict.status}: ${verdict.message}`)
    case 'redirected': {
      const why = `the endpoint says ${verdict.status}, to ${verdict.location ?? 'nowhere'}; name the other one with --to`
      return none(why, why)
    }
    case 'throttled': {
      const why = `it still answers ${verdict.status} after ${attemptsMax} attempts`
      return none(why, why)
    }
    case 'failed':
    case 'unreachable': {
      const status = verdict.kind === 'failed' ? `${verdict.status} ` : ''
      const why = `${status}${verdict.detail}, after ${attemptsMax} attempts`
      return none(why, why)
    }
    case 'unreadable':
      return none(verdict.detail)
  }
}

const passing: readonly Verdict['kind'][] = ['throttled', 'failed', 'unreachable']

/** What an endpoint says in the end: what may pass is waited out, for a while. */
const answered = async (sending: Sending, piece: Piece, payload: Buffer): Promise<Verdict> => {
  const { endpoint, assignment, attemptTimeoutMs, signal } = sending
  const bytes = piece.cut === null ? payload : partOf(piece, payload)
  for (let attempt = 1; ; attempt += 1) {
    const verdict = await endpoint.attempt({
      assignment,
      piece,
      payload: [bytes],
      deadlineMs: instant(Date.now() + attemptTimeoutMs),
      signal,
    })
    if (!passing.includes(verdict.kind) || attempt >= attemptsMax || signal.aborted) return verdict
    const asked = verdict.kind === 'throttled' ? (verdict.retryAfterMs ?? 0) : 0
    const backoff = Math.min(backoffMs * 2 ** (attempt - 1), backoffMsMax)
    await pause(Math.max(backoff, Math.min(asked, retryAfterMsMax)), signal)
  }
}

const partOf = ({ held: [held], cut: range }: Piece, payload: Buffer): Buffer => {
  if (held === undefined || range === null) return payload
  const { firstSeq } = held.batch
  return cut(payload, {
    firstIndex: range.firstSeq - firstSeq,
    lastIndex: range.lastSeq - firstSeq,
  })
}

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await after(ms, undefined, { signal })
  } catch (cause) {
    if (!signal.aborted) throw cause
  }
}
