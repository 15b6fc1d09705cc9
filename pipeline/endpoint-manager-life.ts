/** How the endpoint manager comes back to life, and how its state is kept for the next one. */
import type { EndpointManagerContext } from '../actors/endpoint-manager/context.ts'
import { type Resumption, resumption } from '../actors/endpoint-manager/resumption.ts'
import { opened } from '../actors/kit/snapshot.ts'
import type { Clock } from '../infra/clock/clock.ts'
import { JournalError } from '../infra/journal/journal-error.ts'
import { KafkaError } from '../infra/kafka/kafka-error.ts'
import type { Replayed } from '../infra/ledger/replay.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Config } from './config/config.ts'
import { endpointManagerInput } from './inputs.ts'
import type { Keeper } from './keeper.ts'
import type { Stage } from './stage.ts'

/** Of the endpoint manager's stored state. A change of its states or its context makes it one more. */
export const endpointManagerVersion = 1

/** By this id the endpoint manager knows a command of the configuration. */
const configurationId = 'configuration'

/** What was kept of its former lives. */
export type Former = Pick<Replayed, 'assignments' | 'actors'>

/**
 * Brings the endpoint manager back as it was, with today's configuration: the endpoint that it was sent
 * to holds over a restart, unless the configuration names another one than it did.
 */
export const resumeEndpointManager = ({
  config,
  stage,
  clock,
  former: kept,
  start,
}: {
  readonly config: Config
  readonly stage: Pick<Stage, 'post'>
  readonly clock: Pick<Clock, 'now'>
  readonly former: Former
  /** Starts the actor, from a snapshot or anew. */
  readonly start: (snapshot: unknown) => void
}): void => {
  const input = endpointManagerInput(config, clock.now())
  const { former, configuredUrl } = formerEndpointManager(kept)
  const { assignments } = kept
  const resumed =
    configuredUrl === undefined ? undefined : resumption(former, { input, assignments })
  start(resumed === undefined ? undefined : snapshotOf(resumed))
  if (resumed === undefined) return
  const { url } = config.endpoint
  const isUnkept = resumed.unkept.some(({ commandId }) => commandId === configurationId)
  if (configuredUrl === url && !isUnkept) return
  const reason = `the configuration names ${url} and no more ${configuredUrl}`
  stage.post('endpoint-manager', {
    type: 'endpoint.commanded',
    commandId: configurationId,
    url,
    reason,
  } as never)
}

/** What it knew in its former life, as far as that was stored, and what the configuration said then. */
const formerEndpointManager = ({
  actors,
  assignments,
}: Former): {
  readonly former: EndpointManagerContext | undefined
  readonly configuredUrl: string | undefined
} => {
  const stored = actors.get('endpoint-manager')
  if (stored === undefined) {
    const configured = assignments.findLast(({ by }) => by === 'configuration')
    return { former: undefined, configuredUrl: configured?.url }
  }
  const envelope = { ...stored, snapshot: JSON.parse(stored.snapshot) }
  const { context } = opened(envelope, endpointManagerVersion) as {
    readonly context: EndpointManagerContext
  }
  return { former: context, configuredUrl: context.url }
}

const snapshotOf = ({ value, context }: Resumption): object => ({
  status: 'active',
  value,
  historyValue: {},
  context,
  children: {},
})

/** Stores the state of the endpoint manager, once at a time; what changes meanwhile is stored after. */
export const keepingEndpointManager = ({
  stage,
  keeper,
  clock,
  log,
  failed,
}: {
  readonly stage: Pick<Stage, 'persisted'>
  readonly keeper: Pick<Keeper, 'keepActor'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  readonly failed: (cause: unknown) => void
}): (() => void) => {
  let state: 'idle' | 'once' | 'again' = 'idle'
  const keep = (): void => {
    if (state !== 'idle') {
      state = 'again'
      return
    }
    const snapshot = stage.persisted('endpoint-manager')
    // The stage has been emptied since it changed: the pipeline stops.
    if (snapshot === undefined) return
    state = 'once'
    const envelope = { actor: 'endpoint-manager', version: endpointManagerVersion, snapshot }
    keeper.keepActor(envelope, clock.now()).then(
      () => {
        const isDueAgain = state === 'again'
        state = 'idle'
        if (isDueAgain) keep()
      },
      (cause) => {
        state = 'idle'
        // The assignment itself is kept apart: what a crash may lose now is a pin, or what was
        // proven. A full disk is no reason to stop; the next change is kept again.
        log.error('actor.unpersisted', 'The state of the endpoint manager could not be kept.', {
          cause,
        })
        if (!(cause instanceof JournalError || cause instanceof KafkaError)) failed(cause)
      },
    )
  }
  return keep
}
