/** The rings of all shards, as far as heartbeats tell of those that other services hold. */
import type { Clock } from '../../infra/clock/clock.ts'
import { type RingSummary, type Rings, ringsSeen } from '../ring-summary.ts'
import type { Stage } from '../stage.ts'
import type { Peers } from './peers.ts'
import { shardCacheId } from './shard-cache.ts'

export const ringsHere = ({
  stage,
  service,
  clock,
}: {
  readonly stage: Pick<Stage, 'actors'>
  readonly service: string
  readonly clock: Pick<Clock, 'now'>
}): readonly RingSummary[] =>
  ringsSeen(stage.actors()).map((ring) => ({
    ...ring,
    service,
    place: 'here',
    atMs: clock.now(),
  }))

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
