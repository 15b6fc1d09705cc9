import type { Clock } from '../infra/clock/clock.ts'
import type { Meters } from '../infra/telemetry/meters.ts'
import { heldIn } from './account/held.ts'
import type { Config } from './config/config.ts'
import type { Complaint, Observed } from './observed.ts'
import type { PendingCommands } from './pending-commands.ts'
import type { Stage } from './stage.ts'
import type { Storage } from './storage.ts'
import { actorViews, endpointView, healthOf, oldestAgeSeconds } from './view.ts'

/** What is known to be wrong for good: actors that have thrown. */
export type Complaints = { readonly broken: Complaint[] }

/** A pipeline as the admin API sees it: everything is read when it is asked for. */
export const observe = ({
  config,
  producer,
  stage,
  storage: { ring, journal, ledger },
  commands,
  clock,
  meters,
  complaints,
}: {
  readonly config: Config
  readonly producer: string
  readonly stage: Stage
  readonly storage: Storage
  readonly commands: PendingCommands
  readonly clock: Clock
  readonly meters: Meters
  readonly complaints: Complaints
}): Observed => ({
  producer,
  ledger,
  cache: () => ({
    bytes: ring.bytes(),
    capacityBytes: config.cache.capacityBytes,
    oldestAgeSeconds: oldestAgeSeconds(stage.actors(), clock.now()),
  }),
  held: () => heldIn(ring),
  endpoint: () => endpointView(stage.actors()),
  command: commands.give,
  dispatch: ({ kind, reason }) =>
    stage.post(
      'dispatcher',
      kind === 'suspend' ? { type: 'dispatch.suspended', reason } : { type: 'dispatch.resumed' },
    ),
  actors: () => actorViews(stage.actors()),
  health: () =>
    healthOf(stage.actors(), {
      live: complaints.broken,
      ready: journal.reserved()
        ? []
        : [{ actor: 'ledger', reason: 'the disk has no room left for drop events' }],
    }),
  counters: meters.read,
})
