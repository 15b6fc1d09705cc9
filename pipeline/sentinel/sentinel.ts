/** The sentinel as the main thread knows it: what it writes on the board, is asked, and is told. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Log } from '../../infra/telemetry/log.ts'
import { listenText } from '../config/addresses.ts'
import type { ActorView, Health, Observed, Watched } from '../observed.ts'
import { boardBytes, boardOn } from './board.ts'
import { openStallHistory } from './stall-history.ts'
import { type Subject, subjectFacts } from './subjects.ts'
import type { FromSentinel, ThreadInput, ToSentinel } from './thread-messages.ts'
import type { Summary } from './watch.ts'

export type Sentinel = {
  /** The admin API, as the outside reaches it, with the real port. */
  readonly url: string
  /** From now on watches a pipeline, and answers for its health. */
  readonly watch: (pipeline: Pipeline) => void
  /** A pipeline with the sentinel among its actors, and its word on their health. */
  readonly seen: (observed: Observed) => Observed
  /** Resolves when the thread has ended by itself: nobody answers probes any more. */
  readonly failed: Promise<Error>
  readonly close: () => Promise<void>
}
type Pipeline = { readonly observed: Observed; readonly watched: Watched }

const beatMs = 100
/** The thread holds some connections and six small statecharts. */
const threadMegabytesMax = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 }

/** Rejects when the address cannot be listened on. */
export const openSentinel = async ({
  listen,
  upstream,
  stallAfterMs,
  level,
  log,
}: Omit<ThreadInput, 'buffer'> & { readonly log: Log }): Promise<Sentinel> => {
  const board = boardOn(new SharedArrayBuffer(boardBytes))
  const workerData: ThreadInput = { listen, upstream, stallAfterMs, level, buffer: board.buffer }
  // As it is run from its sources, or as it was built.
  const entry = new URL(`./thread${extname(import.meta.url)}`, import.meta.url)
  const thread = new Worker(entry, {
    workerData,
    resourceLimits: threadMegabytesMax,
    name: 'sentinel',
  })
  const tell = (message: ToSentinel): void => thread.postMessage(message)
  const failure = Promise.withResolvers<Error>()
  const opened = Promise.withResolvers<number>()
  const closed = Promise.withResolvers<void>()
  let watching: Pipeline | undefined
  let state: 'open' | 'closing' = 'open'
  let sinceMs = Date.now()
  let summary: Summary = { value: 'watching', detail: 'nothing was watched yet' }
  let own: Health = { live: [], ready: [] }
  const stalls = openStallHistory()

  const beat = setInterval(() => {
    if (watching === undefined) return board.beat()
    const { watched, observed } = watching
    board.write(observed.ledger.totals().pending, watched.sights())
  }, beatMs).unref()
  const ended = (error: Error): void => {
    clearInterval(beat)
    opened.reject(error)
    closed.resolve()
    if (state === 'open') failure.resolve(error)
  }
  thread.on('error', ended)
  thread.on('exit', (code) => ended(new Error(`The sentinel's thread has ended, with ${code}.`)))

  const restarted = (subject: Subject): void => {
    const result = watching?.watched.restart(subjectFacts[subject].actor)
    const answer =
      result?.kind === 'restarted'
        ? ({ type: 'restart.done' } as const)
        : ({ type: 'restart.refused', detail: result?.why ?? 'there is no pipeline' } as const)
    tell({ type: 'restart.answered', subject, answer })
  }
  thread.on('message', (message: FromSentinel) => {
    switch (message.type) {
      case 'server.listening':
        return opened.resolve(message.port)
      case 'server.failed':
        return opened.reject(new Error(message.message, { cause: message.detail }))
      case 'server.faltered':
        return log.warn('admin.faltered', 'The admin API goes on after an error.', {
          error: message.detail,
        })
      case 'health.asked':
        return watching === undefined
          ? undefined
          : tell({ type: 'health.told', health: watching.observed.health() })
      case 'restart.asked':
        return restarted(message.subject)
      case 'stall.announced':
        stalls.note({ ...message, atMs: Date.now() })
        watching?.watched.noteStall(message.subject, message.announcement)
        return
      case 'watch.changed':
        if (message.summary.value !== summary.value) sinceMs = Date.now()
        summary = message.summary
        own = message.health
        return
      case 'server.closed':
        return closed.resolve()
    }
  })

  const row = (): ActorView => ({
    id: 'sentinel',
    machine: 'sentinel',
    ...summary,
    sinceMs,
    healthy: own.ready.length === 0,
  })
  const port = await opened.promise.catch(async (error: unknown) => {
    state = 'closing'
    clearInterval(beat)
    await thread.terminate()
    throw error
  })
  return {
    url: `http://${listenText({ host: listen.host, port })}`,
    failed: failure.promise,
    watch: (pipeline) => {
      watching = pipeline
    },
    seen: (observed) => ({
      ...observed,
      actors: () => [...observed.actors(), row()],
      stalls: stalls.list,
      health: () => {
        const { live, ready } = observed.health()
        return { live: [...own.live, ...live], ready: [...own.ready, ...ready] }
      },
    }),
    close: async () => {
      state = 'closing'
      tell({ type: 'closing.asked' })
      await closed.promise
      clearInterval(beat)
      await thread.terminate()
    },
  }
}
