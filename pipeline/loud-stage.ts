import type { GroupOffered } from '../actors/collector/protocol.ts'
import type { Clock } from '../infra/clock/clock.ts'
import type { Intake } from '../infra/sources/intake.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Meters } from '../infra/telemetry/meters.ts'
import type { AnyMessage } from './entrance.ts'
import type { Complaints } from './observe.ts'
import { openStage, type Stage } from './stage.ts'

/** A stage on which what should not be is counted, and said aloud. */
export const openLoudStage = ({
  name,
  clock,
  meters,
  log,
  complaints,
  failed,
  intake,
}: {
  /** Of the process in this life. */
  readonly name: string
  readonly clock: Clock
  readonly meters: Meters
  readonly log: Log
  readonly complaints: Complaints
  readonly failed: (cause: unknown) => void
  /** Whose clients are told when the collector is no more. */
  readonly intake: Pick<Intake, 'refuse'>
}): Stage =>
  openStage({
    name,
    clock,
    deadLetter: ({ to, message, reason }) => {
      const { type } = message
      meters.count('deadLetters', {})
      // The collector has stopped: whoever waits for its word is told so.
      if (isGroup(message))
        intake.refuse(message.appendId, { reason: 'draining', retryAfterMs: 1_000 })
      const text = `${to} could not be told ${type}: ${reason}.`
      // A send that has ended is told of assignments all the same; anything else is a fault.
      if (reason === 'stopped') log.debug('message.undelivered', text)
      else log.error('message.undelivered', text)
    },
    fault: ({ actor, why, message: { type } }) => {
      meters.count('faults', {})
      log.error('actor.faulted', `${actor}, told ${type}: ${why}.`, { actor })
    },
    failed: (actor, cause) => {
      complaints.broken.push({ actor, reason: String(cause) })
      failed(cause)
    },
    watcherFailed: (error) =>
      log.error('watcher.failed', 'Somebody who watched the actors failed, and watches no more.', {
        error,
      }),
  })

const isGroup = (message: AnyMessage): message is GroupOffered => message.type === 'group.offered'
