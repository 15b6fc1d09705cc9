/**
 * Shares the shards out among the members of a group, whole: whoever has a shard has its partition of
 * every topic. Members keep what they have as far as shares stay even, so that few shards move.
 */
import { AssignerProtocol, type GroupMember, type GroupMemberAssignment } from 'kafkajs'
import { type TopicName, topics } from '../../schemas/topics.ts'
import type { Names } from './topic-names.ts'

export const assignerName = 'holdfast-shards'
const version = 0

/** What belongs to a shard, of one topic. */
export const partitionsOfShard = (
  topic: TopicName,
  shard: number,
  shards: number,
): readonly number[] => {
  const { partitions } = topics[topic]
  if (partitions === 'one') return shard === 0 ? [0] : []
  if (partitions === 'shards') return [shard]
  return [shard, shards + shard, 2 * shards + shard]
}

export const shardOfPartition = (topic: TopicName, partition: number, shards: number): number =>
  topics[topic].partitions === 'one' ? 0 : partition % shards

export type Member = { readonly id: string; readonly owned: readonly number[] }

/** Which shards each member has from now on. Shares differ by one at most. */
export const shareOut = (
  members: readonly Member[],
  shards: number,
): ReadonlyMap<string, readonly number[]> => {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const shares = new Map<string, number[]>(sorted.map(({ id }) => [id, []]))
  const free = new Set(Array.from({ length: shards }, (_, shard) => shard))
  const least = Math.floor(shards / members.length)
  let larger = shards % members.length
  // Whoever has most keeps one more, where shares cannot be equal.
  for (const { id, owned } of sorted.toSorted((a, b) => b.owned.length - a.owned.length)) {
    const share = shares.get(id) ?? []
    for (const shard of owned) {
      if (!free.has(shard) || share.length > least || (share.length === least && larger === 0))
        continue
      if (share.length === least) larger -= 1
      free.delete(shard)
      share.push(shard)
    }
  }
  for (const shard of free) {
    const fewest = sorted.reduce((best, { id }) => {
      const [mine, others] = [shares.get(id), shares.get(best)]
      return (mine?.length ?? 0) < (others?.length ?? 0) ? id : best
    }, sorted[0]?.id ?? '')
    shares.get(fewest)?.push(shard)
  }
  for (const share of shares.values()) share.sort((a, b) => a - b)
  return shares
}

export type ShardAssigner = {
  readonly name: string
  readonly version: number
  readonly assign: (group: {
    readonly members: readonly GroupMember[]
  }) => Promise<GroupMemberAssignment[]>
  readonly protocol: (subscription: { readonly topics: readonly string[] }) => {
    readonly name: string
    readonly metadata: Buffer
  }
}

/** @param options.owned the shards of this member, as it last knew. */
export const shardAssigner = (options: {
  readonly shards: number
  readonly names: Names
  readonly owned: () => readonly number[]
}): ShardAssigner => ({
  name: assignerName,
  version,
  assign: async ({ members }) => {
    const known = members.map(({ memberId, memberMetadata }) => {
      const metadata = AssignerProtocol.MemberMetadata.decode(memberMetadata)
      return { id: memberId, topics: metadata?.topics ?? [], owned: ownedIn(metadata?.userData) }
    })
    const shares = shareOut(known, options.shards)
    return known.map(({ id, topics: subscribed }) => {
      const assignment = Object.fromEntries(
        subscribed.map((name) => [name, partitionsIn(name, shares.get(id) ?? [], options)]),
      )
      const memberAssignment = { version, assignment, userData: Buffer.alloc(0) }
      return {
        memberId: id,
        memberAssignment: AssignerProtocol.MemberAssignment.encode(memberAssignment),
      }
    })
  },
  protocol: ({ topics: subscribed }) => {
    const userData = Buffer.from(JSON.stringify(options.owned()))
    const metadata = { version, topics: [...subscribed], userData }
    return { name: assignerName, metadata: AssignerProtocol.MemberMetadata.encode(metadata) }
  },
})

const partitionsIn = (
  name: string,
  share: readonly number[],
  { shards, names }: { readonly shards: number; readonly names: Names },
): number[] => share.flatMap((shard) => partitionsOfShard(names.topicOf(name), shard, shards))

/** What a member says of itself is a hint: nonsense counts as nothing owned. */
const ownedIn = (userData: Buffer | undefined): readonly number[] => {
  if (userData === undefined || userData.length === 0) return []
  const text = userData.toString()
  if (!/^\[(?:\d{1,6}(?:,\d{1,6})*)?\]$/.test(text)) return []
  return JSON.parse(text) as readonly number[]
}
