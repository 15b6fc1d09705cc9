/** Whether every record that a client was promised is at an endpoint or in a drop event, to the record. */
import type { Coordinates } from '../../schemas/brand.ts'
import { differenceOf, rangeSet, type SeqRange, sizeOf } from '../../schemas/range-set.ts'

export type Seen = {
  /** All that was ever accepted, by stream and producer. */
  readonly accepted: readonly Coordinates[]
  /** The parts of it that no endpoint has taken. */
  readonly missing: readonly Coordinates[]
  readonly drops: readonly Coordinates[]
  /** Records that clients were answered 200 for, by tenant and service. */
  readonly promised: readonly (Pick<Coordinates, 'tenant' | 'service'> & {
    readonly records: number
  })[]
}

/**
 * Records that are gone, and nobody says so: missing and in no drop event, or promised to a client and in
 * no account.
 */
export const unreportedIn = ({ accepted, missing, drops, promised }: Seen): number => {
  const reported = byStream(drops)
  let unreported = 0
  for (const [stream, ranges] of byStream(missing))
    unreported += sizeOf(differenceOf(rangeSet(ranges), rangeSet(reported.get(stream) ?? [])))
  for (const { tenant, service, records } of promised) {
    const counted = accepted.filter((it) => it.tenant === tenant && it.service === service)
    unreported += Math.max(0, records - sizeOf(counted))
  }
  return unreported
}

const byStream = (all: readonly Coordinates[]): ReadonlyMap<string, readonly SeqRange[]> =>
  Map.groupBy(all, ({ producer, tenant, service }) => JSON.stringify([producer, tenant, service]))
