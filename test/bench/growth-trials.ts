/** How the cost of a record goes on as something else grows: streams, what the cache holds, drop events. */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startWorker, type Worker } from './child.ts'
import type { LoadAnswer, LoadOrder } from './loader.ts'
import { costOf, residentMegabytesOf } from './process-cost.ts'
import type { SinkAnswer, SinkOrder } from './sink.ts'
import { holdfast, type Running } from './subject.ts'

export type Point = {
  /** What grows: see `Growth`. */
  readonly at: number
  readonly cpuSecondsPerMillion: number
  /** At the end of the step. */
  readonly residentMegabytes: number
}
export type Start = { readonly seconds: number; readonly cpuSeconds: number }
export type Growth = {
  readonly name: 'streams' | 'held' | 'drops'
  readonly title: string
  readonly points: readonly Point[]
  /** Of a start on what was there in the end, after SIGKILL; where it was tried. */
  readonly start?: Start
}

const gibibyte = 2 ** 30
const msMax = 900_000

type Bench = {
  readonly subject: Running
  readonly folder: string
  readonly sink: Worker<SinkOrder, SinkAnswer>
  /** Sends requests and resolves when all are acknowledged. */
  readonly send: (order: Part) => Promise<void>
  /** Kills it, and starts it again on what it has left. */
  readonly startAgain: () => Promise<Start>
}
type Part = Pick<LoadOrder, 'recordsPerRequest' | 'recordBytes' | 'connections' | 'from' | 'to'> & {
  readonly streams: number
}

const withBench = async <Result>(
  { cli, settings }: { readonly cli: string; readonly settings: object },
  work: (bench: Bench) => Promise<Result>,
): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  const sink = startWorker<SinkOrder, SinkAnswer>('sink.ts')
  const loader = startWorker<LoadOrder, LoadAnswer>('loader.ts')
  let subject: Running | undefined
  try {
    const listening = await sink.ask({ type: 'listen', port: 0 })
    const port = listening.type === 'listening' ? listening.port : 0
    const start = () =>
      holdfast(cli, { settings }).start({ folder, sinkUrl: `http://127.0.0.1:${port}` })
    let running = await start()
    subject = running
    return await work({
      subject: running,
      folder,
      sink,
      send: async (part) => {
        const { unacknowledged } = await loader.ask({
          type: 'load',
          url: running.url,
          speaks: 'otlp',
          ...part,
          msMax,
        })
        if (unacknowledged.length > 0)
          throw new Error(`${unacknowledged.length} requests were not taken within ${msMax} ms.`)
      },
      startAgain: async () => {
        process.kill(running.pid, 'SIGKILL')
        await running.exited
        const before = performance.now()
        running = await start()
        subject = running
        const seconds = (performance.now() - before) / 1_000
        return { seconds, cpuSeconds: (await costOf(running.pid)).cpuSeconds }
      },
    })
  } finally {
    await subject?.stop()
    await Promise.all([loader.stop(), sink.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** One step: what the records of it have cost, and what is resident after it. */
const step = async (
  { subject, send }: Pick<Bench, 'subject' | 'send'>,
  { part, until }: { readonly part: Part; readonly until?: () => Promise<void> },
): Promise<Omit<Point, 'at'>> => {
  const before = await costOf(subject.pid)
  await send(part)
  await until?.()
  const after = await costOf(subject.pid)
  const records = (part.to - part.from) * part.recordsPerRequest
  return {
    cpuSecondsPerMillion: ((after.cpuSeconds - before.cpuSeconds) / records) * 1_000_000,
    residentMegabytes: await residentMegabytesOf(subject.pid),
  }
}

/** Each number of streams in a process of its own, in which each stream had a request before. */
export const growStreams = async (
  cli: string,
  { counts, requests }: { readonly counts: readonly number[]; readonly requests: number },
): Promise<Growth> => {
  const points: Point[] = []
  for (const streams of counts)
    points.push({
      at: streams,
      ...(await withBench({ cli, settings: {} }, async (bench) => {
        const sizes = { recordsPerRequest: 50, recordBytes: 512, connections: 8, streams }
        const warm = Math.max(streams, requests / 2)
        const arrived = (from: number, to: number) => async () => {
          await bench.sink.ask({ type: 'await', from, to, msMax })
        }
        await bench.send({ ...sizes, from: 0, to: warm })
        await arrived(0, warm)()
        return step(bench, {
          part: { ...sizes, from: warm, to: warm + requests },
          until: arrived(warm, warm + requests),
        })
      })),
    })
  return { name: 'streams', title: 'streams', points }
}

/** Into a cache that nobody empties, until it is full and for half of its size beyond. */
export const growHeld = async (cli: string, capacityBytes: number): Promise<Growth> =>
  withBench({ cli, settings: { cache: { capacity: capacityBytes } } }, async (bench) => {
    await bench.sink.ask({ type: 'deafen' })
    const sizes = { recordsPerRequest: 500, recordBytes: 512, connections: 8, streams: 1 }
    const each = Math.ceil(capacityBytes / 10 / (sizes.recordsPerRequest * 520))
    await bench.send({ ...sizes, from: 0, to: each })
    const points: Point[] = []
    for (let from = each; points.length < 14; from += each) {
      const cost = await step(bench, { part: { ...sizes, from, to: from + each } })
      const at = ((from + each) * sizes.recordsPerRequest * 520) / gibibyte
      points.push({ at, ...cost })
    }
    const title = `GiB sent into a cache of ${capacityBytes / gibibyte} GiB`
    return { name: 'held', title, points, start: await bench.startAgain() }
  })

/** Records of streams in turn, into a cache that is so small that nearly each becomes a drop event. */
export const growDrops = async (cli: string, drops: number): Promise<Growth> =>
  withBench({ cli, settings: { cache: { capacity: '32MiB' } } }, async (bench) => {
    await bench.sink.ask({ type: 'deafen' })
    const sizes = { recordsPerRequest: 1, recordBytes: 512, connections: 64, streams: 10_000 }
    const each = Math.ceil(drops / 10)
    // Until the cache is full and has begun to give up records.
    let from = 6 * sizes.streams
    await bench.send({ ...sizes, from: 0, to: from })
    const count = lineCounter(join(bench.folder, 'data', 'drops', 'drops.ndjson'))
    const points: Point[] = []
    while (points.length < 10) {
      const cost = await step(bench, { part: { ...sizes, from, to: from + each } })
      from += each
      points.push({ at: await count(), ...cost })
    }
    const title = 'drop events so far'
    return { name: 'drops', title, points, start: await bench.startAgain() }
  })

/** Lines of a file that only grows, counted on from where it had been. */
const lineCounter = (path: string): (() => Promise<number>) => {
  let lines = 0
  let position = 0
  const buffer = Buffer.alloc(2 ** 20)
  return async () => {
    await using file = await open(path)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) return lines
      position += bytesRead
      for (let at = buffer.indexOf(10); at >= 0 && at < bytesRead; at = buffer.indexOf(10, at + 1))
        lines += 1
    }
  }
}
