/** A real pipeline in the replay: records come in and go out over HTTP, and its ledger is asked. */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent as Connections, request } from 'undici'
import type { Counted } from '../../infra/incident/arrivals.ts'
import type { Totals } from '../../infra/ledger/ledger.ts'
import { openLog } from '../../infra/telemetry/log.ts'
import type { Drop } from '../../schemas/messages.ts'
import { parseConfig } from '../config/config.ts'
import { faultText } from '../config/fault.ts'
import { startPipeline } from '../pipeline.ts'
import type { Agent, Contestant } from './contestant.ts'

const kibibyte = 1024
const retryMs = 100
/** A client that is refused keeps its records and asks again so often. */
const triesMax = 50
const dropsPageMax = 1_000

export type HoldfastContestant = Contestant & {
  readonly totals: () => Totals
  /** Its drop events, oldest first. */
  readonly drops: () => Promise<readonly Drop[]>
  /** The log lines in which it told of drop events, as it wrote them. */
  readonly told: () => readonly Told[]
  /** Resolves when it cannot go on. */
  readonly failed: Promise<Error>
}
/** A drop event and the moment when a log line told of it. */
export type Told = { readonly drop: Drop; readonly toldAtMs: number }

/** @throws when it cannot start. */
export const openHoldfastContestant = async (options: {
  readonly agent: Agent
  readonly url: string
  readonly cacheBytes: number
  readonly folder: string
}): Promise<HoldfastContestant> => {
  const { agent } = options
  const told: Told[] = []
  const write = (line: string): void => {
    const { event, drop } = JSON.parse(line)
    if (event === 'records.dropped') told.push({ drop, toldAtMs: Date.now() })
  }
  const log = openLog({ write, level: 'warn', now: Date.now })
  const pipeline = await startPipeline(configOf(options), { log })
  const { ledger, command } = pipeline.observed
  const { otlp_http: source } = pipeline.sources
  const client = new Connections()

  const post = async (payload: Buffer): Promise<number> => {
    const headers = { 'content-type': 'application/x-protobuf' }
    const method = 'POST'
    const answer = await request(`${source}/v1/logs`, {
      dispatcher: client,
      method,
      headers,
      body: payload,
    })
    await answer.body.dump()
    return answer.statusCode
  }

  return {
    agent,
    accept: async ({ payload, records }) => {
      for (let tries = 0; tries < triesMax; tries += 1) {
        if ((await post(payload)) === 200) return records
        await pause(retryMs)
      }
      return 0
    },
    redirect: async (url) => {
      const result = await command({ kind: 'set', url, reason: 'the incident, replayed' })
      if (result.kind === 'refused')
        throw new Error(`${agent}: a redirect was refused: ${result.reason}`)
    },
    heldRecords: () => ledger.totals().pending,
    lost: () => told.map(({ drop: { atMs, records } }): Counted => ({ atMs, records })),
    // Nothing to do for anybody.
    restart: async () => undefined,
    close: async () => {
      await client.close()
      await pipeline.stop()
    },
    totals: () => ledger.totals(),
    drops: async () => {
      const drops: Drop[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const after: { cursor?: string } = cursor === '' ? {} : { cursor }
        const page = await ledger.drops({ limit: dropsPageMax, ...after })
        drops.push(...page.drops)
        cursor = page.cursor
      }
      return drops
    },
    told: () => told,
    failed: pipeline.failed,
  }
}

/** As a person would write it for so small a cache; all else is as it comes. */
const configOf = (options: {
  readonly agent: Agent
  readonly url: string
  readonly cacheBytes: number
  readonly folder: string
}) => {
  const text = JSON.stringify({
    name: options.agent,
    data_dir: join(options.folder, options.agent),
    shutdown_timeout: '2s',
    sources: { otlp_http: { listen: '127.0.0.1:0' } },
    cache: { capacity: options.cacheBytes, when_full: 'overwrite_oldest' },
    batch: { max_bytes: Math.max(4 * kibibyte, Math.floor(options.cacheBytes / 16)) },
    endpoint: { url: options.url },
    dispatch: { concurrency: 4, backoff: { initial: '50ms', max: '250ms' } },
  })
  const loaded = parseConfig(text, { folder: options.folder, environment: {} })
  if (loaded.kind === 'valid') return loaded.config
  const faults = loaded.faults.map((fault) => faultText(fault, 'the replay')).join('; ')
  throw new Error(`The configuration of the replay is faulty: ${faults}`)
}
