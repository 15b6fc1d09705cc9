/** One subject, measured once: warmed up, under load, and with a backlog after its sink was away. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startWorker, type Worker } from './child.ts'
import type { LoadAnswer, LoadOrder } from './loader.ts'
import { type Cost, costOf } from './process-cost.ts'
import type { Arrivals, SinkAnswer, SinkOrder } from './sink.ts'
import type { Running, Subject } from './subject.ts'

export type Load = {
  readonly records: number
  readonly recordBytes: number
  readonly recordsPerRequest: number
  readonly connections: number
  readonly backlogRecords: number
}

export type Measured = {
  /** From the first byte sent until the last record was at the sink; of those that arrived. */
  readonly recordsPerSecond: number | null
  /** Of the subject alone. */
  readonly cpuSecondsPerMillion: number
  /** Of the subject alone, on average in the same time. */
  readonly coresUsed: number | null
  readonly peakMegabytes: number
  readonly bytesWrittenPerRecord: number
  /** From the client to the sink, in the closed loop. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /**
   * From the first request that came after the sink was back until the last, that one left out. `null`
   * where all came at once: a backlog that fits into one request takes no time that could be told.
   */
  readonly drainPerSecond: number | null
  /** Of the whole life, the backlog included. */
  readonly drainPeakMegabytes: number
  /** Records that were acknowledged and had not arrived when the time was up. */
  readonly lost: number
  readonly refusals: number
}

export const warmUpShare = 0.1
/** For each phase: slower than this is not waited for. */
const recordsPerSecondMin = 5_000
const phaseMsMin = 30_000

/** So many requests of all that a trial has: each sent, and those of the backlog once more on arrival. */
export type Progressed = (done: number, total: number) => void

type Crew = {
  readonly subject: Running & Pick<Subject, 'speaks'>
  readonly loader: Worker<LoadOrder, LoadAnswer>
  readonly sink: Worker<SinkOrder, SinkAnswer>
  readonly load: Load
}
type Way = { readonly port: number; readonly progressed: Progressed }

export const measure = async (
  subject: Subject,
  load: Load,
  progressed: Progressed = () => undefined,
): Promise<Measured> => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  const sink = startWorker<SinkOrder, SinkAnswer>('sink.ts')
  const loader = startWorker<LoadOrder, LoadAnswer>('loader.ts')
  let running: Running | null = null
  try {
    const port = await listen(sink, 0)
    running = await subject.start({ folder, sinkUrl: `http://127.0.0.1:${port}` })
    const { speaks } = subject
    return await phases(
      { subject: { ...running, speaks }, loader, sink, load },
      { port, progressed },
    )
  } finally {
    await running?.stop()
    await Promise.all([loader.stop(), sink.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

const phases = async (crew: Crew, { port, progressed }: Way): Promise<Measured> => {
  const { load, sink, subject } = crew
  const count = (records: number): number => Math.ceil(records / load.recordsPerRequest)
  const warm = { from: 0, to: count(load.records * warmUpShare) }
  const main = { from: warm.to, to: warm.to + count(load.records) }
  const backlog = { from: main.to, to: main.to + count(load.backlogRecords) }
  const total = 2 * backlog.to - backlog.from
  const onWay =
    (done: number) =>
    (requests: number): void =>
      progressed(done + requests, total)

  const warmed = await sent(crew, { ...warm, progressed: onWay(0) })
  const warmedUp = await arrived(crew, warm)
  const before = await costOf(subject.pid)
  const loaded = await sent(crew, { ...main, progressed: onWay(main.from) })
  const seen = await arrived(crew, main)
  const after = await costOf(subject.pid)

  await sink.ask({ type: 'deafen' })
  const held = await sent(crew, { ...backlog, progressed: onWay(backlog.from) })
  await listen(sink, port)
  const drained = await arrived(crew, { ...backlog, progressed: onWay(backlog.to) })
  const end = await costOf(subject.pid)

  const lost =
    lostOf(load, warmed, warmedUp) + lostOf(load, loaded, seen) + lostOf(load, held, drained)
  const span = { fromUs: loaded.startedAtUs, toUs: seen.lastAtUs }
  return {
    ...figures({ records: (main.to - main.from) * load.recordsPerRequest, before, after }),
    recordsPerSecond: rate(load, main.to - main.from - seen.missing.length, span),
    coresUsed: perSecond(after.cpuSeconds - before.cpuSeconds, span),
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    drainPerSecond: rate(load, drained.laterCount, {
      fromUs: drained.firstAtUs ?? drained.lastAtUs,
      toUs: drained.lastAtUs,
    }),
    drainPeakMegabytes: end.peakMegabytes,
    lost,
    refusals: warmed.refusals + loaded.refusals + held.refusals,
  }
}

export type Numbers = { readonly from: number; readonly to: number }

const figures = (run: {
  readonly records: number
  readonly before: Cost
  readonly after: Cost
}) => ({
  cpuSecondsPerMillion: ((run.after.cpuSeconds - run.before.cpuSeconds) / run.records) * 1_000_000,
  bytesWrittenPerRecord: (run.after.bytesWritten - run.before.bytesWritten) / run.records,
  peakMegabytes: run.after.peakMegabytes,
})

type Span = { readonly fromUs: number; readonly toUs: number }

const rate = ({ recordsPerRequest }: Load, requests: number, span: Span): number | null =>
  perSecond(requests * recordsPerRequest, span)

/** `null` where no time passed, or nothing came that would end it. */
const perSecond = (amount: number, { fromUs, toUs }: Span): number | null =>
  toUs > fromUs ? amount / ((toUs - fromUs) / 1_000_000) : null

export const msMaxOf = (
  { recordsPerRequest }: Pick<Load, 'recordsPerRequest'>,
  { from, to }: Numbers,
): number => phaseMsMin + ((to - from) * recordsPerRequest * 1_000) / recordsPerSecondMin

type Watched = Numbers & { readonly progressed?: (requests: number) => void }

const sent = ({ subject, loader, load }: Crew, { from, to, progressed }: Watched) => {
  const numbers = { from, to, msMax: msMaxOf(load, { from, to }) }
  const { url, speaks } = subject
  return loader.ask({ type: 'load', url, speaks, ...load, ...numbers }, progressed)
}

const arrived = async (
  { sink, load }: Crew,
  { from, to, progressed }: Watched,
): Promise<Arrivals> => {
  const numbers = { from, to, msMax: msMaxOf(load, { from, to }) }
  const answer = await sink.ask({ type: 'await', ...numbers }, progressed)
  if (answer.type !== 'arrived') throw new Error(`The sink answered ${answer.type}.`)
  return answer
}

const listen = async (sink: Crew['sink'], port: number): Promise<number> => {
  const answer = await sink.ask({ type: 'listen', port })
  if (answer.type !== 'listening') throw new Error(`The sink answered ${answer.type}.`)
  return answer.port
}

const lostOf = (load: Load, loaded: LoadAnswer, seen: Arrivals): number => {
  const unacknowledged = new Set(loaded.unacknowledged)
  const missing = seen.missing.filter((number) => !unacknowledged.has(number))
  return missing.length * load.recordsPerRequest
}
