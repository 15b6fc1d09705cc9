import type { InstantMs } from '../../schemas/brand.ts'
import type { RingSeen, ServiceBeat } from '../../schemas/messages.ts'
import type { ActorView } from '../observed.ts'
import type { Mail } from './service.ts'

/** So often a service says that it is there, and what its actors do. */
export const everyMs = 1_000
/** Deliveries come and go by the hundred; the states of the others say what there is to say. */
const actorsMax = 200
/** Of shards there are some dozens. */
const ringsMax = 200

export type Heartbeat = {
  /** Says so, if it is time. */
  readonly beat: (nowMs: InstantMs) => void
  /** Says that this service stops, so that nobody waits for it. */
  readonly last: (nowMs: InstantMs) => void
}

export const openHeartbeat = (given: {
  readonly service: string
  readonly role: string
  readonly mail: Mail
  readonly actors: () => readonly ActorView[]
  readonly rings: () => readonly RingSeen[]
}): Heartbeat => {
  const { service, role, mail, actors, rings } = given
  let lastMs = 0
  const beat = (nowMs: InstantMs, dueMs: number): void => {
    lastMs = nowMs
    const message: ServiceBeat = {
      type: 'service.beat',
      service,
      role,
      atMs: nowMs,
      everyMs: dueMs,
      actors: actors()
        .filter(({ machine }) => machine !== 'delivery')
        .slice(0, actorsMax)
        .map(({ sinceMs, ...actor }) => ({ ...actor, sinceMs: sinceMs as InstantMs })),
      rings: rings().slice(0, ringsMax),
    }
    mail({ topic: 'heartbeats', partition: 0, key: service, message })
  }
  return {
    beat: (nowMs) => {
      if (nowMs - lastMs >= everyMs) beat(nowMs, everyMs)
    },
    last: (nowMs) => beat(nowMs, 0),
  }
}
