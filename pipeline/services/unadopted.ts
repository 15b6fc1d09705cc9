/**
 * What a collector has announced and no cache has taken in yet. It is in the record log, and no cache
 * counts it: where a cache does not keep up, or none is there, this is what bounds it.
 */
import type { ShardAdopted } from '../../schemas/messages.ts'

export type Unadopted = {
  readonly announced: (announcement: Announcement) => void
  readonly adopted: (message: ShardAdopted) => void
  /** One of these shards has no room for more. One that has nothing outstanding always has. */
  readonly isFull: (shards: Iterable<number>) => boolean
}
type Announcement = { readonly shard: number; readonly offset: number; readonly bytes: number }

export const openUnadopted = ({ bytesMax }: { readonly bytesMax: number }): Unadopted => {
  const outstanding = new Map<number, Announcement[]>()
  return {
    announced: (announcement) => {
      const of = outstanding.get(announcement.shard) ?? []
      of.push(announcement)
      outstanding.set(announcement.shard, of)
    },
    adopted: ({ shard, offset }) => {
      const left = outstanding.get(shard)?.filter((it) => it.offset > offset) ?? []
      outstanding.set(shard, left)
    },
    isFull: (shards) => {
      for (const shard of shards) {
        const of = outstanding.get(shard) ?? []
        if (of.reduce((sum, { bytes }) => sum + bytes, 0) > bytesMax) return true
      }
      return false
    },
  }
}
