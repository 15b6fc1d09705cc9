/** What the sentinel is shown of the actors: whether there is work, and a number that moves with it. */
import { type CacheContext, priorities } from '../actors/cache/context.ts'
import { blockedUntilMs, type DispatcherContext } from '../actors/dispatcher/books.ts'
import type { InstantMs } from '../schemas/brand.ts'
import type { Sight, Sights } from './sentinel/board.ts'
import type { ActorView } from './stage.ts'

/** Attempts that have ended, well or badly, and ends that were kept. */
export type SendProgress = { readonly gotOn: () => void; readonly count: () => number }

export const openSendProgress = (): SendProgress => {
  let count = 0
  return {
    gotOn: () => {
      count += 1
    },
    count: () => count,
  }
}

/** @param given.sendsEnded stands for what sends have done: messages alone are no progress of theirs. */
export const sightsOf = (
  actors: readonly ActorView[],
  given: { readonly sendsEnded: number; readonly nowMs: InstantMs },
): Sights => {
  const byId = (id: string): ActorView | undefined => actors.find((actor) => actor.id === id)
  return {
    collector: sightOf(byId('collector')),
    cache: sightOf(byId('cache')),
    dispatcher: sightOf(byId('dispatcher')),
    'endpoint-manager': sightOf(byId('endpoint-manager')),
    sends: {
      work: sendsWork(byId('cache'), byId('dispatcher'), given.nowMs),
      progress: given.sendsEnded,
    },
  }
}

/** An actor that is gone has nothing to do: it has drained, or the stage was emptied. */
const sightOf = (actor: ActorView | undefined): Sight => ({
  work: (actor?.untaken ?? 0) > 0 ? 'some' : 'none',
  progress: actor?.taken ?? 0,
})

/**
 * Whether something ought to be sent now. Not while an operator has said stop, and not while the
 * dispatcher waits for its next try: an endpoint that answers with errors, or cannot be reached, is an
 * outage, and that is no stall.
 */
const sendsWork = (
  cache: ActorView | undefined,
  dispatcher: ActorView | undefined,
  nowMs: InstantMs,
): Sight['work'] => {
  if (cache === undefined || dispatcher === undefined) return 'none'
  const { lanes, leases } = cache.context as CacheContext
  const sending = dispatcher.context as DispatcherContext
  if (sending.intent !== 'run' || blockedUntilMs(sending) > nowMs) return 'none'
  const isHeld = leases.length > 0 || priorities.some((it) => lanes[it].ready.length > 0)
  return isHeld ? 'some' : 'none'
}
