import type { Counted } from '../../infra/incident/arrivals.ts'
import { startNaiveAgent } from '../../infra/incident/naive-agent.ts'
import { openOverwritingCache } from '../../infra/incident/overwriting-cache.ts'
import type { Contestant } from './contestant.ts'

const threads = 4

export type NaiveContestant = Contestant & {
  /** What it has said, each with its moment: a naive agent writes a log, too. */
  readonly said: () => readonly { readonly atMs: number; readonly message: string }[]
  /** Senders and commands that wait for its lock. */
  readonly waiting: () => number
}

export const openNaiveContestant = (options: {
  readonly url: string
  readonly cacheBytes: number
}): NaiveContestant => {
  const lost: Counted[] = []
  const said: { atMs: number; message: string }[] = []
  const cache = openOverwritingCache({
    bytesMax: options.cacheBytes,
    onOverwritten: (records) => lost.push({ atMs: Date.now(), records }),
  })
  const warn = (message: string): void => void said.push({ atMs: Date.now(), message })
  const start = (url: string) => startNaiveAgent({ url, cache, threads, warn })
  let running = start(options.url)
  return {
    agent: 'naive',
    accept: async (entry) => {
      cache.add(entry)
      return entry.records
    },
    redirect: (url) => running.redirect(url),
    heldRecords: cache.heldRecords,
    lost: () => lost,
    restart: async (url) => {
      await running.kill()
      cache.reopen()
      running = start(url)
    },
    close: () => running.kill(),
    said: () => said,
    waiting: () => running.waiting(),
  }
}
