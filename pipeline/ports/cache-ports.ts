import type {
  CacheEffects,
  EvictionAnswer,
  LogAnswer,
  Segment,
} from '../../actors/cache/protocol.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import type { Clock } from '../../infra/clock/clock.ts'
import type { Journal } from '../../infra/journal/journal.ts'
import type { Ledger } from '../../infra/ledger/ledger.ts'
import { LedgerError } from '../../infra/ledger/ledger-error.ts'
import { LogError } from '../../infra/ring/log-error.ts'
import type { RecordLog } from '../../infra/ring/record-log.ts'
import type { Intake } from '../../infra/sources/intake.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import type { Telemetry } from '../../infra/telemetry/telemetry.ts'
import type { RefusalReason } from '../../schemas/messages.ts'
import type { Stage } from '../stage.ts'
import { type Filled, tellOn } from './filled.ts'

type Needs = {
  readonly stage: Pick<Stage, 'post'>
  readonly ring: Pick<RecordLog, 'append' | 'load' | 'end' | 'remove'>
  readonly ledger: Pick<Ledger, 'appended' | 'recordEviction' | 'recordRetirement' | 'removed'>
  readonly journal: Pick<Journal, 'reserved'>
  readonly intake: Pick<Intake, 'payloads' | 'places'>
  readonly clock: Clock
  readonly meters: Pick<Meters, 'observe'>
  readonly log: Log
  readonly telemetry: Telemetry | undefined
  /** What the record log held when it was recovered. */
  readonly segments: readonly Segment[]
  readonly failed: (cause: unknown) => void
}

/** The cache's ports: the record log, and the ledger where something must go. */
export const cachePorts = (needs: Needs): Filled<CacheEffects & { readonly tell: Tell }> => {
  const { stage, ring, ledger, segments, failed, telemetry } = needs
  const answer = (message: LogAnswer | EvictionAnswer): void => stage.post('cache', message)
  let hasAnswered = false

  const remove = async (segment: number): Promise<void> => {
    await ring.remove(segment)
    ledger.removed(segment)
    answer({ type: 'segment.removed', segment })
  }
  const orFail =
    (segment: number) =>
    (cause: unknown): void =>
      answer({ type: 'removal.failed', segment, detail: detailOf(cause) })

  return {
    tell: tellOn(stage),
    recover: () => {
      if (!hasAnswered) answer({ type: 'log.recovered', segments })
      hasAnswered = true
    },
    appendToLog: (append) => {
      appendToLog(needs, append).then(answer, failed)
    },
    load: ({ priority, ...query }) => {
      ring.load({ priority, ...query }).then(
        (loaded) => answer({ type: 'batches.loaded', priority, ...loaded }),
        // A record log that cannot be read any more is no place to keep more.
        failed,
      )
    },
    recordEviction: ({ segment, nowMs }) => {
      ledger.recordEviction(segment, nowMs).then(
        (eviction) => {
          telemetry?.evicted(segment)
          answer({ type: 'eviction.recorded', eviction })
        },
        (cause) => answer({ type: 'eviction.failed', segment, detail: detailOf(cause) }),
      )
    },
    release: ({ settlements }) => {
      for (const { at } of settlements) ring.end(at)
    },
    removeEvicted: ({ eviction: { segment } }) => {
      remove(segment).catch(orFail(segment))
    },
    retire: ({ segment }) => {
      ledger
        .recordRetirement(segment)
        .then(() => remove(segment))
        .catch(orFail(segment))
    },
  }
}

const appendToLog = async (
  { ring, ledger, journal, intake, clock, meters, log, telemetry }: Needs,
  { appendId, batches }: CacheEffects['appendToLog'],
): Promise<LogAnswer> => {
  // Without room for their drop events and ends, records must not be taken.
  if (!journal.reserved()) return { type: 'log.failed', appendId, reason: 'disk_full' }
  const startedAtMs = clock.now()
  try {
    const unstored = intake.payloads(appendId, batches)
    if (unstored === undefined) return { type: 'log.failed', appendId, reason: 'overdue' }
    // Before the append: a group that is overdue is forgotten meanwhile.
    const places = telemetry === undefined ? [] : intake.places(appendId)
    const appended = await ring.append(unstored)
    ledger.appended(appended.held)
    telemetry?.accepted(appended.held, places)
    meters.observe('appendDuration', (clock.now() - startedAtMs) / 1_000)
    return { type: 'log.appended', appendId, ...appended }
  } catch (cause) {
    if (!(cause instanceof LogError || cause instanceof LedgerError)) throw cause
    log.error('append.failed', 'Records could not be kept; their clients were told 503.', { cause })
    return { type: 'log.failed', appendId, reason: reasonOf(cause) }
  }
}

const reasonOf = ({ code }: LogError | LedgerError): RefusalReason =>
  code === 'disk_full' ? 'disk_full' : 'storage_failed'

const detailOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
