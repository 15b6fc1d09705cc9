import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Letter } from '../../../../infra/kafka/dead-letters.ts'
import { arrivedIn } from '../../../../infra/kafka/intake.ts'
import { singleObject } from '../../../../infra/kafka/wire.ts'
import { encode } from '../../../../schemas/codec.ts'
import type { Message } from '../../../../schemas/messages.ts'
import { held } from '../../../support/specimen.ts'

const shards = 4
const fetched = (messages: readonly Message[], partition: number) => ({
  partition,
  messages: messages.map((message, offset) => ({
    key: null,
    value: encode(message),
    headers: {},
    offset: String(offset),
    timestamp: '1700000000000',
    attributes: 0,
  })),
})
const appendedAt = (segment: number): Message => ({
  type: 'records.appended',
  held: [held({ segment, offset: 1 })],
})

test('what names records of another shard is buried, and the rest arrives', async () => {
  const letters: Letter[] = []
  const bury = async (more: readonly Letter[]) => {
    letters.push(...more)
  }
  // Shard 1 has the partitions 1, 5 and 9.
  const messages = [appendedAt(1), appendedAt(2), appendedAt(9), appendedAt(13), appendedAt(-3)]
  const given = { format: singleObject, deadLetters: { bury }, shards }
  const arrived = await arrivedIn('appended', fetched(messages, 1), given)
  assert.deepEqual(
    arrived.map(({ offset }) => offset),
    [0, 2],
  )
  assert.deepEqual(
    letters.map(({ offset, why }) => ({ offset, why })),
    [1, 3, 4].map((offset) => ({ offset, why: 'unexpected_message' })),
  )
  assert.match(letters[0]?.detail ?? '', /partition 2 of records, which is not of shard 1/)
})

test('what names the partitions of its own shard arrives, of each kind of message', async () => {
  const bury = () => Promise.reject(new Error('Nothing is to be buried.'))
  const given = { format: singleObject, deadLetters: { bury }, shards }
  const it = held({ segment: 6, offset: 1 })
  const { producer, tenant, service } = it.batch
  const mark = { at: it.at, producer, tenant, service, firstSeq: 0, delivered: 10, dropped: 0 }
  const ended: Message = { type: 'marks.recorded', marks: [mark], drops: [] }
  const returned: Message = { type: 'batches.returned', held: [it], reason: 'unsettled' }
  assert.equal((await arrivedIn('settlements', fetched([ended], 2), given)).length, 1)
  assert.equal((await arrivedIn('mailbox-cache', fetched([returned], 2), given)).length, 1)
})
