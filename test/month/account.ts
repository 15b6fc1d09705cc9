/** The month in figures. */
import type { Lot, Outcome } from './fate.ts'
import { type AgentPlot, day, hour, type Plot, recordsPerRound, second } from './plot.ts'

export type Pair = {
  readonly agent: AgentPlot
  readonly naive: Outcome
  readonly holdfast: Outcome
}
export type Figures = {
  readonly accepted: number
  readonly delivered: number
  readonly deliveredLate: number
  readonly held: number
  readonly lost: number
  readonly lostUnreported: number
  readonly tenantsThatLost: number
  /** Hours, summed over tenants, in which something of a tenant is missing. */
  readonly tenantHoursIncomplete: number
  readonly agentsStalled: number
  readonly daysStalled: number
  /** From the first record that is lost until its tenant is told; null: never. */
  readonly toldAfterSecondsMax: number | null
  readonly tenantsTold: number
  readonly notices: number
}
export type Month = {
  readonly seed: number
  readonly agents: number
  readonly tenants: number
  readonly days: number
  readonly cacheHours: number
  readonly naive: Figures
  readonly holdfast: Figures
  readonly faults: readonly string[]
}

export const figuresOf = (outcomes: readonly Outcome[], endMs: number): Figures => {
  const lots = outcomes.flatMap((outcome) => outcome.lots)
  const records = (of: readonly Lot[]): number => of.reduce((sum, it) => sum + it.records, 0)
  const by = (fate: Lot['fate']): readonly Lot[] => lots.filter((lot) => lot.fate === fate)
  const lost = by('lost')
  const told = outcomes.flatMap((outcome) => outcome.told)
  const losses = told.filter(({ type }) => type === 'io.holdfast.drop')
  const firsts = [...Map.groupBy(losses, ({ tenant }) => tenant).values()].flatMap((of) =>
    of.slice(0, 1),
  )
  const reported = outcomes.reduce((sum, outcome) => sum + outcome.reported, 0)
  return {
    accepted: records(lots),
    delivered: records(by('delivered')) + records(by('late')),
    deliveredLate: records(by('late')),
    held: records(by('held')),
    lost: records(lost),
    lostUnreported: records(lost) - reported,
    tenantsThatLost: new Set(lost.map(({ tenant }) => tenant)).size,
    tenantHoursIncomplete: new Set(
      lost.map(({ tenant, atMs }) => `${tenant} ${Math.floor(atMs / hour)}`),
    ).size,
    agentsStalled: outcomes.filter(({ stalledAtMs }) => stalledAtMs.length > 0).length,
    daysStalled: outcomes.reduce((sum, outcome) => sum + stalledMs(outcome, endMs), 0) / day,
    toldAfterSecondsMax:
      firsts.length === 0
        ? null
        : Math.max(...firsts.map(({ atMs, causeMs }) => atMs - causeMs)) / second,
    tenantsTold: new Set(losses.map(({ tenant }) => tenant)).size,
    notices: told.length,
  }
}

const stalledMs = ({ stalledAtMs, restartedAtMs }: Outcome, endMs: number): number =>
  stalledAtMs.reduce((sum, atMs) => {
    const until = restartedAtMs.find((it) => it > atMs) ?? endMs
    return sum + until - atMs
  }, 0)

/** What would make the month no argument: each sentence is a reason to exit with 1. */
export const faultsOf = (plot: Plot, pairs: readonly Pair[]): readonly string[] =>
  pairs.flatMap(({ agent, holdfast, naive }) => {
    const lostOf = (outcome: Outcome, tenant: string): number =>
      outcome.lots.filter((lot) => lot.fate === 'lost' && lot.tenant === tenant).length *
      recordsPerRound
    const toldOf = (tenant: string): number =>
      holdfast.told
        .filter((told) => told.tenant === tenant && told.type === 'io.holdfast.drop')
        .reduce((sum, { records }) => sum + records, 0)
    const redirects = (tenant: string): number =>
      holdfast.told.filter((told) => told.tenant === tenant && /redirect/.test(told.type)).length
    return [
      ...holdfast.faults,
      ...naive.faults,
      ...agent.tenants.flatMap((tenant) => [
        ...(toldOf(tenant) === lostOf(holdfast, tenant)
          ? []
          : [`${tenant} lost ${lostOf(holdfast, tenant)} and was told of ${toldOf(tenant)}`]),
        ...(redirects(tenant) >= plot.storms.length ? [] : [`${tenant} missed a redirect`]),
      ]),
    ].map((fault) => `${agent.name}: ${fault}`)
  })
