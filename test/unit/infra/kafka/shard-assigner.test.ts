import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AssignerProtocol } from 'kafkajs'
import {
  partitionsOfShard,
  shardAssigner,
  shardOfPartition,
  shareOut,
} from '../../../../infra/kafka/shard-assigner.ts'
import { namesIn } from '../../../../infra/kafka/topic-names.ts'
import { partitionsOf, topicNames } from '../../../../schemas/topics.ts'

const members = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 9 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({ id: fc.constant(id), owned: fc.uniqueArray(fc.nat(20), { maxLength: 8 }) }),
      ),
    ),
  )

describe('shards among members', () => {
  test('each shard has one holder, and shares differ by one at most', () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 16 }), (all, shards) => {
        const shares = [...shareOut(all, shards).values()]
        assert.deepEqual(
          shares.flat().toSorted((a, b) => a - b),
          Array.from({ length: shards }, (_, shard) => shard),
        )
        const counts = shares.map(({ length }) => length)
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 1)
      }),
    )
  })

  test('nothing moves when nobody comes or goes', () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 16 }), (all, shards) => {
        const before = shareOut(all, shards)
        const again = shareOut(
          [...before].map(([id, owned]) => ({ id, owned })),
          shards,
        )
        assert.deepEqual(again, before)
      }),
    )
  })

  test('a member that comes takes its share, and the others keep what is left to them', () => {
    const owned = [0, 1, 2, 3, 4, 5]
    const shares = shareOut(
      [
        { id: 'old', owned },
        { id: 'new', owned: [] },
      ],
      6,
    )
    assert.deepEqual(shares.get('old'), [0, 1, 2])
    assert.deepEqual(shares.get('new'), [3, 4, 5])
  })
})

test('the partitions of all shards are all partitions of a topic, each once', () => {
  for (const topic of topicNames) {
    const partitions = [0, 1, 2, 3].flatMap((shard) => {
      const mine = partitionsOfShard(topic, shard, 4)
      for (const partition of mine) assert.equal(shardOfPartition(topic, partition, 4), shard)
      return mine
    })
    assert.deepEqual(
      partitions.toSorted((a, b) => a - b),
      Array.from({ length: partitionsOf(topic, 4) }, (_, partition) => partition),
      topic,
    )
  }
})

test('a group is told in bytes who has what, whatever its members say of themselves', async () => {
  const names = namesIn('here')
  const assigner = shardAssigner({ shards: 2, names, owned: () => [1] })
  const subscribed = ['here.records', 'here.drops']
  const { metadata } = assigner.protocol({ topics: subscribed })
  const nonsense = AssignerProtocol.MemberMetadata.encode({
    version: 0,
    topics: subscribed,
    userData: Buffer.from('{"a":'),
  })
  const answer = await assigner.assign({
    members: [
      { memberId: 'a', memberMetadata: nonsense },
      { memberId: 'b', memberMetadata: metadata },
    ],
  })
  const read = answer.map(({ memberId, memberAssignment }) => [
    memberId,
    AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment,
  ])
  assert.deepEqual(read, [
    ['a', { 'here.records': [0, 2, 4], 'here.drops': [0] }],
    ['b', { 'here.records': [1, 3, 5], 'here.drops': [] }],
  ])
})
