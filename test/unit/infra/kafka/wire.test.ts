import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { IHeaders } from 'kafkajs'
import type { Outgoing } from '../../../../infra/kafka/kafka.ts'
import { readFrom, singleObject, written } from '../../../../infra/kafka/wire.ts'
import { encode } from '../../../../schemas/codec.ts'
import type { TopicName } from '../../../../schemas/topics.ts'
import { batch } from '../../../support/specimen.ts'

const stored = (value: Buffer | null, headers: IHeaders = {}) => ({
  value,
  headers,
  key: null,
  offset: '41',
  timestamp: '1700000000000',
  attributes: 0,
})
const read = (topic: TopicName, value: Buffer | null, headers?: IHeaders) =>
  readFrom({ topic, partition: 3, message: stored(value, headers) }, singleObject)
const through = (outgoing: Outgoing) => {
  const { value, headers } = written(outgoing, 'id-1', singleObject)
  return read(outgoing.topic, value, headers)
}
const opened = { type: 'cache.opened' } as const

describe('a message on the wire', () => {
  test('is the same after it has travelled, with what its headers say', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const topic = 'mailbox-collector'
    const more = { causation: 'id-0', traceparent }
    assert.deepEqual(through({ topic, partition: 3, message: opened, ...more }), {
      topic,
      partition: 3,
      offset: 41,
      atMs: 1_700_000_000_000,
      id: 'id-1',
      ...more,
      message: opened,
    })
  })

  test('is a payload with its batch in a header, of one piece or several', () => {
    for (const payload of [[Buffer.from('whole')], [Buffer.from('wh'), Buffer.from('ole')]]) {
      const arrived = through({ topic: 'records', partition: 3, batch: batch(), payload })
      assert.ok('topic' in arrived && arrived.topic === 'records')
      assert.deepEqual(arrived.batch, batch())
      assert.equal(Buffer.from(arrived.payload).toString(), 'whole')
    }
  })

  test('does not copy a payload of one piece', () => {
    const piece = new Uint8Array([1, 2, 3])
    const outgoing = { topic: 'records', partition: 0, batch: batch(), payload: [piece] } as const
    const { value } = written(outgoing, 'id', singleObject)
    assert.equal(value.buffer, piece.buffer)
  })

  test('that cannot be read says why', () => {
    const good = encode(opened)
    const cases = [
      [read('heartbeats', null), 'no_value'],
      [read('heartbeats', Buffer.from('hello')), 'not_single_object'],
      [read('heartbeats', good.subarray(0, 5)), 'truncated'],
      [read('heartbeats', good), 'unexpected_message'],
      [read('records', Buffer.from('payload')), 'no_batch'],
      [read('records', Buffer.from('payload'), { 'holdfast-batch': 'short' }), 'no_batch'],
      [read('records', good, { 'holdfast-batch': Buffer.alloc(40) }), 'unknown_schema'],
    ] as const
    for (const [answer, why] of cases) {
      assert.ok('kind' in answer, why)
      assert.equal(answer.why, why)
    }
  })

  test('needs no id of ours: others may write too', () => {
    const arrived = read('mailbox-collector', encode(opened))
    assert.ok('id' in arrived)
    assert.deepEqual([arrived.id, arrived.causation, arrived.traceparent], ['', null, null])
  })
})
