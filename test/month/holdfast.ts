/**
 * Holdfast over the month: the whole pipeline as `holdfast run` starts it, its ring and its journal on a
 * disk in memory, its outbox, and the statecharts of the sentinel; on virtual time, which is lazy where
 * nothing happens.
 */

import { inMemory, openBookDatabase } from '../../infra/book/book-database.ts'
import type { Intake } from '../../infra/sources/intake.ts'
import { openLog } from '../../infra/telemetry/log.ts'
import { definePipeline } from '../../pipeline/define-pipeline.ts'
import type { RunningPipeline } from '../../pipeline/observed.ts'
import { startPipeline } from '../../pipeline/pipeline.ts'
import { openWatch } from '../../pipeline/sentinel/watch.ts'
import type { World } from '../../pipeline/world.ts'
import { epochMs } from '../simulation/life.ts'
import { openTimeline, type Timeline } from '../simulation/timeline.ts'
import { chanceOf } from '../support/chance.ts'
import { openFaultyDisk } from '../support/faulty-disk.ts'
import { delivered, type Lot, newLot, type Outcome, settled, type Told } from './fate.ts'
import { lazyClock } from './lazy-clock.ts'
import {
  type AgentPlot,
  answerAt,
  type Endpoint,
  endMs,
  hour,
  minute,
  type Plot,
  recordsPerRound,
  roundMs,
  second,
  targetOf,
  urlOf,
} from './plot.ts'

const usPerMs = 1_000
const stallAfterMs = 10 * second
const quietGrainMs = 5 * minute
const outageGrainMs = 5 * second
/** A round in flight at the end, and what is held, have so long to end. */
const graceMs = 2 * hour

type Given = {
  readonly seed: number
  readonly cacheBytes: number
  readonly payloadOf: () => Buffer
}

export const holdfastMonth = async (
  plot: Plot,
  agent: AgentPlot,
  { seed, cacheBytes, payloadOf }: Given,
): Promise<Outcome> => {
  const timeline = openTimeline()
  const nowMs = (): number => timeline.nowUs() / usPerMs
  const lots = new Map<string, Lot[]>(agent.tenants.map((tenant) => [tenant, []]))
  const told: Told[] = []
  const faults: string[] = []
  const stalledAtMs: number[] = []
  let intake: Pick<Intake, 'offer'> | undefined

  const world: World = {
    ...worldOf(plot, agent, { timeline, seed, lots, told }),
    sources: async (_, opened) => {
      intake = opened.intake
      return [{ name: 'month', url: 'http://month.test', close: async () => undefined }]
    },
  }
  const log = openLog({
    write: (line) => faults.push(...faultIn(line)),
    level: 'error',
    now: () => epochMs + nowMs(),
  })
  const running = await driven(timeline, startPipeline(configOf(agent, cacheBytes), { log, world }))
  running.failed.then((cause) => faults.push(`the pipeline gave up: ${cause.message}`))

  const collect = (): void => {
    const atMs = nowMs()
    const parts = agent.tenants.map((tenant) => {
      const payload = payloadOf()
      lots.get(tenant)?.push(newLot(tenant, atMs))
      const instants = { fromMs: epochMs + atMs, toMs: epochMs + atMs }
      const bytes = payload.length
      return {
        tenant,
        service: 'logs',
        records: recordsPerRound,
        payload: [payload],
        bytes,
        ...instants,
      }
    })
    intake?.offer({ parts }).then((answer) => {
      if (answer.kind === 'refused') faults.push(`refused: ${answer.reason}`)
    })
    if (atMs + roundMs < endMs) timeline.after(roundMs * usPerMs, collect)
  }
  timeline.after(agent.phaseMs * usPerMs, collect)
  for (const storm of plot.storms)
    for (const [index, atMs] of storm.commandsMs.entries())
      timeline.after(atMs * usPerMs, () => {
        const url = urlOf(targetOf(storm, index))
        void running.observed.command({ kind: 'set', url, reason: 'moved' })
      })
  watchOver(running, { timeline, plot, stalled: () => stalledAtMs.push(nowMs()) })

  while (nowMs() < endMs + graceMs && timeline.step() === 'stepped')
    await new Promise((resolve) => setImmediate(resolve))
  const totals = running.observed.ledger.totals()
  if (totals.unaccounted !== 0) faults.push(`${totals.unaccounted} records are unaccounted for`)
  await driven(timeline, running.stop())
  return {
    lots: settled([...lots.values()].flat(), totals.pending / recordsPerRound),
    stalledAtMs,
    restartedAtMs: [],
    told,
    reported: totals.dropped,
    faults,
  }
}

const configOf = (agent: AgentPlot, cacheBytes: number) =>
  definePipeline(
    {
      name: agent.name,
      sources: { otlp_http: {} },
      cache: { capacity: String(cacheBytes) },
      batch: { max_bytes: '16KiB' },
      endpoint: {
        url: urlOf('a'),
        redirects: { allow: [new URL(urlOf('a')).host, new URL(urlOf('b')).host] },
      },
      notices: {
        webhooks: agent.tenants.map((tenant) => ({
          url: `http://hooks.test/${tenant}`,
          name: tenant,
          tenants: [tenant],
        })),
        budget: '256KiB',
      },
    },
    { folder: '/' },
  )

