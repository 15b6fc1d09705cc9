/** The incident, from its start to the accounts: the same records and redirects for three agents. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Arrivals, openArrivals } from '../../infra/incident/arrivals.ts'
import { payloadOf, recordsPerPayload } from '../../infra/incident/load.ts'
import { openStagedEndpoint, type StagedEndpoint } from '../../infra/incident/staged-endpoint.ts'
import { agents, type Contestant } from './contestant.ts'
import { type HoldfastContestant, openHoldfastContestant } from './holdfast-contestant.ts'
import { type NaiveContestant, openNaiveContestant } from './naive-contestant.ts'
import type { Scene } from './scene.ts'
import { answerMs, cacheShare, script, tickMs } from './script.ts'

const inFlightMsMax = 2_000
const drainMsMax = 5_000
const lookMs = 10

/** All that is on the stage while the incident is replayed. */
export type Stage = {
  readonly startedAtMs: number
  readonly durationMs: number
  readonly cacheBytes: number
  readonly arrivals: Arrivals
  readonly endpoints: Readonly<Record<'A' | 'B', StagedEndpoint>>
  readonly naive: NaiveContestant
  readonly holdfast: HoldfastContestant
  /** A pipeline like the other, whose endpoints stay away after the storm. */
  readonly away: HoldfastContestant
  /** Numbers of the records that each has accepted, in order. */
  readonly accepted: Readonly<Record<Contestant['agent'], number[]>>
  /** Commands to change the endpoint: when each was given, and how many each agent has obeyed. */
  readonly commandsAtMs: number[]
  readonly obeyed: Record<Contestant['agent'], number>
  /** Why the others were not, as far as anybody said. */
  readonly refusals: Record<Contestant['agent'], string[]>
  /** When the naive agent was restarted, and who waited for its lock then. */
  restart: { readonly atMs: number; readonly waiting: number } | null
}

/**
 * Replays it and hands over what there is at the end, before all of it is taken down again.
 * @param options.watch is given the scene so far, to look at while it goes on.
 * @throws when something could not be set up, or `signal` is aborted. Nothing is left behind.
 */
export const replayIncident = async <Result>(options: {
  readonly seconds: number
  readonly signal: AbortSignal
  readonly watch: (scene: () => Scene) => void
  readonly judge: (stage: Stage) => Promise<Result>
}): Promise<Result> => {
  const { signal } = options
  const closers: (() => Promise<unknown>)[] = []
  try {
    const stage = await setUp(options.seconds * 1_000, closers)
    options.watch(() => sceneOf(stage))
    const broken = Promise.race([stage.holdfast.failed, stage.away.failed])
    await Promise.race([perform(stage, signal), broken.then((error) => Promise.reject(error))])
    return await options.judge(stage)
  } finally {
    await closeAll(closers.reverse())
  }
}

/** Closes all of them, whatever becomes of one. @throws what the first has thrown that failed. */
const closeAll = async (closers: readonly (() => Promise<unknown>)[]): Promise<void> => {
  const failures: unknown[] = []
  for (const close of closers) await close().catch((cause: unknown) => failures.push(cause))
  if (failures.length > 0) throw failures[0]
}

const setUp = async (durationMs: number, closers: (() => Promise<unknown>)[]): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-incident-'))
  closers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  const arrivals = openArrivals(Date.now)
  const open = async (): Promise<StagedEndpoint> => {
    const endpoint = await openStagedEndpoint(arrivals)
    closers.push(endpoint.close)
    return endpoint
  }
  const endpoints = { A: await open(), B: await open() }
  for (const agent of agents) treatWell(endpoints, agent)

  const { payload } = payloadOf(0, Date.now())
  const cacheBytes = Math.round((payload.length * durationMs * cacheShare) / tickMs)
  const startOf = (agent: Contestant['agent']) => ({
    agent,
    url: endpoints.A.urlFor(agent),
    cacheBytes,
    folder,
  })
  const naive = openNaiveContestant(startOf('naive'))
  closers.push(naive.close)
  const holdfast = await openHoldfastContestant(startOf('holdfast'))
  closers.push(holdfast.close)
  const away = await openHoldfastContestant(startOf('away'))
  closers.push(away.close)
  return {
    startedAtMs: Date.now(),
    durationMs,
    cacheBytes,
    arrivals,
    endpoints,
    naive,
    holdfast,
    away,
    accepted: { naive: [], holdfast: [], away: [] },
    commandsAtMs: [],
    obeyed: { naive: 0, holdfast: 0, away: 0 },
    refusals: { naive: [], holdfast: [], away: [] },
    restart: null,
  }
}

const treatWell = (endpoints: Stage['endpoints'], agent: Contestant['agent']): void => {
  for (const name of ['A', 'B'] as const)
    endpoints[name].treat(agent, { kind: 'takes', afterMs: answerMs[name] })
}

