import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, verdictOf } from '../../../../infra/endpoints/verdict.ts'
import { encodeResponse, encodeStatus } from '../../../../infra/otlp/response.ts'

const answerOf = (status: number, more: Partial<Answer> = {}): Answer => ({
  status,
  location: undefined,
  retryAfter: undefined,
  contentType: 'application/x-protobuf',
  body: new Uint8Array(),
  target: new URL('https://one.example/base/v1/logs'),
  records: 10,
  nowMs: 0,
  redact: (text) => text,
  ...more,
})

/** The whole table again, written the other way round. */
const expected = (status: number): string => {
  if (status === 307 || status === 308) return 'redirected'
  if (status === 413 || status === 431) return 'tooLarge'
  if (status === 429) return 'throttled'
  if (status === 408) return 'failed'
  return ['failed', 'accepted', 'failed', 'rejected', 'failed'][Math.floor(status / 100) - 1] ?? ''
}

test('every status from 100 to 599 has the verdict of its row', () => {
  for (let status = 100; status <= 599; status += 1)
    assert.equal(verdictOf(answerOf(status)).kind, expected(status), String(status))
})

test('a number that is no HTTP status is a failed attempt, never a loss', () => {
  for (const status of [0, 99, 600, 999])
    assert.equal(verdictOf(answerOf(status)).kind, 'failed', String(status))
})

test('only 429 and 503 are throttled by Retry-After; a 500 with it stays a fault', () => {
  const retryAfter = '7'
  assert.deepEqual(verdictOf(answerOf(503, { retryAfter })), {
    kind: 'throttled',
    status: 503,
    retryAfterMs: 7000,
  })
  assert.deepEqual(verdictOf(answerOf(429, { retryAfter: 'soon' })), {
    kind: 'throttled',
    status: 429,
    retryAfterMs: null,
  })
  assert.equal(verdictOf(answerOf(503, { retryAfter: 'soon' })).kind, 'failed')
  assert.equal(verdictOf(answerOf(500, { retryAfter })).kind, 'failed')
})

test('a partial success counts what was rejected, and never more than was sent', () => {
  const body = encodeResponse('protobuf', { rejected: 3, message: 'too\nold' })
  assert.deepEqual(verdictOf(answerOf(200, { body })), {
    kind: 'partial',
    rejected: 3,
    message: 'too old',
  })
  const json = encodeResponse('json', { rejected: 99, message: 'all' })
  assert.deepEqual(verdictOf(answerOf(202, { body: json, contentType: 'application/json' })), {
    kind: 'partial',
    rejected: 10,
    message: 'all',
  })
})

test('a partial success that rejects nothing, and a body that is none, are accepted', () => {
  const warning = encodeResponse('protobuf', { rejected: 0, message: 'slow down, please' })
  for (const more of [
    { body: warning },
    { body: Buffer.from('<html>welcome</html>'), contentType: 'text/html' },
    { body: Buffer.from('\n\x02\x08\x05'), contentType: 'text/plain' },
    { body: Buffer.from([0x0a, 0xff]) },
    { body: Buffer.from('{"partial'), contentType: 'application/json' },
  ])
    assert.deepEqual(verdictOf(answerOf(200, more)), { kind: 'accepted' })
})

test('a redirect carries its target as a base, or null', () => {
  const locationOf = (location: string | undefined) => verdictOf(answerOf(307, { location }))
  assert.deepEqual(locationOf('https://two.example/v1/logs'), {
    kind: 'redirected',
    status: 307,
    location: 'https://two.example',
  })
  assert.deepEqual(locationOf(undefined), { kind: 'redirected', status: 307, location: null })
  assert.deepEqual(locationOf('http://'), { kind: 'redirected', status: 307, location: null })
})

test('a rejection is told in the receiver’s words, from protobuf, JSON or text', () => {
  const status = { code: 'invalidArgument', message: 'no such tenant' } as const
  for (const more of [
    { body: encodeStatus('protobuf', status) },
    { body: encodeStatus('json', status), contentType: 'application/json; charset=utf-8' },
    { body: Buffer.from(' no such\ttenant\r\n'), contentType: 'text/plain' },
  ])
    assert.deepEqual(verdictOf(answerOf(400, more)), {
      kind: 'rejected',
      status: 400,
      message: 'no such tenant',
    })
})

test('what the receiver writes is cut to 500 printable characters', () => {
  const body = Buffer.from(`\u001b[31m\u202e${'é'.repeat(5000)}`)
  const verdict = verdictOf(answerOf(422, { body, contentType: 'text/plain' }))
  assert.equal(verdict.kind, 'rejected')
  if (verdict.kind !== 'rejected') return
  assert.equal(verdict.message.length, 500)
  assert.match(verdict.message, /^\[31m é+…$/)
})

test('secrets are taken out before the message is cut, so that no half of one remains', () => {
  const body = Buffer.from(`${'x'.repeat(490)}s3cret-token`)
  const redact = (text: string) => text.replaceAll('s3cret-token', '[redacted]')
  const verdict = verdictOf(answerOf(400, { body, contentType: 'text/plain', redact }))
  assert.ok(verdict.kind === 'rejected' && !verdict.message.includes('s3c'))
})
