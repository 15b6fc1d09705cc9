import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeJson } from '../../../../infra/otlp/json.ts'
import { split } from '../../../../infra/otlp/split.ts'
import {
  decodeRequest,
  type ExportRequest,
  encodeRequest,
  exportRequests,
  flatten,
} from './oracle.ts'

const bodyOf = (document: unknown): Buffer => {
  const result = encodeJson(Buffer.from(JSON.stringify(document)))
  assert.equal(result.kind, 'encoded', JSON.stringify(result))
  return result.kind === 'encoded' ? result.body : Buffer.alloc(0)
}
const recordOf = (record: unknown) => {
  const [entry] = flatten(
    decodeRequest(bodyOf({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] })),
  )
  return entry?.record
}
const faultOf = (text: string): string => {
  const result = encodeJson(Buffer.from(text))
  return result.kind === 'malformed' ? result.message : 'encoded'
}
const faultOfRecord = (record: string): string =>
  faultOf(`{"resourceLogs":[{"scopeLogs":[{},{"logRecords":[{},${record}]}]}]}`)

/** OTLP's JSON differs from protobuf's in that ids are hexadecimal. */
const otlpJson = (request: ExportRequest, rename: (key: string) => string): unknown => {
  const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex')
  const visit = (value: unknown, key: string): unknown => {
    if (key === 'traceId' || key === 'spanId') return hex(String(value))
    if (Array.isArray(value)) return value.map((item) => visit(item, ''))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [rename(name), visit(member, name)]),
    )
  }
  return visit(request, '')
}
const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

test('JSON says the same as protobuf, in either way of naming', () => {
  fc.assert(
    fc.property(exportRequests, fc.boolean(), (request, snakes) => {
      const document = otlpJson(request, snakes ? snake : (key) => key)
      const body = bodyOf(document)
      // -0 is lost in JSON, and protobufjs writes defaults that are left out here.
      const expected = decodeRequest(encodeRequest(JSON.parse(JSON.stringify(request))))
      assert.deepEqual(withoutDefaults(decodeRequest(body)), withoutDefaults(expected))
      assert.equal(
        split(body, { named: 'a', resourceAttribute: 't', defaultTenant: 'd' }).kind,
        'split',
      )
    }),
    { numRuns: 200 },
  )
})
/** Proto3 does not tell a default from nothing, except in a oneof: so not inside of values. */
const withoutDefaults = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutDefaults(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, withoutDefaults(member, name)] as const)
      .filter(
        ([name, member]) =>
          name.endsWith('Value') ||
          key.endsWith('Value') ||
          !(member === '' || member === 0 || member === '0'),
      ),
  )
}

test('64-bit integers are exact as strings and as numbers', () => {
  const text = (nanos: string) =>
    `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":${nanos},"body":{"intValue":-9223372036854775808}}]}]}]}`
  for (const nanos of ['1700000000000000001', '"1700000000000000001"']) {
    const result = encodeJson(Buffer.from(text(nanos)))
    assert.equal(result.kind, 'encoded')
    if (result.kind !== 'encoded') return
    const [entry] = flatten(decodeRequest(result.body))
    assert.equal(entry?.record.timeUnixNano, '1700000000000000001')
    assert.equal(entry?.record.body?.intValue, '-9223372036854775808')
  }
})

test('what JSON cannot write as a number is a string', () => {
  for (const [sent, got] of [
    ['NaN', NaN],
    ['-Infinity', -Infinity],
    ['1.5e3', 1500],
  ] as const)
    assert.equal(recordOf({ body: { doubleValue: sent } })?.body?.doubleValue, got)
})

test('severity may be a number or a name, base64 of either alphabet, null is absent', () => {
  assert.equal(recordOf({ severityNumber: 'SEVERITY_NUMBER_WARN2' })?.severityNumber, 14)
  assert.equal(recordOf({ severityNumber: 9 })?.severityNumber, 9)
  assert.equal(recordOf({ body: { bytesValue: '-_8' } })?.body?.bytesValue, '+/8=')
  assert.deepEqual(recordOf({ body: null, attributes: null, unknown: [1], traceId: '' }), {})
  assert.equal(bodyOf({}).length, 0)
  assert.equal(bodyOf({ resourceSpans: [{}] }).length, 0)
})

test('malformed JSON says what was expected, and where', () => {
  const at = '$.resourceLogs[0].scopeLogs[1].logRecords[1]'
  const cases: readonly (readonly [record: string, fault: string])[] = [
    ['{"timeUnixNano":-1}', `an uint64 was expected, not "-1", at ${at}.timeUnixNano`],
    ['{"body":{"intValue":1.5}}', `an int64 was expected, not "1.5", at ${at}.body.intValue`],
    ['{"body":"text"}', `an object was expected, not "text", at ${at}.body`],
    ['{"traceId":"xyz"}', `32 hexadecimal digits were expected, at ${at}.traceId`],
    ['{"attributes":[{"key":7}]}', `a string was expected, not "7", at ${at}.attributes[0].key`],
    ['{"attributes":{}}', `an array was expected, not an object, at ${at}.attributes`],
    ['{"body":{"bytesValue":"*"}}', `base64 was expected, at ${at}.body.bytesValue`],
    [
      '{"body":{"intValue":1,"boolValue":true}}',
      `one kind of value was expected, not boolValue and intValue, at ${at}.body`,
    ],
    ['7', `an object was expected, not "7", at ${at}`],
  ]
  for (const [record, fault] of cases) assert.equal(faultOfRecord(record), fault)
  assert.match(faultOf('{"resourceLogs"'), /^this is no JSON: .*, at \$$/)
  assert.match(faultOf('[]'), /^an object was expected, not an array, at \$$/)
  assert.match(faultOf(''), /no JSON/)
})

test('depth is bounded, whoever parses it', () => {
  const nested = (depth: number, innermost: string): string =>
    `{"body":${'{"arrayValue":{"values":['.repeat(depth)}${innermost}${']}}'.repeat(depth)}}`
  assert.equal(faultOfRecord(nested(29, '{"boolValue":true}')), 'encoded')
  assert.match(faultOfRecord(nested(30, '{"boolValue":true}')), /nested deeper than 30/)
  assert.match(
    faultOfRecord(nested(100_000, '{"intValue":12345678901234567890}')),
    /no JSON|nested/,
  )
})

test('any text at all is encoded or malformed', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc.json().map((json) => `{"resourceLogs":${json}}`),
      ),
      (text) => {
        assert.ok(['encoded', 'malformed'].includes(encodeJson(Buffer.from(text)).kind))
      },
    ),
  )
})
