/**
 * Whether all that the account has as dropped has its drop event. Both grow together, so less of them
 * than of records means that somebody cut, emptied or removed the file in which they are kept for good.
 */
import type { Drop } from '../../schemas/messages.ts'
import type { Account } from './account.ts'

/** Dropped records of a tenant and service of which no drop event is left. */
export type Unshown = {
  readonly tenant: string
  readonly service: string
  readonly records: number
}

/** Records in drop events, per tenant and service. */
export type DropSums = {
  readonly add: (drop: Pick<Drop, 'tenant' | 'service' | 'records'>) => void
  readonly of: (stream: Pick<Drop, 'tenant' | 'service'>) => number
}

export const openDropSums = (): DropSums => {
  const sums = new Map<string, number>()
  return {
    add: (drop) => {
      const key = keyOf(drop)
      sums.set(key, (sums.get(key) ?? 0) + drop.records)
    },
    of: (stream) => sums.get(keyOf(stream)) ?? 0,
  }
}

export const unshownDrops = (
  account: Pick<Account, 'services'>,
  shown: DropSums,
): readonly Unshown[] =>
  account.services().flatMap(({ tenant, service, dropped }) => {
    const records = dropped - shown.of({ tenant, service })
    return records > 0 ? [{ tenant, service, records }] : []
  })

const keyOf = ({ tenant, service }: Pick<Drop, 'tenant' | 'service'>): string =>
  `${tenant.length}:${tenant}${service}`
