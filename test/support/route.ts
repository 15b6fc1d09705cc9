/** A pipeline in its own process with a sink behind it, for one test. */
import type { TestContext } from 'node:test'
import { settledAccountOf, type Totals } from './account.ts'
import { type HoldfastProcess, startHoldfast, workspace } from './holdfast-process.ts'
import { type Load, openLoad } from './load.ts'
import { openSink, type Sink } from './sink.ts'
import type { Answer, Behaviour } from './sink-behaviour.ts'

export type Route = {
  readonly holdfast: HoldfastProcess
  readonly sink: Sink
  /** Sends one request, which has to be answered 200. */
  readonly send: (records?: Partial<Records>) => Promise<Load>
  readonly settled: () => Promise<Totals>
}
export type Records = {
  readonly service: string
  readonly records: number
  readonly recordBytes: number
}

/** Answers in turn, and from then on accepts. */
export const inTurn = (...answers: readonly Answer[]): Behaviour => {
  let turn = 0
  return () => {
    turn += 1
    return answers[turn - 1] ?? { kind: 'accept' }
  }
}

export const openTestSink = async (t: TestContext, behaviour?: Behaviour): Promise<Sink> => {
  const sink = await openSink({ keep: 'bodies', ...(behaviour === undefined ? {} : { behaviour }) })
  t.after(sink.close)
  return sink
}

/** @param options.endpoint, dispatch are merged into what every route here has. */
export const openRoute = async (
  t: TestContext,
  options: {
    readonly behaviour?: Behaviour
    readonly endpoint?: object
    readonly dispatch?: object
  } = {},
): Promise<Route> => {
  const sink = await openTestSink(t, options.behaviour)
  const folder = await workspace()
  const holdfast = await startHoldfast(folder.path, {
    endpoint: { url: sink.url, ...options.endpoint },
    dispatch: { backoff: { initial: '20ms', max: '50ms' }, ...options.dispatch },
  })
  t.after(async () => {
    await holdfast.kill('SIGKILL')
    await folder[Symbol.asyncDispose]()
  })
  return {
    holdfast,
    sink,
    send: async ({ service = 'checkout', records = 10, recordBytes = 200 } = {}) => {
      const load = openLoad({
        streams: [{ tenant: 'acme', service }],
        recordsPerRequest: records,
        recordBytes,
      })
      await load.send({ to: () => holdfast.otlp, connections: 1, goOn: (sent) => sent < 1 })
      await load.close()
      if (load.promised.length !== 1) throw new Error(`refused: ${[...load.refusals]}`)
      return load
    },
    settled: async () => (await settledAccountOf(holdfast)).totals,
  }
}
