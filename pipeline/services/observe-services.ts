/** What the outside sees of the services of a process; of all services, where the account is kept. */

import { noBook } from '../../infra/book/account-book.ts'
import type { Clock } from '../../infra/clock/clock.ts'
import { openTopicAccount, type TopicAccount } from '../../infra/ledger/topic-account.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import type { Held } from '../../schemas/messages.ts'
import type { Complaints } from '../observe.ts'
import type { ActorView, Complaint, EndpointView, Observed } from '../observed.ts'
import { ringsSeen } from '../ring-summary.ts'
import { ringViewOf } from '../ring-view.ts'
import type { Stage } from '../stage.ts'
import {
  actorViews,
  complaintsOf,
  dispatchView,
  endpointView,
  oldestAgeSeconds,
  supersededSends,
} from '../view.ts'
import type { Assignments } from './assignments.ts'
import type { Audit } from './audit.ts'
import type { CacheService } from './cache-service.ts'
import type { Operators } from './operators.ts'
import type { Peers } from './peers.ts'
import type { Service } from './service.ts'
import type { UnheldShards } from './unheld-shards.ts'

export const observeServices = (given: {
  readonly service: string
  readonly stage: Stage
  readonly clock: Clock
  readonly meters: Meters
  readonly complaints: Complaints
  readonly assignments: Assignments
  readonly operators: Operators
  readonly peers: Peers
  readonly rings: Observed['rings']
  readonly unheld: UnheldShards | undefined
  readonly services: readonly Service[]
  readonly caches: CacheService | undefined
  /** Where this process keeps the account. */
  readonly audit: Audit | undefined
  readonly notices: Observed['notices']
}): Observed => {
  const { service, stage, clock, meters, complaints, operators, peers, audit } = given
  const account = audit?.account
  const ledger = (account ?? noAccount).ledger
  return {
    producer: service,
    ledger,
    book: audit?.bookkeeper ?? noBookkeeper,
    keepsAccount: account === undefined ? 'elsewhere' : 'here',
    cache: () => ({
      bytes: given.caches?.bytes() ?? 0,
      // Of the shards that are here: what all processes say adds up to what is configured.
      capacityBytes: ringsSeen(stage.actors()).reduce((sum, it) => sum + it.capacityBytes, 0),
      oldestAgeSeconds: oldestAgeSeconds(stage.actors(), clock.now()),
    }),
    ring: (cache) => ringViewOf(stage.actors(), cache),
    rings: given.rings,
    held: () => heldIn(account),
    doubts: () =>
      ledger.totals().unaccounted === 0
        ? []
        : ['The account does not balance: records are unaccounted for.'],
    endpoint: () => endpointSeen(given),
    command: operators.command,
    dispatch: operators.dispatch,
    notices: given.notices,
    dispatching: () => dispatchView(stage.actors(), clock.now()),
    actors: () => [
      ...actorViews(stage.actors()),
      ...(account === undefined ? [] : actorsElsewhere(peers)),
    ],
    // It is the sentinel of this process that knows.
    stalls: () => [],
    transitions: stage.transitions,
    follow: stage.follow,
    health: () => ({
      live: complaints.broken,
      ready: [
        ...complaints.broken,
        ...complaintsOf(stage.actors()),
        ...given.services.flatMap((it): readonly Complaint[] => it.unready()),
        ...peers.deaf(clock.now()),
        ...(account === undefined ? [] : peers.silent()),
        ...(given.unheld?.complaints() ?? []),
      ],
    }),
    counters: meters.read,
    noteUnshown: (events) => meters.count('inspectionSkipped', {}, events),
  }
}

/** Of a service that keeps no account nobody is shown this: it is asked for where it is kept. */
const noAccount = openTopicAccount({ book: noBook, isKept: () => false })
const noBookkeeper: Observed['book'] = {
  ask: () => Promise.reject(new Error('This service keeps no account; the auditor does.')),
  view: () => ({ state: 'starting', missingRecords: 0, waiting: 0 }),
}

async function* heldIn(account: TopicAccount | undefined): AsyncGenerator<Held, void, undefined> {
  yield* account?.pending() ?? []
}

const actorsElsewhere = (peers: Pick<Peers, 'beats'>): readonly ActorView[] =>
  peers
    .beats()
    .flatMap(({ service, actors }) =>
      actors.map((actor) => ({ ...actor, id: `${service}/${actor.id}` })),
    )

/** The newest assignment is known to all; the manager's state is known where it is, and by its beats. */
const endpointSeen = ({
  stage,
  assignments,
  peers,
}: {
  readonly stage: Stage
  readonly assignments: Pick<Assignments, 'latest' | 'history'>
  readonly peers: Pick<Peers, 'beats'>
}): EndpointView => {
  const own = endpointView(stage.actors())
  const manager = peers
    .beats()
    .flatMap(({ actors }) => actors)
    .find(({ machine }) => machine === 'endpoint-manager')
  const latest = assignments.latest()
  const isOwn = own.url !== null
  return {
    ...own,
    url: latest?.url ?? own.url,
    epoch: latest?.epoch ?? own.epoch,
    state: isOwn ? own.state : (manager?.value ?? own.state),
    pinned: isOwn ? own.pinned : manager?.value === 'pinned',
    pending: supersededSends(stage.actors(), latest?.epoch ?? own.epoch),
    history: isOwn ? own.history : assignments.history(),
  }
}
