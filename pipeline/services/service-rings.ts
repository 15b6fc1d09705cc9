/** The rings of all shards, as far as heartbeats tell of those that other services hold. */
import type { RingSummary, Rings } from '../ring-summary.ts'
import type { Peers } from './peers.ts'
import { shardCacheId } from './shard-cache.ts'

/** A shard has one cache at a time: while it is handed over, whoever spoke last has it. */
export const ringsEverywhere = ({
  here,
  peers,
  shards,
}: {
  readonly here: readonly RingSummary[]
  readonly peers: Pick<Peers, 'beats'>
  readonly shards: number
}): Rings => {
  const elsewhere = peers
    .beats()
    .toSorted((a, b) => a.atMs - b.atMs)
    .flatMap(({ service, atMs, rings }) =>
      rings.map((ring): RingSummary => ({ ...ring, service, place: 'elsewhere', atMs })),
    )
  const known = new Map([...elsewhere, ...here].map((ring) => [ring.cache, ring]))
  const expected = Array.from({ length: shards }, (_, shard) => shardCacheId(shard))
  return {
    rings: expected.flatMap((cache) => known.get(cache) ?? []),
    missing: expected.filter((cache) => !known.has(cache)),
  }
}
