/** A subject between a loader and a sink, for a trial in steps: what the records of each step have cost. */
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startWorker } from './child.ts'
import type { LoadAnswer, LoadOrder } from './loader.ts'
import { costOf, residentMegabytesOf } from './process-cost.ts'
import type { SinkAnswer, SinkOrder } from './sink.ts'
import type { Running, Subject } from './subject.ts'

export type Cost = {
  readonly cpuSecondsPerMillion: number
  /** The part of it that is not the system's. */
  readonly userSecondsPerMillion: number
  /** At the end of the step. */
  readonly residentMegabytes: number
}
export type Start = { readonly seconds: number; readonly cpuSeconds: number }

/** Requests by number, and what they are like. */
export type Part = Pick<
  LoadOrder,
  'recordsPerRequest' | 'recordBytes' | 'connections' | 'from' | 'to'
> & { readonly streams: number }

export type GrowthBench = {
  /** Resolves when all are acknowledged. */
  readonly send: (part: Part) => Promise<void>
  /** The same, and all have arrived. */
  readonly sendThrough: (part: Part) => Promise<void>
  /** What it costs until `task` is done. */
  readonly cost: (part: Part, task: (part: Part) => Promise<void>) => Promise<Cost>
  /** Records that were given up so far, by the metrics of the subject. */
  readonly dropped: () => Promise<number>
  /** Nobody listens from now on. */
  readonly deafen: () => Promise<void>
  /** Kills it, and starts it again on what it has left. */
  readonly startAgain: () => Promise<Start>
}

const msMax = 900_000

export const withGrowthBench = async <Result>(
  {
    subject,
    progressed,
  }: { readonly subject: Subject; readonly progressed: (requests: number) => void },
  work: (bench: GrowthBench) => Promise<Result>,
): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  // There may be ten GiB in it when somebody has had enough of waiting.
  const clear = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', clear)
  const sink = startWorker<SinkOrder, SinkAnswer>('sink.ts')
  const loader = startWorker<LoadOrder, LoadAnswer>('loader.ts')
  let running: Running | undefined
  try {
    const listening = await sink.ask({ type: 'listen', port: 0 })
    const port = listening.type === 'listening' ? listening.port : 0
    const start = () => subject.start({ folder, sinkUrl: `http://127.0.0.1:${port}` })
    let current = await start()
    running = current
    const send = async (part: Part): Promise<void> => {
      const order = { type: 'load', url: current.url, speaks: 'otlp', ...part, msMax } as const
      const { unacknowledged } = await loader.ask(order, (done) => progressed(part.from + done))
      if (unacknowledged.length > 0)
        throw new Error(`${unacknowledged.length} requests were not taken within ${msMax} ms.`)
    }
    return await work({
      send,
      sendThrough: async (part) => {
        await send(part)
        const seen = await sink.ask({ type: 'await', from: part.from, to: part.to, msMax })
        if (seen.type !== 'arrived' || seen.missing.length > 0)
          throw new Error(`Of the requests ${part.from} to ${part.to}, some have not arrived.`)
      },
      cost: async (part, task) => {
        const before = await costOf(current.pid)
        await task(part)
        const after = await costOf(current.pid)
        const millions = ((part.to - part.from) * part.recordsPerRequest) / 1_000_000
        return {
          cpuSecondsPerMillion: (after.cpuSeconds - before.cpuSeconds) / millions,
          userSecondsPerMillion: (after.userSeconds - before.userSeconds) / millions,
          residentMegabytes: await residentMegabytesOf(current.pid),
        }
      },
      dropped: async () => {
        const answer = await fetch(`${current.admin}/metrics`)
        return droppedIn(await answer.text())
      },
      deafen: async () => {
        await sink.ask({ type: 'deafen' })
      },
      startAgain: async () => {
        process.kill(current.pid, 'SIGKILL')
        await current.exited
        const before = performance.now()
        current = await start()
        running = current
        const seconds = (performance.now() - before) / 1_000
        return { seconds, cpuSeconds: (await costOf(current.pid)).cpuSeconds }
      },
    })
  } finally {
    await running?.stop()
    await Promise.all([loader.stop(), sink.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    process.off('exit', clear)
  }
}

/** Of all tenants. */
const droppedIn = (metrics: string): number =>
  [...metrics.matchAll(/^holdfast_records_dropped_total(?:\{.*\})? (\d+)/gm)].reduce(
    (sum, [, records]) => sum + Number(records),
    0,
  )
