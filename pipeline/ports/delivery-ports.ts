import type {
  DeliveryAnswer,
  DeliveryEffects,
  Piece,
  Verdict,
} from '../../actors/delivery/protocol.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import type { Clock } from '../../infra/clock/clock.ts'
import type { Endpoint } from '../../infra/endpoints/endpoint.ts'
import type { Ledger } from '../../infra/ledger/ledger.ts'
import { cut } from '../../infra/otlp/cut.ts'
import { LogError } from '../../infra/ring/log-error.ts'
import type { Loan, RecordLog } from '../../infra/ring/record-log.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import type { AttemptTrace, Telemetry } from '../../infra/telemetry/telemetry.ts'
import type { Held } from '../../schemas/messages.ts'
import type { Stage } from '../stage.ts'
import { type Filled, tellOn } from './filled.ts'

type Needs = {
  readonly stage: Pick<Stage, 'post'>
  readonly ring: Pick<RecordLog, 'read'>
  readonly ledger: Pick<Ledger, 'recordFates'>
  readonly endpoint: Endpoint
  readonly clock: Clock
  readonly meters: Meters
  readonly log: Log
  readonly telemetry: Telemetry | undefined
  readonly failed: (cause: unknown) => void
  /** An attempt has ended by its answer or its deadline, or the ends of batches were kept. */
  readonly gotOn: () => void
  /** Attempts that are out. */
  readonly attempts: Attempts
}

/** What calls an attempt off. */
export type Attempts = Map<string, AbortController>
export const attemptKey = ({ sendId, attempt }: DeliveryEffects['abandon']): string =>
  `${sendId}/${attempt}`

/** The ports of every delivery: the record log to read from, the endpoint to send to, the ledger. */
export const deliveryPorts = (needs: Needs): Filled<DeliveryEffects & { readonly tell: Tell }> => {
  const { stage, ledger, clock, meters, log, failed, gotOn, attempts, telemetry } = needs
  const answer = (sendId: string, message: DeliveryAnswer): void => stage.post(sendId, message)

  return {
    tell: tellOn(stage),
    attempt: (params) => {
      const { sendId, attempt } = params
      const key = attemptKey(params)
      const controller = new AbortController()
      attempts.set(key, controller)
      const startedAtMs = clock.now()
      const trace = telemetry?.attempt(params)
      sent(needs, { ...params, trace }, controller.signal).then((verdict) => {
        attempts.delete(key)
        trace?.ended({ verdict, by: controller.signal.aborted ? 'abandoned' : 'answer' })
        meters.count('attempts', { outcome: verdict.kind })
        meters.observe('attemptDuration', (clock.now() - startedAtMs) / 1_000)
        if (!controller.signal.aborted) {
          gotOn()
          answer(sendId, { type: 'attempt.answered', attempt, verdict, jitter: clock.chance() })
        } else if (verdict.kind === 'accepted') {
          const message = 'An attempt that was given up for lost was accepted late: a duplicate.'
          log.info('attempt.answeredLate', message, { sendId, attempt })
        }
      }, failed)
    },
    abandon: (params) => {
      gotOn()
      attempts.get(attemptKey(params))?.abort()
    },
    recordFates: ({ sendId, fates }) => {
      const nowMs = clock.now()
      ledger.recordFates(fates, nowMs).then(
        (settlements) => {
          gotOn()
          telemetry?.settled(fates)
          for (const { held, delivered } of fates) {
            if (delivered === 0) continue
            meters.observe('deliveryDuration', (nowMs - held.batch.acceptedAtMs) / 1_000)
          }
          answer(sendId, { type: 'fates.recorded', settlements })
        },
        (cause: unknown) => {
          const detail = cause instanceof Error ? cause.message : String(cause)
          log.error(
            'fates.failed',
            'The end of batches could not be recorded; they go out again.',
            { cause },
          )
          answer(sendId, { type: 'fates.failed', detail })
        },
      )
    },
  }
}

type Sending = DeliveryEffects['attempt'] & { readonly trace: AttemptTrace | undefined }

const sent = async (
  { ring, endpoint }: Needs,
  { assignment, piece, deadlineMs, trace }: Sending,
  signal: AbortSignal,
): Promise<Verdict> => {
  const read = await Promise.all(piece.held.map((held) => payloadOf(ring, held)))
  const giveBack = (): void => {
    for (const it of read) if (it.kind === 'read') it.giveBack()
  }
  const failing = read.find((it) => it.kind === 'failing')
  if (failing?.kind === 'failing') {
    giveBack()
    return { kind: 'failed', status: 0, detail: failing.detail }
  }
  const unreadable = read.flatMap((it) => (it.kind === 'unreadable' ? [it] : []))
  if (unreadable.length > 0) {
    giveBack()
    const detail = unreadable.map((it) => it.detail).join('; ')
    return { kind: 'unreadable', held: unreadable.map(({ held }) => held), detail }
  }
  const payload = read.flatMap((it) => (it.kind === 'read' ? cutTo(piece, it) : []))
  return endpoint.attempt({
    assignment,
    piece,
    payload,
    giveBack,
    deadlineMs,
    signal,
    ...(trace === undefined ? {} : { trace: trace.headers }),
  })
}

type Read =
  | ({ readonly kind: 'read'; readonly held: Held } & Loan)
  | { readonly kind: 'unreadable'; readonly held: Held; readonly detail: string }
  | { readonly kind: 'failing'; readonly held: Held; readonly detail: string }

const payloadOf = async (ring: Pick<RecordLog, 'read'>, held: Held): Promise<Read> => {
  try {
    return { kind: 'read', held, ...(await ring.read(held)) }
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    const isLost = cause.code === 'corrupt' || cause.code === 'gone'
    return { kind: isLost ? 'unreadable' : 'failing', held, detail: cause.message }
  }
}

const cutTo = (
  { cut: range }: Piece,
  { held, payload }: { readonly held: Held; readonly payload: readonly Uint8Array[] },
): readonly Uint8Array[] => {
  if (range === null) return payload
  const { firstSeq } = held.batch
  const firstIndex = range.firstSeq - firstSeq
  return [cut(Buffer.concat(payload), { firstIndex, lastIndex: range.lastSeq - firstSeq })]
}
