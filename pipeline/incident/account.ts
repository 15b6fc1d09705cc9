/** The accounts at the end: what arrived is counted at the endpoints, what was said by who said it. */
import type { Drop } from '../../schemas/messages.ts'
import type { HoldfastContestant } from './holdfast-contestant.ts'
import { type Stage, sceneOf } from './replay.ts'
import type { Scene } from './scene.ts'

export type Account = {
  readonly accepted: number
  /** Counted at the endpoints, each record once. */
  readonly delivered: number
  readonly duplicates: number
  /** Gone, and told of. */
  readonly dropped: number
  /** Neither delivered, nor held, nor told of. */
  readonly unreported: number
  /** Held when it was over. */
  readonly pending: number
  readonly redirectsObeyed: number
  /** What was said of those that were not. */
  readonly redirectsRefused: readonly string[]
}
export type NaiveAccount = Account & {
  /** As its cache has counted, for us alone. */
  readonly overwritten: number
  /** Since the start: when the last record arrived before the restart. `null`: it did not stall. */
  readonly stalledAtMs: number | null
  readonly restartedAtMs: number | null
  /** Senders and commands that waited for the lock of the endpoint when it was restarted. */
  readonly waitingForLock: number
  /** Lines that it logged between the stall and the restart. */
  readonly linesLogged: number
}
export type HoldfastAccount = Account & {
  readonly dropEvents: number
  /** The longest time from a drop event to the log line about it; `null` without any. */
  readonly noticedAfterMs: number | null
  /** Records that a drop event names and that arrived all the same. */
  readonly dropsThatArrived: number
  /** Whether the ledger says the same as the endpoints and the clients. */
  readonly ledgerAgrees: boolean
  readonly drops: readonly Drop[]
}
export type Accounts = {
  readonly scene: Scene
  readonly cacheBytes: number
  readonly redirects: number
  /** Redirects that the first endpoint answered with in the storm. */
  readonly answeredRedirects: {
    readonly naive: number
    readonly holdfast: number
    readonly away: number
  }
  readonly naive: NaiveAccount
  readonly holdfast: HoldfastAccount
  readonly away: HoldfastAccount
}

export const accountsOf = async (stage: Stage): Promise<Accounts> => {
  const { endpoints, commandsAtMs, cacheBytes } = stage
  return {
    scene: sceneOf(stage),
    cacheBytes,
    redirects: commandsAtMs.length,
    answeredRedirects: {
      naive: endpoints.A.redirected('naive'),
      holdfast: endpoints.A.redirected('holdfast'),
      away: endpoints.A.redirected('away'),
    },
    naive: naiveAccount(stage),
    holdfast: await holdfastAccount(stage, stage.holdfast),
    away: await holdfastAccount(stage, stage.away),
  }
}

const stallMsMin = 500

const naiveAccount = (stage: Stage): NaiveAccount => {
  const { naive, arrivals, accepted, startedAtMs, restart, durationMs } = stage
  const arrived = arrivals.of('naive')
  const endMs = restart?.atMs ?? startedAtMs + durationMs
  const lastMs = arrived.events.findLast(({ atMs }) => atMs < endMs)?.atMs ?? startedAtMs
  const isStalled = endMs - lastMs >= stallMsMin
  const missing = accepted.naive.filter((number) => !arrived.numbers.has(number)).length
  return {
    accepted: accepted.naive.length,
    delivered: arrived.numbers.size,
    duplicates: arrived.duplicates,
    // There is no line of it in which it could say so.
    dropped: 0,
    unreported: missing - naive.heldRecords(),
    pending: naive.heldRecords(),
    redirectsObeyed: stage.obeyed.naive,
    redirectsRefused: stage.refusals.naive,
    overwritten: naive.lost().reduce((sum, { records }) => sum + records, 0),
    stalledAtMs: isStalled ? lastMs - startedAtMs : null,
    restartedAtMs: restart === null ? null : restart.atMs - startedAtMs,
    waitingForLock: restart?.waiting ?? 0,
    linesLogged: naive.said().filter(({ atMs }) => atMs > lastMs && atMs < endMs).length,
  }
}

const holdfastAccount = async (
  { arrivals, accepted, obeyed, refusals }: Stage,
  contestant: HoldfastContestant,
): Promise<HoldfastAccount> => {
  const numbers = accepted[contestant.agent]
  const arrived = arrivals.of(contestant.agent)
  const drops = await contestant.drops()
  const totals = contestant.totals()
  // One client sends one stream, one request after the other: a record's place is its number there.
  const named = new Set(drops.flatMap((drop) => numbers.slice(drop.firstSeq, drop.lastSeq + 1)))
  const missing = numbers.filter((number) => !arrived.numbers.has(number))
  const silent = missing.filter((number) => !named.has(number)).length
  const dropped = drops.reduce((sum, { records }) => sum + records, 0)
  const latencies = contestant.told().map(({ drop, toldAtMs }) => toldAtMs - drop.atMs)
  return {
    accepted: numbers.length,
    delivered: arrived.numbers.size,
    duplicates: arrived.duplicates,
    dropped,
    unreported: Math.max(0, silent - totals.pending),
    pending: totals.pending,
    redirectsObeyed: obeyed[contestant.agent],
    redirectsRefused: refusals[contestant.agent],
    dropEvents: drops.length,
    noticedAfterMs: latencies.length === 0 ? null : Math.max(0, ...latencies),
    dropsThatArrived: [...named].filter((number) => arrived.numbers.has(number)).length,
    ledgerAgrees:
      totals.unaccounted === 0 &&
      totals.accepted === numbers.length &&
      totals.delivered === arrived.numbers.size &&
      totals.dropped === dropped &&
      contestant.told().length === drops.length,
    drops,
  }
}

/** What does not hold of what the replay is to show. Empty: all of it was shown. */
export const faultsOf = ({ naive, holdfast, away, redirects }: Accounts): readonly string[] => [
  ...faultsOfOne('Holdfast', holdfast, redirects),
  ...faultsOfOne('Holdfast with its endpoint away', away, redirects),
  ...(holdfast.dropped > 0
    ? [`Holdfast dropped ${holdfast.dropped} records, with drop events: was this machine too busy?`]
    : []),
  ...(naive.stalledAtMs === null || naive.waitingForLock === 0
    ? ['The naive agent did not deadlock this time, so the incident was not shown.']
    : naive.unreported <= 0
      ? ['The naive agent deadlocked but lost nothing, so the incident was not shown.']
      : []),
]

const faultsOfOne = (name: string, account: HoldfastAccount, redirects: number) => {
  const { unreported, pending, redirectsObeyed, redirectsRefused, ledgerAgrees } = account
  const faults: string[] = []
  if (unreported > 0) faults.push(`${name} lost ${unreported} records and did not say so.`)
  if (pending > 0) faults.push(`${name} still held ${pending} records at the end.`)
  if (redirectsObeyed < redirects)
    faults.push(
      `${name} obeyed ${redirectsObeyed} of ${redirects} redirects. ${redirectsRefused.join(' ')}`.trim(),
    )
  if (!ledgerAgrees) faults.push(`The ledger of ${name} does not agree with what arrived.`)
  return faults
}
