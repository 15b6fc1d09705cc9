import { hour, recordsPerRound } from './plot.ts'

/** What became of the records of one tenant that were collected in one round. */
export type Lot = {
  readonly tenant: string
  readonly atMs: number
  readonly records: number
  fate: 'held' | 'delivered' | 'late' | 'lost'
}

/** How one agent got through the month. */
export type Outcome = {
  readonly lots: readonly Lot[]
  /** When sends stopped for good, until somebody restarted it. */
  readonly stalledAtMs: readonly number[]
  readonly restartedAtMs: readonly number[]
  /** What it told, whom, and when; a naive agent tells nobody. */
  readonly told: readonly Told[]
  /** Drop events say that so many records are gone. */
  readonly reported: number
  readonly faults: readonly string[]
}
export type Told = {
  readonly tenant: string
  readonly type: string
  readonly atMs: number
  /** When the first of what is told of happened. */
  readonly causeMs: number
  readonly records: number
}

const lateMs = hour

export const newLot = (tenant: string, atMs: number): Lot => ({
  tenant,
  atMs,
  records: recordsPerRound,
  fate: 'held',
})

export const delivered = (lot: Lot, nowMs: number): void => {
  if (lot.fate === 'held') lot.fate = nowMs - lot.atMs > lateMs ? 'late' : 'delivered'
}

/** Of what was not delivered the newest are held still; a full cache gives up its oldest. */
export const settled = (lots: readonly Lot[], heldLots: number): readonly Lot[] => {
  const open = lots
    .filter(({ fate }) => fate === 'held')
    .toSorted((one, other) => other.atMs - one.atMs)
  for (const lot of open.slice(heldLots)) lot.fate = 'lost'
  return lots
}
