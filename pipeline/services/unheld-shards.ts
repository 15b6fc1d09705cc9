/**
 * Shards that no cache has while records are pending: what is accepted for them stays in Kafka, and nobody
 * sends it. Each service may be well by itself, so only who hears them all can see it. Watched by the same
 * statechart that watches the actors of a process.
 */
import { createActor } from 'xstate'
import { sentinel } from '../../actors/sentinel/machine.ts'
import type { Announcement } from '../../actors/sentinel/protocol.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Stall } from '../notices/happenings.ts'
import type { Complaint } from '../observed.ts'

export type UnheldShards = {
  /** To be called several times within `stallAfterMs`. */
  readonly look: (nowMs: InstantMs) => void
  /** Once it has lasted for `stallAfterMs`. */
  readonly complaints: () => readonly Complaint[]
}

export const watchUnheldShards = (given: {
  /** The caches that nobody says it has. */
  readonly missing: () => readonly string[]
  readonly pendingRecords: () => number
  /** Whether the others can be heard at all: who hears nobody cannot say what they have. */
  readonly hears: (nowMs: InstantMs) => boolean
  readonly stallAfterMs: number
  readonly startedAtMs: InstantMs
  readonly meters: Meters
  readonly log: Log
  readonly stalled: (stall: Stall) => void
}): UnheldShards => {
  const { stallAfterMs, startedAtMs, log } = given
  let unheld: readonly string[] = []

  const announce = (_: unknown, announcement: Announcement): void => {
    const { kind, stalledMs, records } = announcement
    // Nothing is started anew here, so there is no word about that.
    if (kind === 'givenUp') return
    if (kind === 'stalled') {
      given.meters.count('stalls', {})
      const seconds = Math.round(stalledMs / 1_000)
      log.error(
        'shards.unheld',
        `For ${seconds} s no service has had ${unheld.join(', ')}, and ${records} records are pending: what is accepted for these shards is held in Kafka, and not sent. Look at the services with role cache.`,
        { shards: unheld, stalledMs, records },
      )
    } else log.warn('shards.held', 'Every shard has a cache again.', { stalledMs, records })
    given.stalled({ actor: 'cache', symptom: 'no service has some shards', announcement })
  }
  const machine = sentinel.provide({ actions: { announce } })
  const input = { subject: 'shards', remedy: 'none' as const, stallAfterMs, startedAtMs }
  const watch = createActor(machine, { input }).start()
  const isStalled = (): boolean => !['watching', 'suspecting'].includes(watch.getSnapshot().value)

  return {
    look: (nowMs) => {
      const isHeard = given.hears(nowMs)
      // While nobody is heard a stall does not begin, and does not end either.
      if (!isHeard && isStalled()) return
      const missing = given.missing()
      if (missing.length > 0) unheld = missing
      const records = given.pendingRecords()
      watch.send({
        type: 'progress.seen',
        work: isHeard && missing.length > 0 && records > 0 ? 'some' : 'none',
        progress: 0,
        records,
        nowMs,
      })
    },
    complaints: () =>
      isStalled() ? [{ actor: 'cache', reason: `no service has ${unheld.join(', ')}` }] : [],
  }
}
