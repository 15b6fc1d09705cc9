/** What the services of the distributed body have in common: each is some actors, and their way to Kafka. */
import type { Kafka, Outgoing } from '../../infra/kafka/kafka.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import type { Telemetry } from '../../infra/telemetry/telemetry.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Config } from '../config/config.ts'
import type { AnyMessage } from '../entrance.ts'
import type { Complaint } from '../observed.ts'
import type { Stage } from '../stage.ts'
import type { World } from '../world.ts'
import type { Role } from './role.ts'

export type ServiceWorld = Pick<
  World,
  'clock' | 'endpoint' | 'sources' | 'book' | 'filesystem' | 'lock' | 'webhook'
>

export type ServiceNeeds = {
  readonly config: Config
  /** This process in this life: no other has the same. */
  readonly service: string
  readonly kafka: Kafka
  readonly world: ServiceWorld
  readonly meters: Meters
  readonly log: Log
  readonly telemetry: Telemetry | undefined
  /** Where its actors live. */
  readonly stage: Stage
  readonly failed: (cause: unknown) => void
}

export type Service = {
  readonly role: Role
  /** Addresses of its sources, by name. */
  readonly sources: Readonly<Record<string, string>>
  /** What is wrong besides the states of its actors; empty: nothing. */
  readonly unready: () => readonly Complaint[]
  /** What is to be done now and then. */
  readonly tidy: (nowMs: InstantMs) => Promise<void>
  /** Finishes what is under way until then, and lets others have the rest. */
  readonly stop: (deadlineMs: InstantMs) => Promise<void>
}

/** Hands a message over to Kafka. It is a tell: nobody waits for it. */
export type Mail = (outgoing: Outgoing) => void

/**
 * A message that could not be sent is lost, as one is that its recipient dies with; each that counts is
 * told again, or somebody waits for its answer with a deadline.
 */
export const openMail =
  ({ kafka, meters, log }: Pick<ServiceNeeds, 'kafka' | 'meters' | 'log'>): Mail =>
  (outgoing) => {
    kafka.publish([outgoing]).catch((cause: unknown) => {
      meters.count('deadLetters', {})
      const type = outgoing.topic === 'records' ? 'a payload' : outgoing.message.type
      log.warn('message.unsent', `${type} could not be sent to ${outgoing.topic}.`, { cause })
    })
  }

/** As an actor's ports see the stage: some whom it tells something are in another process. */
export type Post = {
  readonly post: <Message extends AnyMessage>(id: string, message: Message) => void
}
