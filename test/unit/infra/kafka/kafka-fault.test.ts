import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from '../../../../infra/kafka/kafka-error.ts'
import { kafkaErrorOf } from '../../../../infra/kafka/kafka-fault.ts'

const answered = (type: string) => Object.assign(new Error(type), { type })
const codeOf = (cause: unknown) => kafkaErrorOf(cause, 'Publishing').code

test('what a broker answers is one of three things to do about it', () => {
  const cases = [
    ['unavailable', ['NOT_ENOUGH_REPLICAS', 'REQUEST_TIMED_OUT', 'UNKNOWN_TOPIC_OR_PARTITION']],
    ['fenced', ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING']],
    ['refused', ['MESSAGE_TOO_LARGE', 'TOPIC_AUTHORIZATION_FAILED', 'SASL_AUTHENTICATION_FAILED']],
  ] as const
  for (const [code, types] of cases)
    for (const type of types) assert.equal(codeOf(answered(type)), code, type)
})

test('the answer is found in whatever the client has wrapped it', () => {
  const fenced = answered('PRODUCER_FENCED')
  assert.equal(codeOf(new Error('retries exceeded', { cause: fenced })), 'fenced')
  assert.equal(codeOf(new AggregateError([new Error('first'), fenced])), 'fenced')
  const partitions = [{ error: null }, { error: answered('OFFSET_OUT_OF_RANGE') }]
  assert.equal(codeOf(Object.assign(new Error('some'), { partitions })), 'refused')
})

test('a certificate that is not trusted is not waited for, a connection that fails is', () => {
  const failing = (code: string) => Object.assign(new Error(code), { code, retriable: true })
  assert.equal(codeOf(failing('DEPTH_ZERO_SELF_SIGNED_CERT')), 'refused')
  assert.equal(codeOf(failing('ECONNREFUSED')), 'unavailable')
})

test('nothing that is thrown is too strange: in doubt it may pass', () => {
  const circle: { cause?: unknown } = {}
  circle.cause = circle
  for (const cause of [undefined, null, 'text', 7, {}, circle])
    assert.equal(codeOf(cause), 'unavailable')
  const given = new KafkaError('fenced', 'as it is')
  assert.equal(kafkaErrorOf(given, 'Publishing'), given)
})

test('says what was attempted, what was seen, and what happens next', () => {
  const { message } = kafkaErrorOf(new Error('no broker'), 'Publishing 3 messages')
  assert.equal(message, 'Publishing 3 messages failed: no broker. It may work later.')
})
