import type { CommandResult } from '../actors/endpoint-manager/protocol.ts'
import type { Announcement } from '../actors/sentinel/protocol.ts'
import type { Ledger } from '../infra/ledger/ledger.ts'
import type { MeterReadings } from '../infra/telemetry/meters.ts'
import type { Assignment, Held } from '../schemas/messages.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Notices } from './notices/notices.ts'
import type { Rings } from './ring-summary.ts'
import type { RingView } from './ring-view.ts'
import type { Sights } from './sentinel/board.ts'
import type { Stall } from './sentinel/stall-history.ts'
import type { Subject } from './sentinel/subjects.ts'
import type { StageWatcher, Transition } from './stage-watch.ts'

/** What the admin API and the metrics page can see and ask of a running pipeline. */
export type Observed = {
  readonly producer: string
  readonly ledger: Pick<Ledger, 'totals' | 'streams' | 'drops'>
  /** `elsewhere`: among services, where the auditor keeps the account and `ledger` here is empty. */
  readonly keepsAccount: 'here' | 'elsewhere'
  readonly cache: () => CacheView
  /** The segments of a cache of this process, the first unless named; undefined where it is not. */
  readonly ring: (cache?: string) => RingView | undefined
  /** Of all services, where the account is kept. */
  readonly rings: () => Rings
  /** The batches that have not ended, read from disk as they are asked for. */
  readonly held: () => AsyncIterable<Held>
  /** The account in time, as far as it is written down. */
  readonly book: Pick<Bookkeeper, 'ask' | 'view'>
  /** Losses of records of this time or later that no drop event can name, if there may be any. */
  readonly doubts: (fromMs: number) => readonly string[]
  readonly endpoint: () => EndpointView
  /** Resolves once the endpoint manager has answered; never rejects. */
  readonly command: (command: EndpointCommand) => Promise<CommandResult>
  readonly dispatch: (command: {
    readonly kind: 'suspend' | 'resume'
    readonly reason: string
  }) => void
  readonly notices: Pick<Notices, 'list' | 'resend'>
  /** What the dispatcher is about; undefined once it has stopped. */
  readonly dispatching: () => DispatchView | undefined
  readonly actors: () => readonly ActorView[]
  /** The last changes of state of each machine, oldest first. */
  readonly transitions: () => readonly Transition[]
  /**
   * Shows who is there, and from now on what they do; the answer ends that. It is called while the
   * pipeline waits: note what is wanted of an event, and do the rest later.
   * @throws when too many watch already.
   */
  readonly follow: (watcher: StageWatcher) => () => void
  /** What the sentinel has said of stalls in this life, oldest first. */
  readonly stalls: () => readonly Stall[]
  readonly health: () => Health
  /** What `infra/telemetry/meters.ts` has counted: `meters.read`. */
  readonly counters: () => MeterReadings
  /** So many events of the actors were not shown to whoever inspects them. */
  readonly noteUnshown: (events: number) => void
}

export type CacheView = {
  readonly bytes: number
  readonly capacityBytes: number
  /** Age of the oldest record that is held; 0 when none is. */
  readonly oldestAgeSeconds: number
}

export type EndpointView = {
  readonly url: string | null
  readonly epoch: number | null
  /** The endpoint manager's state value. */
  readonly state: string
  readonly pinned: boolean
  /** Attempts still out under an epoch that has been superseded. */
  readonly pending: number
  readonly history: readonly Assignment[]
}

export type DispatchView = {
  /** `suspend`: an operator has said stop. */
  readonly intent: 'run' | 'suspend' | 'drain'
  readonly sends: number
  /** Batches leased that are not on their way yet. */
  readonly waiting: number
  /** Failed sends in a row. */
  readonly failures: number
  /** No send starts before this moment; null: one may start now. */
  readonly retryAtMs: number | null
}

export type EndpointCommand =
  | { readonly kind: 'set'; readonly url: string; readonly reason: string }
  | { readonly kind: 'pin' | 'unpin'; readonly reason: string }

export type ActorView = {
  readonly id: string
  readonly machine: string
  /** The state value now: nested ones joined by dots. */
  readonly value: string
  readonly sinceMs: number
  readonly detail: string
  readonly healthy: boolean
}

/** Why not, by actor; empty: yes. */
export type Health = {
  readonly live: readonly Complaint[]
  readonly ready: readonly Complaint[]
}
export type Complaint = { readonly actor: string; readonly reason: string }

/** What the sentinel sees of a pipeline, and what it can do about it. */
export type Watched = {
  readonly sights: () => Sights
  readonly restart: (actor: string) => Restart
  readonly noteStall: (subject: Subject, announcement: Announcement) => void
}
export type Restart =
  | { readonly kind: 'restarted' }
  | { readonly kind: 'refused'; readonly why: string }

/** A pipeline from its start to its stop. */
export type RunningPipeline = {
  readonly observed: Observed
  readonly watched: Watched
  /** The base URL or address of each source, by its name in the configuration, with its real port. */
  readonly sources: Readonly<Record<string, string>>
  /** Stops accepting, finishes what is in flight within `shutdown_timeout`, keeps the rest on disk. */
  readonly stop: () => Promise<void>
  /** Resolves when the pipeline cannot go on; pending for ever otherwise. */
  readonly failed: Promise<Error>
}
