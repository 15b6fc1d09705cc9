/** The actors of a pipeline in one process, brought to life with their ports filled. */
import { cache } from '../actors/cache/machine.ts'
import { collector } from '../actors/collector/machine.ts'
import { delivery } from '../actors/delivery/machine.ts'
import type { Start } from '../actors/dispatcher/books.ts'
import { dispatcher } from '../actors/dispatcher/machine.ts'
import type { EndpointManagerContext } from '../actors/endpoint-manager/context.ts'
import { endpointManager } from '../actors/endpoint-manager/machine.ts'
import type { CommandResult, EndpointManagerInput } from '../actors/endpoint-manager/protocol.ts'
import { opened } from '../actors/kit/snapshot.ts'
import type { Clock } from '../infra/clock/clock.ts'
import type { Endpoint } from '../infra/endpoints/endpoint.ts'
import type { Intake } from '../infra/sources/intake.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Meters } from '../infra/telemetry/meters.ts'
import type { Config } from './config.ts'
import { cacheInput, collectorInput, deliveryInput, dispatcherInput, endpointManagerInput } from './inputs.ts' // biome-ignore format: one line
import type { Keeper } from './keeper.ts'
import { cachePorts } from './ports/cache-ports.ts'
import { collectorPorts } from './ports/collector-ports.ts'
import { deliveryPorts } from './ports/delivery-ports.ts'
import { endpointPorts } from './ports/endpoint-ports.ts'
import { tellOn } from './ports/filled.ts'
import type { Stage } from './stage.ts'
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
  readonly answerCommand: (commandId: string, result: CommandResult) => void
  /** Called when an actor has come to its end. */
  readonly done: (actor: string) => void
  readonly failed: (cause: unknown) => void
}

/** Starts the actors, each after the ones that it tells something at once. */
export const startCast = (needs: Needs): void => {
  const { config, producer, stage, storage, clock, done, failed } = needs
  const startedAtMs = clock.now()
  const shared = { ...needs, ...storage, segments: storage.recovery.segments }

  startEndpointManager(needs)
  stage.start({
    id: 'cache',
    machine: cache,
    effects: cachePorts(shared),
    input: cacheInput(config, startedAtMs),
    done: () => done('cache'),
  })
  stage.start({
    id: 'collector',
    machine: collector,
    effects: collectorPorts(shared),
    input: collectorInput(config, { producer, startedAtMs }),
    done: () => done('collector'),
  })
  const ports = deliveryPorts({ ...shared, failed })
  const startSend = (start: Start): void =>
    stage.start({
      id: start.sendId,
      machine: delivery,
      effects: ports,
      input: deliveryInput(config, start),
    })
  stage.start({
    id: 'dispatcher',
    machine: dispatcher,
    effects: { tell: tellOn(stage), startSend },
    input: dispatcherInput(config, { dispatcher: producer, startedAtMs }),
    done: () => done('dispatcher'),
  })
}

/**
 * Brings the endpoint manager back as it was, with today's configuration: the endpoint that it was sent
 * to holds over a restart, unless the configuration names another one than it did.
 */
const startEndpointManager = (needs: Needs): void => {
  const { config, stage, storage, keeper, clock, log, failed } = needs
  const input = endpointManagerInput(config, clock.now())
  const stored = storage.replayed.actors.get('endpoint-manager')
  const former =
    stored === undefined
      ? undefined
      : (opened({ ...stored, snapshot: JSON.parse(stored.snapshot) }, endpointManagerVersion) as {
          readonly context: EndpointManagerContext
        })
  let keeping: 'no' | 'once' | 'again' = 'no'
  const keep = (): void => {
    if (keeping !== 'no') {
      keeping = 'again'
      return
    }
    keeping = 'once'
    const snapshot = stage.persisted('endpoint-manager')
    const envelope = { actor: 'endpoint-manager', version: endpointManagerVersion, snapshot }
    keeper.keepActor(envelope, clock.now()).then(
      () => {
        const again = keeping === 'again'
        keeping = 'no'
        if (again) keep()
      },
      (cause) => {
        keeping = 'no'
        // The assignment itself is journaled apart: what may be lost is a pin, or what was proven.
        log.error('actor.unpersisted', 'The state of the endpoint manager could not be kept.', { cause }) // biome-ignore format: one line
        failed(cause)
      },
    )
  }
  stage.start({
    id: 'endpoint-manager',
    machine: endpointManager,
    effects: endpointPorts(needs),
    input,
    ...(former === undefined ? {} : { snapshot: withInput(former, input) }),
    changed: keep,
  })
  if (former !== undefined && former.context.url !== config.endpoint.url) {
    const reason = `the configuration names ${config.endpoint.url} and no more ${former.context.url}`
    const { url } = config.endpoint
    stage.post('endpoint-manager', { type: 'endpoint.commanded', commandId: 'configuration', url, reason } as never) // biome-ignore format: one line
  }
}

const withInput = <Former extends { readonly context: EndpointManagerContext }>(
  former: Former,
  input: EndpointManagerInput,
): Former => ({ ...former, context: { ...former.context, ...input } })
