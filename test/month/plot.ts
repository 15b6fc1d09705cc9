/** The story of the month: what happens to the endpoints, and when. The same for both agents of a pair. */
import { chanceOf } from '../support/chance.ts'

export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

export const days = 30
export const endMs = days * day
export const tenantsPerAgent = 3
export const recordsPerRound = 30
/** Each tenant's records are collected so often. */
export const roundMs = 30 * minute

export type Endpoint = 'a' | 'b'
export const urlOf = (endpoint: Endpoint): string => `http://logs-${endpoint}.month.test`

/** Records move to another endpoint, and every agent is told so several times in quick succession. */
export type Storm = {
  /** The endpoint that is left answers nothing from `slowFromMs` on, and says 307 at `movedMs`. */
  readonly slowFromMs: number
  readonly commandsMs: readonly number[]
  readonly movedMs: number
  readonly from: Endpoint
  readonly to: Endpoint
}
export type Outage = { readonly fromMs: number; readonly toMs: number }

export type Plot = {
  readonly agents: readonly AgentPlot[]
  readonly storms: readonly Storm[]
  /** People restart every naive agent then. The one thing that is assumed and not simulated. */
  readonly restartMs: number
}
export type AgentPlot = {
  readonly name: string
  readonly tenants: readonly string[]
  /** Of its rounds. */
  readonly phaseMs: number
  /** Its endpoints are away, for longer than its cache bridges. */
  readonly outage: Outage | null
}

const stormDays = [1.4, 6.3, 13.6, 21.7]
const slowMs = 10 * minute
const commandsPerStorm = 5
const commandEveryMs = 2 * second
const movedAfterMs = 30 * second
const restartDay = 18
const outageDay = 10.2
const outageMs = 11 * hour
/** One agent in so many. */
const outageShare = 4

export const plotOf = (seed: number, agents: number): Plot => {
  const chance = chanceOf(seed)
  const storms = stormDays.map((at, index): Storm => {
    const burstMs = Math.round(at * day) + chance.below(roundMs)
    const [from, to]: readonly [Endpoint, Endpoint] = index % 2 === 0 ? ['a', 'b'] : ['b', 'a']
    return {
      slowFromMs: burstMs - slowMs,
      commandsMs: Array.from(
        { length: commandsPerStorm },
        (_, it) => burstMs + it * commandEveryMs,
      ),
      movedMs: burstMs + movedAfterMs,
      from,
      to,
    }
  })
  const outageFromMs = Math.round(outageDay * day)
  return {
    storms,
    restartMs: restartDay * day,
    agents: Array.from({ length: agents }, (_, index) => ({
      name: `agent-${index + 1}`,
      tenants: Array.from(
        { length: tenantsPerAgent },
        (_, it) => `tenant-${index * tenantsPerAgent + it + 1}`,
      ),
      phaseMs: chance.below(roundMs),
      outage:
        index % outageShare === outageShare - 1
          ? { fromMs: outageFromMs, toMs: outageFromMs + outageMs }
          : null,
    })),
  }
}

/** The commands of a storm go to and fro, and end at the new endpoint. */
export const targetOf = ({ from, to }: Storm, command: number): Endpoint =>
  (commandsPerStorm - 1 - command) % 2 === 0 ? to : from

export type Answer =
  | { readonly kind: 'taken' | 'unreachable'; readonly afterMs: number }
  | { readonly kind: 'moved'; readonly afterMs: number; readonly to: Endpoint }

const answerMs = 40
const unreachableMs = 200

/** What an endpoint does with a request that reaches it at this moment. */
export const answerAt = (
  { storms, outage }: { readonly storms: readonly Storm[]; readonly outage: Outage | null },
  endpoint: Endpoint,
  nowMs: number,
): Answer => {
  if (outage !== null && nowMs >= outage.fromMs && nowMs < outage.toMs)
    return { kind: 'unreachable', afterMs: unreachableMs }
  const storm = storms.find(
    ({ slowFromMs, movedMs, from }) => from === endpoint && nowMs >= slowFromMs && nowMs < movedMs,
  )
  return storm === undefined
    ? { kind: 'taken', afterMs: answerMs }
    : { kind: 'moved', afterMs: storm.movedMs - nowMs, to: storm.to }
}