/** The load and the play, side by side. What breaks one ends the other, and is thrown. */
const perform = async (stage: Stage, signal: AbortSignal): Promise<void> => {
  const broken = new AbortController()
  const either = AbortSignal.any([signal, broken.signal])
  const loading = load(stage, either)
  const parts = [loading, play(stage, loading, either)]
  try {
    await Promise.all(parts)
  } catch (cause) {
    broken.abort(cause)
    await Promise.allSettled(parts)
    throw cause
  }
}

const play = async (stage: Stage, loading: Promise<void>, signal: AbortSignal): Promise<void> => {
  const { startedAtMs, durationMs, endpoints, naive } = stage
  const until = (share: number): Promise<void> =>
    pause(Math.max(0, startedAtMs + share * durationMs - Date.now()), undefined, { signal })

  for (const { at, to } of script.calmRedirects) {
    await until(at)
    command(stage, to)
  }
  await until(script.stormBegins)
  await storm(stage, signal)
  await until(script.stormEnds)
  for (const agent of agents) treatWell(endpoints, agent)
  for (const endpoint of Object.values(endpoints)) endpoint.treat('away', { kind: 'away' })
  await until(script.restart)
  stage.restart = { atMs: Date.now(), waiting: naive.waiting() }
  await naive.restart(endpoints.B.urlFor('naive'))
  treatWell(endpoints, 'away')
  await loading
  await holds(() => contestantsOf(stage).every((it) => it.heldRecords() === 0), drainMsMax, signal)
}

const contestantsOf = ({ naive, holdfast, away }: Stage): readonly Contestant[] => [
  naive,
  holdfast,
  away,
]

/** Waits until something holds, or for as long as that may take: what did not hold shows in the end. */
const holds = async (look: () => boolean, msMax: number, signal: AbortSignal): Promise<void> => {
  const deadlineMs = Date.now() + msMax
  while (!look() && Date.now() < deadlineMs) await pause(lookMs, undefined, { signal })
}

/** In quick succession, while sends are in flight to the first endpoint. */
const storm = async (stage: Stage, signal: AbortSignal): Promise<void> => {
  const { endpoints, durationMs } = stage
  const afterMs = script.stormAnswer * durationMs
  for (const agent of agents) {
    const to = endpoints.B.urlFor(agent)
    endpoints.A.treat(agent, { kind: 'redirects', afterMs, to })
  }
  await holds(
    () => agents.every((it) => endpoints.A.aboutToRedirect(it) > 0),
    inFlightMsMax,
    signal,
  )
  for (const to of script.stormRedirects) {
    command(stage, to)
    await pause(script.stormGap * durationMs, undefined, { signal })
  }
}

/** Given to all at the same moment. Nobody waits: one of them may never obey. */
const command = (stage: Stage, to: 'A' | 'B'): void => {
  stage.commandsAtMs.push(Date.now())
  for (const contestant of contestantsOf(stage)) {
    const { agent } = contestant
    contestant.redirect(stage.endpoints[to].urlFor(agent)).then(
      () => {
        stage.obeyed[agent] += 1
      },
      (cause) => {
        stage.refusals[agent].push(cause instanceof Error ? cause.message : String(cause))
      },
    )
  }
}

/** The same payload at the same moment for each; each takes one after the other, in order. */
const load = async (stage: Stage, signal: AbortSignal): Promise<void> => {
  const { startedAtMs, durationMs, accepted } = stage
  const endMs = startedAtMs + durationMs
  const turns = contestantsOf(stage).map((contestant) => ({ contestant, turn: Promise.resolve() }))
  for (let tick = 0; startedAtMs + tick * tickMs < endMs; tick += 1) {
    await pause(Math.max(0, startedAtMs + tick * tickMs - Date.now()), undefined, { signal })
    const first = tick * recordsPerPayload
    const entry = payloadOf(first, Date.now())
    for (const it of turns)
      it.turn = it.turn.then(async () => {
        const taken = await it.contestant.accept(entry)
        for (let index = 0; index < taken; index += 1)
          accepted[it.contestant.agent].push(first + index)
      })
  }
  await Promise.all(turns.map(({ turn }) => turn))
}

export const sceneOf = (stage: Stage): Scene => ({
  startedAtMs: stage.startedAtMs,
  nowMs: Date.now(),
  durationMs: stage.durationMs,
  recordsPerMs: recordsPerPayload / tickMs,
  redirectsAtMs: stage.commandsAtMs,
  restartAtMs: stage.restart?.atMs ?? null,
  lanes: {
    naive: { delivered: stage.arrivals.of('naive').events, lost: stage.naive.lost() },
    holdfast: { delivered: stage.arrivals.of('holdfast').events, lost: stage.holdfast.lost() },
    away: { delivered: stage.arrivals.of('away').events, lost: stage.away.lost() },
  },
})
