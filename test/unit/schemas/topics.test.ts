import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  laneOf,
  partitionsOf,
  recordsPartition,
  topicNames,
  topics,
} from '../../../schemas/topics.ts'

test('a shard has one partition of records for each priority, and no two share one', () => {
  const shards = 5
  const seen = new Set<number>()
  for (const priority of ['high', 'normal', 'low'] as const)
    for (let shard = 0; shard < shards; shard += 1) {
      const partition = recordsPartition({ shard, priority }, shards)
      assert.deepEqual(laneOf(partition, shards), { shard, priority })
      seen.add(partition)
    }
  assert.equal(seen.size, partitionsOf('records', shards))
  for (const partition of [-1, 15]) assert.throws(() => laneOf(partition, shards), RangeError)
})

test('each topic names the messages that it carries, but for the one of payloads', () => {
  for (const topic of topicNames)
    assert.equal(topics[topic].carries.length > 0, topic !== 'records', topic)
})
