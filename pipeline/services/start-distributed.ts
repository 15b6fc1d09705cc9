/** The services of a process on their Kafka. */
import { openKafka } from '../../infra/kafka/open-kafka.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import { openMeters } from '../../infra/telemetry/meters.ts'
import type { Telemetry } from '../../infra/telemetry/telemetry.ts'
import type { Config } from '../config/config.ts'
import type { KafkaSettings } from '../config/kafka-settings.ts'
import type { RunningPipeline } from '../observed.ts'
import { producerId } from '../producer.ts'
import { realWorld, type World } from '../world.ts'
import type { Role } from './role.ts'
import { startServices } from './start-services.ts'

/** A session outlives some heartbeats that are lost or late. */
const beatsPerSession = 5
const heartbeatMsMax = 1_000

/**
 * Waits for a broker that is not there yet; services start in any order.
 * @throws {KafkaError} `refused` where waiting does not help; the signal's reason, when it is aborted.
 */
export const startDistributed = async (
  config: Config,
  given: {
    readonly kafka: KafkaSettings
    readonly roles: readonly Role[]
    readonly log: Log
    readonly telemetry: Telemetry | undefined
    /** Ends the wait. */
    readonly signal: AbortSignal
    readonly world?: World
  },
): Promise<RunningPipeline> => {
  const { kafka: settings, roles, log, telemetry, signal, world = realWorld } = given
  const { clock } = world
  const meters = openMeters()
  const service = producerId(`${config.name}-${roles.length === 1 ? roles[0] : 'all'}`, clock)
  const { brokers, tls, sasl, connectTimeoutMs, requestTimeoutMs, sessionMs, ...rest } = settings
  const kafka = await openKafka({
    ...rest,
    connection: { clientId: service, brokers, tls, sasl, connectTimeoutMs, requestTimeoutMs },
    service,
    log,
    meters,
    now: clock.now,
    signal,
    bounds: { sessionMs, heartbeatMs: Math.min(heartbeatMsMax, sessionMs / beatsPerSession) },
  })
  try {
    return await startServices(config, { roles, service, kafka, world, meters, log, telemetry })
  } catch (cause) {
    await kafka.close()
    throw cause
  }
}
