import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryAfterMs } from '../../../../infra/endpoints/retry-after.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')

test('seconds and dates become milliseconds from now', () => {
  assert.equal(retryAfterMs('0', nowMs), 0)
  assert.equal(retryAfterMs(' 120 ', nowMs), 120_000)
  assert.equal(retryAfterMs('Tue, 24 Nov 2026 12:00:30 GMT', nowMs), 30_000)
})

test('what has passed is now, and an hour is the most', () => {
  assert.equal(retryAfterMs('Tue, 24 Nov 2026 11:00:00 GMT', nowMs), 0)
  assert.equal(retryAfterMs('86400', nowMs), 3_600_000)
  assert.equal(retryAfterMs('999999999999999', nowMs), 3_600_000)
  assert.equal(retryAfterMs('Wed, 24 Nov 2027 12:00:00 GMT', nowMs), 3_600_000)
})

test('what is neither seconds nor a date is null', () => {
  for (const value of [undefined, '', ' ', '-1', '1.5', '5s', 'soon', '1e3', 'Infinity', '1, 2'])
    assert.equal(retryAfterMs(value, nowMs), null, String(value))
})
