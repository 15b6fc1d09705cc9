import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { namesIn } from '../../../../infra/kafka/topic-names.ts'
import { deviationsFrom, type TopicState, topicPlan } from '../../../../infra/kafka/topic-plan.ts'

const plan = topicPlan(
  { shards: 6, replicationFactor: 3, minInsyncReplicas: 2, messageBytesMax: 1000 },
  namesIn('here'),
)
const changed = (name: string, change: (topic: TopicState) => Partial<TopicState>) =>
  deviationsFrom(
    plan,
    plan.map((topic) => (topic.name === name ? { ...topic, ...change(topic) } : topic)),
  ).map(({ what, found, kind }) => `${what} ${found} ${kind}`)
const setting = (name: string, settings: Readonly<Record<string, string>>) =>
  changed(name, (topic) => ({ settings: { ...topic.settings, ...settings } }))

describe('topics beside what is needed', () => {
  test('deviate in nothing when they are as planned, whatever others there are', () => {
    const other = { name: 'here.other', partitions: 1, replicationFactor: 1, settings: {} }
    assert.deepEqual(deviationsFrom(plan, [...plan, other]), [])
  })

  test('are missed one by one', () => {
    const missing = deviationsFrom(plan, plan.slice(2)).map(({ topic, kind }) => [topic, kind])
    assert.deepEqual(missing, [
      ['here.records', 'missing'],
      ['here.appended', 'missing'],
    ])
  })

  test('harm where they would lose, refuse or hide messages', () => {
    assert.deepEqual(
      changed('here.records', () => ({ partitions: 24 })),
      ['partitions 24 harmful'],
    )
    assert.deepEqual(setting('here.records', { 'retention.ms': '604800000' }), [
      'retention.ms 604800000 harmful',
    ])
    assert.deepEqual(setting('here.appended', { 'retention.bytes': '1' }), [
      'retention.bytes 1 harmful',
    ])
    assert.deepEqual(setting('here.drops', { 'cleanup.policy': 'compact,delete' }), [
      'cleanup.policy compact,delete harmful',
    ])
    assert.deepEqual(setting('here.heartbeats', { 'retention.ms': '1000' }), [
      'retention.ms 1000 harmful',
    ])
    assert.deepEqual(setting('here.records', { 'max.message.bytes': '999' }), [
      'max.message.bytes 999 harmful',
    ])
  })

  test('are weak with fewer copies, and may have more of everything', () => {
    assert.deepEqual(
      changed('here.drops', () => ({ replicationFactor: 1 })),
      ['replication.factor 1 weak'],
    )
    assert.deepEqual(setting('here.drops', { 'min.insync.replicas': '1' }), [
      'min.insync.replicas 1 weak',
    ])
    assert.deepEqual(setting('here.heartbeats', { 'retention.ms': '-1' }), [])
    assert.deepEqual(
      setting('here.records', { 'max.message.bytes': '1001', 'min.insync.replicas': '3' }),
      [],
    )
    assert.deepEqual(
      changed('here.drops', () => ({ replicationFactor: 5 })),
      [],
    )
  })

  test('are not accused of settings that may not be read', () => {
    assert.deepEqual(
      changed('here.records', () => ({ settings: {} })),
      [],
    )
  })
})
