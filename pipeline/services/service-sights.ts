/** What the sentinel is shown of a service: of several machines of one kind, all together. */
import { blockedUntilMs, type DispatcherContext } from '../../actors/dispatcher/books.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Sight, Sights } from '../sentinel/board.ts'
import type { ActorView } from '../stage.ts'

export const serviceSights = (
  actors: readonly ActorView[],
  given: { readonly sendsEnded: number; readonly nowMs: InstantMs },
): Sights => {
  const sight = (machine: string): Sight => {
    const of = actors.filter((actor) => actor.machine === machine)
    return {
      work: of.some(({ untaken }) => untaken > 0) ? 'some' : 'none',
      progress: of.reduce((sum, { taken }) => sum + taken, 0),
    }
  }
  const isSending = ({ machine, context }: ActorView): boolean => {
    if (machine !== 'dispatcher') return false
    const books = context as DispatcherContext
    if (books.intent !== 'run' || blockedUntilMs(books) > given.nowMs) return false
    return books.pending.length > 0 || Object.keys(books.sends).length > 0
  }
  return {
    collector: sight('collector'),
    cache: sight('cache'),
    dispatcher: sight('dispatcher'),
    'endpoint-manager': sight('endpoint-manager'),
    sends: { work: actors.some(isSending) ? 'some' : 'none', progress: given.sendsEnded },
  }
}
