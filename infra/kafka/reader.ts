/** Reads as a member of a group, through as many lives of a client as it takes. */
import type { Log } from '../telemetry/log.ts'
import type { Batch, ConsumerLife, LifeEvents } from './consumer-life.ts'
import type { Partition, Spot } from './holding.ts'
import { KafkaError } from './kafka-error.ts'
import { kafkaErrorOf } from './kafka-fault.ts'
import { pause } from './pause.ts'
import { within } from './within.ts'

export type ReaderOptions = {
  readonly group: string
  readonly openLife: (events: LifeEvents) => ConsumerLife
  readonly log: Log
  /** These are ours from now on; where to read each from. */
  readonly assigned: (partitions: readonly Partition[]) => Promise<readonly Spot[]>
  /** What was assigned is not ours any more. Called once for each time that something was. */
  readonly revoked: () => Promise<void>
  readonly received: (batch: Batch) => Promise<void>
  /** The broker has answered. */
  readonly alive: () => void
  readonly failed: (cause: Error) => void
}
export type Reader = {
  readonly pause: (partition: Partition) => void
  readonly resume: (partition: Partition) => void
  readonly seek: (spot: Spot) => void
  /** Remembers, and sends within `commitEveryMs`. */
  readonly commit: (spot: Spot) => void
  readonly close: () => Promise<void>
}

const commitEveryMs = 500
const commitMsMax = 3000
/** For so long a rebalance waits for what is under way to be let go of. */
const revokeMsMax = 10_000
const pauseMsInitial = 250
const pauseMsMax = 5000
/** A life that lasted so long was a good one: the next failure is a new one. */
const goodLifeMs = 30_000

export const openReader = (options: ReaderOptions): Reader => {
  const { log, group } = options
  const closing = new AbortController()
  let life: ConsumerLife | undefined
  let isOurs = false
  let commits = new Map<string, Spot>()
  /** The owner is told one thing after another. */
  let told: Promise<unknown> = Promise.resolve()
  const tell = <Value>(next: () => Promise<Value>): Promise<Value> => {
    const result = told.then(next)
    told = result.catch((cause: unknown) =>
      log.debug('kafka.reader', 'What a reader was told ended badly; it is dealt with.', { cause }),
    )
    return result
  }

  const flush = async (): Promise<void> => {
    if (commits.size === 0 || life === undefined || !isOurs) return
    const sent = commits
    commits = new Map()
    try {
      const attempted = `Committing for the group "${group}"`
      await within(life.commit([...sent.values()]), { limitMs: commitMsMax, attempted })
      options.alive()
    } catch (cause) {
      // Where it was not sent, more is read again: no loss. What was committed since goes before.
      for (const [key, spot] of sent) if (!commits.has(key)) commits.set(key, spot)
      log.debug('kafka.commit.failed', `A commit of "${group}" failed; it is sent again.`, {
        cause,
      })
    }
  }

  const revoke = (): Promise<void> =>
    tell(async () => {
      if (!isOurs) return
      await options.revoked()
      await flush()
      commits.clear()
      isOurs = false
    })
  const events: LifeEvents = {
    assigned: (partitions) =>
      tell(() => {
        isOurs = true
        return handled(options.assigned(partitions))
      }),
    revoked: async () => {
      const attempted = `Letting go of the partitions of "${group}"`
      try {
        await within(revoke(), { limitMs: revokeMsMax, attempted })
      } catch (cause) {
        log.warn('kafka.revocation.overdue', `${attempted} failed or takes long; others go on.`, {
          cause,
        })
      }
    },
    received: (batch) => handled(options.received(batch)),
    alive: options.alive,
  }

  const live = async (): Promise<void> => {
    let pauseMs = pauseMsInitial
    while (!closing.signal.aborted) {
      const bornAtMs = performance.now()
      life = options.openLife(events)
      const cause = await life.ended
      await events.revoked()
      await life.close()
      if (closing.signal.aborted) return
      const error = faultOf(cause, group)
      if (error.code === 'refused') {
        options.failed(cause instanceof HandlingError ? cause.reason : error)
        return
      }
      if (performance.now() - bornAtMs > goodLifeMs) pauseMs = pauseMsInitial
      log.warn('kafka.reader.restarted', `${error.message} It joins again in ${pauseMs} ms.`, {
        group,
      })
      await pause(pauseMs, closing.signal)
      pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    }
  }
  const living = live()
  const committing = setInterval(flush, commitEveryMs)

  return {
    pause: (partition) => life?.pause(partition),
    resume: (partition) => life?.resume(partition),
    seek: (spot) => life?.seek(spot),
    commit: (spot) => {
      if (isOurs) commits.set(`${spot.topic}/${spot.partition}`, spot)
    },
    close: async () => {
      if (closing.signal.aborted) return living
      clearInterval(committing)
      closing.abort()
      await events.revoked()
      await life?.close()
      await living
    },
  }
}

/** The owner of a reader failed to take what it was given: that is no fault of Kafka's. */
class HandlingError extends Error {
  override readonly name = 'HandlingError'
  readonly reason: Error

  constructor(reason: Error) {
    super(reason.message, { cause: reason })
    this.reason = reason
  }
}

/** What it could not do because of Kafka is tried again with a new life; anything else is a fault of ours. */
const handled = async <Value>(handling: Promise<Value>): Promise<Value> => {
  try {
    return await handling
  } catch (cause) {
    if (cause instanceof KafkaError && cause.code !== 'refused') throw cause
    throw new HandlingError(cause instanceof Error ? cause : new Error(String(cause), { cause }))
  }
}

const faultOf = (cause: unknown, group: string): KafkaError =>
  cause instanceof HandlingError
    ? new KafkaError('refused', cause.message, { cause })
    : kafkaErrorOf(cause, `Reading as "${group}"`)
