/** The account of a running pipeline, as its admin API tells it. */
import assert from 'node:assert/strict'
import { type Coordinates, seq } from '../../schemas/brand.ts'
import type { DropReason } from '../../schemas/messages.ts'
import { type HoldfastProcess, until } from './holdfast-process.ts'

export type Totals = {
  readonly accepted: number
  readonly delivered: number
  readonly dropped: number
  readonly pending: number
  readonly refused: number
  readonly unaccounted: number
}
type StreamAccount = Omit<Totals, 'refused'> & Pick<Coordinates, 'tenant' | 'service' | 'producer'>
type Account = { readonly totals: Totals; readonly streams: readonly StreamAccount[] }

export type DropEvent = Coordinates & {
  readonly id: string
  readonly records: number
  readonly bytes: number
  readonly reason: DropReason
  readonly detail: string
}

const pagesMax = 1_000

/** Whatever has an admin API. */
type Asked = Pick<HoldfastProcess, 'get'>

export const accountOf = async (holdfast: Asked): Promise<Account> => {
  const account = await holdfast.get<Account>('/api/v1/ledger')
  for (const { accepted, delivered, dropped, pending, unaccounted } of [
    account.totals,
    ...account.streams,
  ]) {
    assert.equal(unaccounted, 0)
    assert.equal(accepted, delivered + dropped + pending)
  }
  return account
}

/** Waits until nothing is pending any more. */
export const settledAccountOf = (holdfast: Asked): Promise<Account> =>
  until(
    () => accountOf(holdfast),
    ({ totals }) => totals.pending === 0,
  )

/** Every drop event, oldest first. */
export const dropsOf = async (holdfast: Asked): Promise<readonly DropEvent[]> => {
  const drops: DropEvent[] = []
  let cursor: string | null = ''
  for (let page = 0; cursor !== null && page < pagesMax; page += 1) {
    const query: string = cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`
    const answer: { drops: DropEvent[]; cursor: string | null } = await holdfast.get(
      `/api/v1/drops${query}`,
    )
    drops.push(...answer.drops)
    cursor = answer.cursor
  }
  assert.equal(cursor, null, `more than ${pagesMax} pages of drop events`)
  return drops
}

/** All records that were ever accepted: each stream of each producer from 0, without gaps. */
export const acceptedIn = ({ streams }: Account): readonly Coordinates[] =>
  streams
    .filter(({ accepted }) => accepted > 0)
    .map(({ producer, tenant, service, accepted }) => ({
      producer,
      tenant,
      service,
      firstSeq: seq(0),
      lastSeq: seq(accepted - 1),
    }))

/** Ranges in an order and a form in which two sets of them can be compared: merged where they touch. */
export const normalRanges = (ranges: readonly Coordinates[]): readonly string[] => {
  const sorted = [...ranges].sort(
    (a, b) => compare(streamOf(a), streamOf(b)) || a.firstSeq - b.firstSeq,
  )
  const merged: Coordinates[] = []
  for (const range of sorted) {
    const last = merged.at(-1)
    const touches =
      last !== undefined && streamOf(last) === streamOf(range) && range.firstSeq <= last.lastSeq + 1
    if (touches)
      merged.splice(-1, 1, { ...last, lastSeq: seq(Math.max(last.lastSeq, range.lastSeq)) })
    else merged.push(range)
  }
  return merged.map((range) => `${streamOf(range)} ${range.firstSeq}-${range.lastSeq}`)
}

const streamOf = ({ producer, tenant, service }: Coordinates): string =>
  `${producer}/${tenant}/${service}`
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