/** Losses and what is given up are what the month is about; anything else at this level is a fault. */
const expectedEvents = ['records.dropped']
const faultIn = (line: string): readonly string[] => {
  const { event, message } = JSON.parse(line)
  return expectedEvents.includes(event) ? [] : [`${event}: ${message}`]
}

const worldOf = (
  plot: Plot,
  agent: AgentPlot,
  given: {
    readonly timeline: Timeline
    readonly seed: number
    readonly lots: ReadonlyMap<string, Lot[]>
    readonly told: Told[]
  },
): Omit<World, 'sources'> => {
  const { timeline, seed, lots, told } = given
  const chance = chanceOf(seed)
  const nowMs = (): number => timeline.nowUs() / usPerMs
  const after = (delayMs: number): Promise<void> =>
    new Promise((resolve) => timeline.after(delayMs * usPerMs, resolve))
  const take: Attempt = async ({ assignment, piece, deadlineMs }) => {
    const endpoint: Endpoint = assignment.url === urlOf('a') ? 'a' : 'b'
    const answer = answerAt({ ...plot, outage: agent.outage }, endpoint, nowMs())
    const leftMs = deadlineMs - epochMs - nowMs()
    await after(Math.min(answer.afterMs, leftMs))
    if (answer.afterMs > leftMs) return { kind: 'unreachable', detail: 'no answer in time' }
    if (answer.kind === 'unreachable') return { kind: 'unreachable', detail: 'ECONNREFUSED' }
    if (answer.kind === 'moved')
      return { kind: 'redirected', status: 307, location: `${urlOf(answer.to)}/v1/logs` }
    for (const { batch } of piece.held) {
      const { firstSeq, lastSeq, tenant } = piece.cut === null ? batch : { ...batch, ...piece.cut }
      for (let seq: number = firstSeq; seq <= lastSeq; seq += recordsPerRound) {
        const lot = lots.get(tenant)?.[Math.floor(seq / recordsPerRound)]
        if (lot !== undefined) delivered(lot, nowMs())
      }
    }
    return { kind: 'accepted' }
  }
  return {
    clock: lazyClock({ timeline, chance, epochMs, grainMs: grainOf(plot, agent) }),
    filesystem: openFaultyDisk({ seed }),
    lock: async () => ({ release: async () => undefined }),
    endpoint: () => ({ attempt: take, close: async () => undefined }),
    webhook: ({ url }) => ({
      tell: async ({ event }) => {
        await after(answerMs)
        const { type, data } = JSON.parse(event)
        const tenant = new URL(url).pathname.slice(1)
        told.push({
          tenant,
          type,
          atMs: nowMs(),
          causeMs: Date.parse(data.firstDrop?.at ?? data.events[0].at) - epochMs,
          records: data.records ?? 0,
        })
        return { kind: 'acknowledged' }
      },
      close: async () => undefined,
    }),
    book: () => {
      const database = openBookDatabase(inMemory)
      return {
        // Neither do its old rows become hours: that alone would take longer than all the rest.
        ask: async (request) =>
          request.type === 'tidy' ? { type: 'tidied', left: 'done' } : database.answer(request),
        spentMs: () => 0,
        close: async () => database.close(),
      }
    },
    bounds: { journalReserveBytes: 64 * 1024, journalBytesMax: 1024 * 1024 },
  }
}
type Attempt = ReturnType<World['endpoint']>['attempt']
const answerMs = 40

const grainOf =
  ({ storms }: Plot, { outage }: AgentPlot) =>
  (atMs: number): number => {
    if (storms.some((storm) => isNear(storm, atMs))) return 1
    const isAway = outage !== null && atMs >= outage.fromMs && atMs < outage.toMs + hour
    return isAway ? outageGrainMs : quietGrainMs
  }
const isNear = ({ slowFromMs, movedMs }: Plot['storms'][number], atMs: number): boolean =>
  atMs >= slowFromMs - minute && atMs < movedMs + 10 * minute

/** The sentinel's statecharts look each second while a storm is near, as its thread would all the time. */
const watchOver = (
  { observed, watched }: RunningPipeline,
  given: { readonly timeline: Timeline; readonly plot: Plot; readonly stalled: () => void },
): void => {
  const { timeline, plot, stalled } = given
  let beats = 0
  const watch = openWatch({
    board: {
      beats: () => beats,
      records: () => observed.ledger.totals().pending,
      sight: (subject) =>
        subject === 'event-loop' ? { work: 'some', progress: beats } : watched.sights()[subject],
    },
    stallAfterMs,
    announce: (subject, announcement) => {
      if (announcement.kind === 'stalled') stalled()
      watched.noteStall(subject, announcement)
    },
    restart: () => undefined,
  })
  const look = (untilMs: number): void => {
    beats += 1
    const atMs = timeline.nowUs() / usPerMs
    watch.look(atMs)
    if (atMs < untilMs) timeline.after(second * usPerMs, () => look(untilMs))
  }
  for (const { slowFromMs, movedMs } of plot.storms)
    timeline.after((slowFromMs - minute) * usPerMs, () => look(movedMs + 10 * minute))
}

/** Waits on virtual time. */
const driven = async <Value>(timeline: Timeline, pending: Promise<Value>): Promise<Value> => {
  let state: 'waiting' | 'over' = 'waiting'
  const over = (): void => {
    state = 'over'
  }
  pending.then(over, over)
  await new Promise((resolve) => setImmediate(resolve))
  while (state === 'waiting' && timeline.step() === 'stepped')
    await new Promise((resolve) => setImmediate(resolve))
  return pending
}
