import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeJson } from '../../../../infra/otlp/json.ts'
import { displayRecords } from '../../../../infra/receiver/display-record.ts'

const encoded = (value: unknown): Buffer => {
  const result = encodeJson(Buffer.from(JSON.stringify(value)))
  assert.ok(result.kind === 'encoded')
  return result.body
}

test('a record is shown whole, with every kind of value', () => {
  const attribute = (key: string, value: unknown) => ({ key, value })
  const body = encoded({
    resourceLogs: [
      {
        resource: {
          attributes: [
            attribute('service.name', { stringValue: 'auth' }),
            attribute('host.name', { stringValue: 'h1' }),
          ],
        },
        scopeLogs: [
          {
            scope: { name: 'login' },
            logRecords: [
              {
                timeUnixNano: '1764028800123456789',
                severityNumber: 10,
                body: { stringValue: 'Zürich' },
                traceId: '0102030405060708090a0b0c0d0e0f10',
                spanId: '0102030405060708',
                eventName: 'user.login',
                attributes: [
                  attribute('flag', { boolValue: true }),
                  attribute('count', { intValue: '-42' }),
                  attribute('large', { intValue: '9007199254740993' }),
                  attribute('ratio', { doubleValue: 0.5 }),
                  attribute('list', { arrayValue: { values: [{ intValue: 1 }, {}] } }),
                  attribute('__proto__', {
                    kvlistValue: { values: [attribute('k', { stringValue: 'v' })] },
                  }),
                  attribute('bytes', { bytesValue: 'AAEC' }),
                ],
              },
              { observedTimeUnixNano: '1764028800000000000', severityText: 'odd' },
              {},
            ],
          },
        ],
      },
    ],
  })
  const [first, second, third] = displayRecords(body)
  assert.equal(first?.service, 'auth')
  assert.deepEqual(JSON.parse(JSON.stringify(first?.record)), {
    time: '2025-11-25T00:00:00.123Z',
    severity: 'INFO2',
    body: 'Zürich',
    attributes: JSON.parse(
      '{"flag":true,"count":-42,"large":"9007199254740993","ratio":0.5,"list":[1,null],"__proto__":{"k":"v"},"bytes":"AAEC"}',
    ),
    event: 'user.login',
    traceId: '0102030405060708090a0b0c0d0e0f10',
    spanId: '0102030405060708',
    resource: { 'host.name': 'h1' },
    scope: 'login',
  })
  assert.equal(second?.record.time, '2025-11-25T00:00:00.000Z')
  assert.equal(second?.record.severity, 'odd')
  assert.deepEqual([third?.record.time, third?.record.severity], [null, null])
})

test('a resource without a name, and no records at all, are shown as such', () => {
  const nameless = encoded({ resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }] }] })
  assert.equal(displayRecords(nameless)[0]?.service, 'unknown_service')
  assert.deepEqual(displayRecords(new Uint8Array()), [])
})

test('values nested without end are cut, and each truncation is malformed or clean', () => {
  let value: unknown = { stringValue: 'deep' }
  for (let depth = 0; depth < 25; depth += 1) value = { arrayValue: { values: [value] } }
  const body = encoded({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: value }] }] }] })
  assert.ok(JSON.stringify(displayRecords(body)[0]?.record.body).includes('…'))
  for (let end = 0; end < body.length; end += 1)
    try {
      displayRecords(body.subarray(0, end))
    } catch (cause) {
      assert.equal((cause as Error).name, 'MalformedError')
    }
})
