/** The actors of a pipeline in one process, brought to life with their ports filled. */
import { cache } from '../actors/cache/machine.ts'
import { collector } from '../actors/collector/machine.ts'
import { delivery } from '../actors/delivery/machine.ts'
import type { DeliveryEffects } from '../actors/delivery/protocol.ts'
import type { Start } from '../actors/dispatcher/books.ts'
import { dispatcher } from '../actors/dispatcher/machine.ts'
import type { EndpointManagerContext } from '../actors/endpoint-manager/context.ts'
import { endpointManager } from '../actors/endpoint-manager/machine.ts'
import type { CommandResult } from '../actors/endpoint-manager/protocol.ts'
import { type Resumption, resumption } from '../actors/endpoint-manager/resumption.ts'
import { opened } from '../actors/kit/snapshot.ts'
import type { Clock } from '../infra/clock/clock.ts'
import type { Endpoint } from '../infra/endpoints/endpoint.ts'
import { JournalError } from '../infra/journal/journal-error.ts'
import type { Intake } from '../infra/sources/intake.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Meters } from '../infra/telemetry/meters.ts'
import type { Telemetry } from '../infra/telemetry/telemetry.ts'
import type { Config } from './config/config.ts'
import {
  cacheInput,
  collectorInput,
  deliveryInput,
  dispatcherInput,
  endpointManagerInput,
} from './inputs.ts'
import type { Keeper } from './keeper.ts'
import { cachePorts } from './ports/cache-ports.ts'
import { collectorPorts } from './ports/collector-ports.ts'
import { type Attempts, attemptKey, deliveryPorts } from './ports/delivery-ports.ts'
import { endpointPorts } from './ports/endpoint-ports.ts'
import { tellOn } from './ports/filled.ts'
import type { Entrance, Stage } from './stage.ts'
import type { Storage } from './storage.ts'

/** Of the endpoint manager's stored state. A change of its states or its context makes it one more. */
export const endpointManagerVersion = 1

type Needs = {
  readonly config: Config
  readonly producer: string
  readonly stage: Stage
  readonly storage: Storage
  readonly intake: Intake
  readonly endpoint: Endpoint
  readonly keeper: Keeper
  readonly clock: Clock
  readonly meters: Meters
  readonly log: Log
  readonly telemetry: Telemetry | undefined
  readonly answerCommand: (commandId: string, result: CommandResult) => void
  /** Called when an actor has come to its end. */
  readonly done: (actor: string) => void
  readonly failed: (cause: unknown) => void
  readonly gotOn: () => void
}

/** How each actor enters the stage; anew, where it can be started by itself. */
export type Cast = {
  readonly collector: (producer: string) => Entrance
  readonly dispatcher: () => Entrance
  readonly endpointManager: (snapshot: unknown) => Entrance
  /** Gives up an attempt that nobody waits for any more. */
  readonly abandon: (attempt: DeliveryEffects['abandon']) => void
}

/** Starts the actors, each after the ones that it tells something at once. */
export const startCast = (needs: Needs): Cast => {
  const { config, producer, stage, storage, clock, done } = needs
  const shared = { ...needs, ...storage, segments: storage.recovery.segments }
  const attempts: Attempts = new Map()
  const cast = castOf(needs, { attempts, ports: deliveryPorts({ ...shared, attempts }) })

  startEndpointManager(needs, cast)
  stage.start({
    id: 'cache',
    machine: cache,
    effects: cachePorts(shared),
    input: cacheInput(config, clock.now()),
    done: () => done('cache'),
  })
  stage.start(cast.collector(producer))
  stage.start(cast.dispatcher())
  return cast
}

const castOf = (
  needs: Needs,
  { attempts, ports }: { readonly attempts: Attempts; readonly ports: Entrance['effects'] },
): Cast => {
  const { config, producer, stage, clock, done } = needs
  const startSend = (start: Start): void =>
    stage.start({
      id: start.sendId,
      machine: delivery,
      effects: ports,
      input: deliveryInput(config, start),
    })
  const changed = keeping(needs)
  return {
    collector: (asProducer) => ({
      id: 'collector',
      machine: collector,
      effects: collectorPorts(needs),
      input: collectorInput(config, { producer: asProducer, startedAtMs: clock.now() }),
      done: () => done('collector'),
    }),
    dispatcher: () => ({
      id: 'dispatcher',
      machine: dispatcher,
      effects: { tell: tellOn(stage), startSend },
      input: dispatcherInput(config, { dispatcher: producer, startedAtMs: clock.now() }),
      done: () => done('dispatcher'),
    }),
    endpointManager: (snapshot) => ({
      id: 'endpoint-manager',
      machine: endpointManager,
      effects: endpointPorts(needs),
      input: endpointManagerInput(config, clock.now()),
      ...(snapshot === undefined ? {} : { snapshot }),
      changed,
    }),
    abandon: (attempt) => attempts.get(attemptKey(attempt))?.abort(),
  }
}

/** By this id the endpoint manager knows a command of the configuration. */
const configurationId = 'configuration'

/**
 * Brings the endpoint manager back as it was, with today's configuration: the endpoint that it was sent
 * to holds over a restart, unless the configuration names another one than it did.
 */
const startEndpointManager = (needs: Needs, cast: Pick<Cast, 'endpointManager'>): void => {
  const { config, stage, storage, clock } = needs
  const input = endpointManagerInput(config, clock.now())
  const { former, configuredUrl } = formerEndpointManager(needs)
  const { assignments } = storage.replayed
  const resumed =
    configuredUrl === undefined ? undefined : resumption(former, { input, assignments })
  stage.start(cast.endpointManager(resumed === undefined ? undefined : snapshotOf(resumed)))
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
  storage: { replayed },
}: Needs): {
  readonly former: EndpointManagerContext | undefined
  readonly configuredUrl: string | undefined
} => {
  const stored = replayed.actors.get('endpoint-manager')
  if (stored === undefined) {
    const configured = replayed.assignments.findLast(({ by }) => by === 'configuration')
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
const keeping = ({ stage, keeper, clock, log, failed }: Needs): (() => void) => {
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
        // The assignment itself is journaled apart: what a crash may lose now is a pin, or what was
        // proven. A full disk is no reason to stop; the next change is kept again.
        log.error('actor.unpersisted', 'The state of the endpoint manager could not be kept.', {
          cause,
        })
        if (!(cause instanceof JournalError)) failed(cause)
      },
    )
  }
  return keep
}
