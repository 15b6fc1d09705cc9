/** Starts one actor of a running pipeline anew, where that is safe, so that nothing it had is lost. */
import type { CacheContext } from '../actors/cache/context.ts'
import type { CollectorContext } from '../actors/collector/context.ts'
import type { DeliveryContext } from '../actors/delivery/judgement.ts'
import type { DeliveryState } from '../actors/delivery/machine.ts'
import type { DispatcherContext } from '../actors/dispatcher/books.ts'
import type { Intake } from '../infra/sources/intake.ts'
import type { Held } from '../schemas/messages.ts'
import type { Cast } from './cast.ts'
import type { Restart } from './observed.ts'
import type { ActorView, Stage } from './stage.ts'

type Needs = {
  readonly stage: Pick<Stage, 'actors' | 'post' | 'replace' | 'end' | 'persisted'>
  readonly cast: Cast
  readonly intake: Pick<Intake, 'refuse'>
  /** One that no collector has had before: a number that was given may be on disk. */
  readonly newProducer: () => string
}

const retryAfterMs = 1_000
/** What somebody was told would happen: it holds for the new life as well. */
const commands: readonly string[] = ['dispatch.suspended', 'dispatch.resumed', 'drain.requested']

export const openRestart =
  (needs: Needs) =>
  (actor: string): Restart => {
    const found = needs.stage.actors().find(({ id }) => id === actor)
    if (found === undefined) return { kind: 'refused', why: 'it has stopped' }
    if (found.value === 'draining') return { kind: 'refused', why: 'it is shutting down' }
    switch (actor) {
      case 'dispatcher':
        return restartDispatcher(needs, found)
      case 'collector':
        return restartCollector(needs, found)
      case 'endpoint-manager':
        return restartEndpointManager(needs)
      default:
        return { kind: 'refused', why: 'it cannot be started anew by itself' }
    }
  }

const restarted: Restart = { kind: 'restarted' }

/**
 * Its sends are given up, and what it had is returned to the cache, to be sent again under the same
 * ids. But for sends whose attempts have ended: their ends are being kept, and the cache is told so.
 */
const restartDispatcher = ({ stage, cast }: Needs, found: ActorView): Restart => {
  const keeping = new Set<string>()
  for (const { id, machine, value, context } of stage.actors()) {
    if (machine !== 'delivery') continue
    const { held, attempt } = context as DeliveryContext
    if ((value as DeliveryState) === 'recording') {
      for (const { batch } of held) keeping.add(batch.id)
      continue
    }
    stage.end(id)
    cast.abandon({ sendId: id, attempt })
  }
  const { intent } = found.context as DispatcherContext
  const suspended = { type: 'dispatch.suspended', reason: 'it was, before it was stuck' }
  stage.replace(cast.dispatcher(), {
    first: intent === 'suspend' ? [suspended] : [],
    keeps: ({ type }) => commands.includes(type),
  })
  const held = leasedIn(stage.actors()).filter(({ batch }) => !keeping.has(batch.id))
  // Leases that the cache makes from now on, on the former life's word, are told to the new one.
  if (held.length > 0) stage.post('cache', { type: 'batches.returned', held, reason: 'unsettled' })
  return restarted
}

const leasedIn = (actors: readonly ActorView[]): readonly Held[] => {
  const cache = actors.find(({ id }) => id === 'cache')?.context as CacheContext | undefined
  return cache?.leases.map(({ held }) => held) ?? []
}

/**
 * The clients of the group that is with the cache are told 503, though it may be kept after all: so the
 * new life is another producer, and no number is given twice.
 */
const restartCollector = (
  { stage, cast, intake, newProducer }: Needs,
  found: ActorView,
): Restart => {
  const { open } = found.context as CollectorContext
  const cache = stage.actors().find(({ id }) => id === 'cache')?.value
  const isOpen = cache !== undefined && cache !== 'recovering' && cache !== 'full'
  stage.replace(cast.collector(newProducer()), {
    // The cache says so once only, and has said it to the former life.
    first: isOpen ? [{ type: 'cache.opened' }] : [],
    // A group that was not taken yet is a dead letter, of which its clients are told.
    keeps: ({ type }) => commands.includes(type),
  })
  if (open !== null) intake.refuse(open.appendId, { reason: 'overdue', retryAfterMs })
  return restarted
}

/** It goes on as it was; what it was asked meanwhile, it is asked again. */
const restartEndpointManager = ({ stage, cast }: Needs): Restart => {
  stage.replace(cast.endpointManager(stage.persisted('endpoint-manager')), {
    first: [],
    keeps: () => true,
  })
  return restarted
}
