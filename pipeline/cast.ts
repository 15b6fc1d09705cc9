/** The actors of a pipeline in one process, brought to life with their ports filled. */
import { cache } from '../actors/cache/machine.ts'
import { collector } from '../actors/collector/machine.ts'
import { delivery } from '../actors/delivery/machine.ts'
import type { DeliveryEffects } from '../actors/delivery/protocol.ts'
import type { Start } from '../actors/dispatcher/books.ts'
import { dispatcher } from '../actors/dispatcher/machine.ts'
import { endpointManager } from '../actors/endpoint-manager/machine.ts'
import type { CommandResult } from '../actors/endpoint-manager/protocol.ts'
import type { Clock } from '../infra/clock/clock.ts'
import type { Endpoint } from '../infra/endpoints/endpoint.ts'
import type { Intake } from '../infra/sources/intake.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Meters } from '../infra/telemetry/meters.ts'
import type { Telemetry } from '../infra/telemetry/telemetry.ts'
import type { Assignment } from '../schemas/messages.ts'
import type { Config } from './config/config.ts'
import { keepingEndpointManager, resumeEndpointManager } from './endpoint-manager-life.ts'
import type { Entrance } from './entrance.ts'
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
import type { Stage } from './stage.ts'
import type { Storage } from './storage.ts'

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
  readonly assigned: (assignment: Assignment) => void
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

  resumeEndpointManager({
    config,
    stage,
    clock,
    former: storage.replayed,
    start: (snapshot) => stage.start(cast.endpointManager(snapshot)),
  })
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
  const changed = keepingEndpointManager(needs)
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
