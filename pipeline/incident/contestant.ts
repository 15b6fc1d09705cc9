import type { Counted } from '../../infra/incident/arrivals.ts'
import type { Entry } from '../../infra/incident/overwriting-cache.ts'

/** The three rows of the picture, by the names under which their records arrive at the endpoints. */
export const agents = ['naive', 'holdfast', 'away'] as const
export type Agent = (typeof agents)[number]

/** One of those that are given the same records and the same commands. */
export type Contestant = {
  readonly agent: Agent
  /** Resolves with the records that it has taken responsibility for. */
  readonly accept: (entry: Entry) => Promise<number>
  /** Tells it to send elsewhere. Resolves once it has; it may never do. */
  readonly redirect: (url: string) => Promise<void>
  /** Records in its cache, neither delivered nor lost. */
  readonly heldRecords: () => number
  /** Records it gave up so far, whether it said so or not. */
  readonly lost: () => readonly Counted[]
  /** A person restarts it. */
  readonly restart: (url: string) => Promise<void>
  readonly close: () => Promise<void>
}
