/** The accounts of all workers as one. What cannot be added up without saying something wrong is not here. */
import type { ServiceTotals } from '../../infra/book/book-request.ts'
import type { StreamAccount, Totals } from '../../infra/ledger/ledger.ts'
import type { Completeness } from '../account/completeness.ts'
import type { LedgerRanges } from '../account/stream-ranges.ts'
import type { LedgerWindow } from '../admin/window-routes.ts'

export type Account = { readonly totals: Totals; readonly streams: readonly StreamAccount[] }

/** One answer of each worker: at least one. */
export type EachOf<Value> = readonly [Value, ...Value[]]

/** Numbers by numbers; what else a row has is that of the first. */
const added = <Row extends object>(first: Row, others: readonly Row[]): Row => {
  const plus = (key: string, value: number): number =>
    others.reduce((sum, other) => sum + Number((other as Record<string, unknown>)[key] ?? 0), value)
  return Object.fromEntries(
    Object.entries(first).map(([key, value]) => [
      key,
      typeof value === 'number' ? plus(key, value) : value,
    ]),
  ) as Row
}

const addedBy = <Row extends object>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): readonly Row[] =>
  [...Map.groupBy(rows, keyOf).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [added(first, others)],
  )

/** Every worker is a producer of its own; only the `*` of former lives may be in several. */
export const mergedAccount = ([first, ...others]: EachOf<Account>): Account => ({
  totals: added(
    first.totals,
    others.map(({ totals }) => totals),
  ),
  streams: addedBy(
    [first, ...others].flatMap(({ streams }) => streams),
    ({ tenant, service, producer }) => JSON.stringify([tenant, service, producer]),
  ),
})

export const mergedWindow = (windows: EachOf<LedgerWindow>): LedgerWindow => ({
  ...windows[0],
  services: addedBy<ServiceTotals>(
    windows.flatMap(({ services }) => services),
    ({ tenant, service }) => JSON.stringify([tenant, service]),
  ),
})

/** Producers are of one worker each; the joined streams of former lives are told apart by it. */
export const mergedRanges = (all: readonly LedgerRanges[]): LedgerRanges => ({
  streams: all.flatMap(({ streams }) => streams),
  joined: addedBy(
    all.flatMap(({ joined }) => joined),
    ({ tenant, service }) => JSON.stringify([tenant, service]),
  ),
})

const gapsMax = 1_000

/** Complete is what is complete everywhere, until the earliest of the workers' answers. */
export const mergedCompleteness = (all: EachOf<Completeness>): Completeness => {
  const [first, ...others] = all
  const gaps = all.flatMap((one) => one.gaps)
  const shown = gaps.slice(0, gapsMax)
  const lost = added(
    first.lost,
    others.map((one) => one.lost),
  )
  const watermarks = all.flatMap(({ watermark }) => watermark ?? [])
  return {
    verdict: verdictOf(all.map(({ verdict }) => verdict)),
    watermark: watermarks.length < all.length ? null : earliest(watermarks),
    asOf: earliest(all.map(({ asOf }) => asOf)),
    accepted: all.reduce((sum, { accepted }) => sum + accepted, 0),
    pending: added(
      first.pending,
      others.map((one) => one.pending),
    ),
    lost: { ...lost, unlisted: lost.unlisted + gaps.length - shown.length },
    gaps: shown,
    doubts: [...new Set(all.flatMap(({ doubts }) => doubts))],
  }
}

const verdictOf = (verdicts: readonly Completeness['verdict'][]): Completeness['verdict'] =>
  verdicts.includes('incomplete')
    ? 'incomplete'
    : verdicts.includes('pending')
      ? 'pending'
      : 'complete'

const earliest = (instants: readonly string[]): string =>
  instants.reduce((least, it) => (Date.parse(it) < Date.parse(least) ? it : least))
