/**
 * The naive agent over the month: its lock of the endpoint and its overwriting cache are those of the
 * replay (`infra/incident`), the loop of its sender is rebuilt here on virtual time.
 */
import { openEndpointLock } from '../../infra/incident/endpoint-lock.ts'
import { type Entry, openOverwritingCache } from '../../infra/incident/overwriting-cache.ts'
import { openTimeline } from '../simulation/timeline.ts'
import { delivered, type Lot, newLot, type Outcome, settled } from './fate.ts'
import {
  type AgentPlot,
  answerAt,
  type Endpoint,
  endMs,
  hour,
  type Plot,
  recordsPerRound,
  roundMs,
  targetOf,
} from './plot.ts'

const usPerMs = 1_000
const retryMs = 60_000
const threads = 2

export const naiveMonth = async (
  plot: Plot,
  agent: AgentPlot,
  { cacheBytes, payloadOf }: { readonly cacheBytes: number; readonly payloadOf: () => Buffer },
): Promise<Outcome> => {
  const timeline = openTimeline()
  const nowMs = (): number => timeline.nowUs() / usPerMs
  const lots = new Map<Entry, Lot>()
  const cache = openOverwritingCache({ bytesMax: cacheBytes, onOverwritten: () => undefined })
  const stalledAtMs: number[] = []
  const restartedAtMs: number[] = []
  let endpoint: Endpoint = 'a'
  let life = 0
  let lock = openEndpointLock()
  let lastDeliveredAtMs = 0

  const after = (delayMs: number): Promise<void> =>
    new Promise((resolve) => timeline.after(delayMs * usPerMs, resolve))

  const attempt = async (entry: Entry): Promise<'delivered' | 'again' | 'failed'> => {
    const share = await lock.share()
    const answer = answerAt({ ...plot, outage: agent.outage }, endpoint, nowMs())
    await after(answer.afterMs)
    if (answer.kind === 'moved') {
      const change = await share.upgraded()
      endpoint = answer.to
      change.release()
      share.release()
      return 'again'
    }
    share.release()
    if (answer.kind === 'unreachable') return 'failed'
    const lot = lots.get(entry)
    if (lot !== undefined) delivered(lot, nowMs())
    return 'delivered'
  }
  const sendOn = async (mine: number): Promise<void> => {
    while (mine === life) {
      const entry = await cache.take()
      if (mine !== life) return
      const outcome = await attempt(entry)
      if (mine !== life) return
      if (outcome === 'delivered') {
        lastDeliveredAtMs = nowMs()
        cache.remove(entry)
      } else cache.giveBack(entry)
      if (outcome === 'failed') await after(retryMs)
    }
  }
  const start = (): void => {
    life += 1
    lock = openEndpointLock()
    for (let thread = 0; thread < threads; thread += 1) void sendOn(life)
  }
  const collect = (): void => {
    for (const tenant of agent.tenants) {
      const entry = { payload: payloadOf(), records: recordsPerRound }
      lots.set(entry, newLot(tenant, nowMs()))
      cache.add(entry)
    }
    if (nowMs() + roundMs < endMs) timeline.after(roundMs * usPerMs, collect)
  }
  const redirect = async (to: Endpoint): Promise<void> => {
    const mine = life
    const change = await lock.change()
    if (mine === life) endpoint = to
    change.release()
  }

  start()
  timeline.after(agent.phaseMs * usPerMs, collect)
  for (const storm of plot.storms) {
    for (const [index, atMs] of storm.commandsMs.entries())
      timeline.after(atMs * usPerMs, () => void redirect(targetOf(storm, index)))
    // For the audience: whoever waits for the lock an hour after everything is over waits for ever.
    timeline.after((storm.movedMs + hour) * usPerMs, () => {
      const isStuck = lock.waiting() > 0
      const isNew = restartedAtMs.length >= stalledAtMs.length
      if (isStuck && isNew) stalledAtMs.push(Math.max(lastDeliveredAtMs, storm.slowFromMs))
    })
  }
  timeline.after(plot.restartMs * usPerMs, () => {
    if (lock.waiting() === 0) return
    restartedAtMs.push(nowMs())
    cache.reopen()
    endpoint = lastEndpoint(plot, nowMs())
    start()
  })
  while (nowMs() < endMs && timeline.step() === 'stepped')
    await new Promise((resolve) => setImmediate(resolve))
  life += 1
  return {
    lots: settled([...lots.values()], cache.heldRecords() / recordsPerRound),
    stalledAtMs,
    restartedAtMs,
    told: [],
    reported: 0,
    faults: [],
  }
}

/** Where the configuration says that records go by now. */
const lastEndpoint = ({ storms }: Plot, nowMs: number): Endpoint =>
  storms.findLast(({ movedMs }) => movedMs <= nowMs)?.to ?? 'a'
