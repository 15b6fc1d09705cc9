import type { Clock } from '../infra/clock/clock.ts'
import type { Ledger } from '../infra/ledger/ledger.ts'
import type { Recovery } from '../infra/ring/record-log.ts'
import type { Meters } from '../infra/telemetry/meters.ts'
import { heldIn } from './account/held.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Config } from './config/config.ts'
import type { Notices } from './notices/notices.ts'
import type { Complaint, Observed } from './observed.ts'
import type { PendingCommands } from './pending-commands.ts'
import { ringsHere } from './ring-summary.ts'
import { ringViewOf } from './ring-view.ts'
import type { Stage } from './stage.ts'
import type { Storage } from './storage.ts'
import { actorViews, dispatchView, endpointView, healthOf, oldestAgeSeconds } from './view.ts'

/** What is known to be wrong for good: actors that have thrown. */
export type Complaints = { readonly broken: Complaint[] }

/** A pipeline as the admin API sees it: everything is read when it is asked for. */
export const observe = ({
  config,
  producer,
  stage,
  storage: { ring, journal, ledger, recovery, replayed },
  commands,
  notices,
  clock,
  meters,
  complaints,
  bookkeeper,
}: {
  readonly config: Config
  readonly producer: string
  readonly stage: Stage
  readonly storage: Storage
  readonly commands: PendingCommands
  readonly notices: Notices
  readonly clock: Clock
  readonly meters: Meters
  readonly complaints: Complaints
  readonly bookkeeper: Pick<Bookkeeper, 'ask' | 'view'>
}): Observed => ({
  producer,
  ledger,
  keepsAccount: 'here',
  cache: () => ({
    bytes: ring.bytes(),
    capacityBytes: config.cache.capacityBytes,
    oldestAgeSeconds: oldestAgeSeconds(stage.actors(), clock.now()),
  }),
  book: bookkeeper,
  ring: (cache) => ringViewOf(stage.actors(), cache),
  rings: () => ({ rings: ringsHere({ stage, service: producer, clock }), missing: [] }),
  held: () => heldIn(ring),
  doubts: (fromMs) => [...doubtsOf(recovery, ledger), ...doubtsBefore(replayed.begun, fromMs)],
  endpoint: () => endpointView(stage.actors()),
  command: commands.give,
  dispatch: ({ kind, reason }) =>
    stage.post(
      'dispatcher',
      kind === 'suspend' ? { type: 'dispatch.suspended', reason } : { type: 'dispatch.resumed' },
    ),
  notices,
  dispatching: () => dispatchView(stage.actors(), clock.now()),
  actors: () => actorViews(stage.actors()),
  transitions: stage.transitions,
  follow: stage.follow,
  // It is the sentinel that knows; where there is none, nobody has said anything.
  stalls: () => [],
  health: () =>
    healthOf(stage.actors(), {
      live: complaints.broken,
      ready: journal.reserved()
        ? []
        : [{ actor: 'ledger', reason: 'the disk has no room left for drop events' }],
    }),
  counters: meters.read,
  noteUnshown: (events) => meters.count('inspectionSkipped', {}, events),
})

/** Of a time before the account began anew, it says only what was still held then. */
const doubtsBefore = (begun: Storage['replayed']['begun'], fromMs: number): readonly string[] =>
  begun === null || fromMs >= begun.atMs
    ? []
    : [
        `The journal had been removed when Holdfast started at ${new Date(begun.atMs).toISOString()}: of what ` +
          'was accepted before, the account has what was still held then.',
      ]

const doubtsOf = (
  { unknown }: Pick<Recovery, 'unknown'>,
  ledger: Pick<Ledger, 'totals'>,
): readonly string[] => {
  const { unaccounted } = ledger.totals()
  const damage = 'The record log was damaged where no record can be named any more'
  return [
    ...(unknown.length > 0
      ? [`${damage} (places: ${unknown.length}; ring.damaged in the log).`]
      : []),
    ...(unaccounted === 0 ? [] : ['The account does not balance: records are unaccounted for.']),
  ]
}
