/**
 * The telemetry of the dispatcher of a shard. Its batches were accepted in another process, and the message
 * with their payload says in whose trace: so a batch is known from when its payload has been read, and the
 * span of an attempt begins with its request, not before.
 */
import type { AttemptTrace, Telemetry } from '../../infra/telemetry/telemetry.ts'
import type { Held } from '../../schemas/messages.ts'

export const openShardTraces = (
  telemetry: Telemetry,
  /** What the message with the payload of a batch said, once it has been read. */
  traceparentOf: (held: Held) => string | undefined,
): Telemetry => {
  /** Batches that have been read here and have neither ended nor gone back. */
  const known = new Set<string>()
  const placesOf = (held: Held) => {
    const traceparent = traceparentOf(held)
    const place = traceparent === undefined ? undefined : telemetry.placeIn({ traceparent })
    return place === undefined ? [] : [place]
  }
  const note = (held: readonly Held[]): void => {
    const fresh = held.filter(({ batch }) => !known.has(batch.id))
    for (const { batch } of fresh) known.add(batch.id)
    if (fresh.length > 0) telemetry.accepted(fresh, fresh.map(placesOf))
  }
  return {
    ...telemetry,
    attempt: (attempt) => {
      let begun: AttemptTrace | undefined
      return {
        get headers() {
          if (begun === undefined) note(attempt.piece.held)
          begun ??= telemetry.attempt(attempt)
          return begun.headers
        },
        // What could not be read was never sent.
        ended: (end) => begun?.ended(end),
      }
    },
    settled: (fates) => {
      telemetry.settled(fates)
      for (const { held } of fates) known.delete(held.batch.id)
    },
    returned: (held) => {
      telemetry.returned(held)
      for (const { batch } of held) known.delete(batch.id)
    },
  }
}
