import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  countRecords,
  type StreamPart,
  serviceCharsMax,
  split,
  streamsPerRequestMax,
  tenantFault,
} from '../../../../infra/otlp/split.ts'
import {
  type Attribute,
  decodeRequest,
  encodeRequest,
  exportRequests,
  flatten,
  type LogRecord,
  type ResourceLogs,
} from './oracle.ts'

const tenancy = {
  named: undefined,
  resourceAttribute: 'tenant.id',
  defaultTenant: 'default',
} as const

const partsOf = (body: Uint8Array, named?: string): readonly StreamPart[] => {
  const result = split(body, { ...tenancy, named })
  assert.equal(result.kind, 'split')
  return result.kind === 'split' ? result.parts : []
}
const stringOf = (attributes: readonly Attribute[] | undefined, key: string) =>
  attributes?.find((attribute) => attribute.key === key)?.value?.stringValue
const streamOf = ({ resource }: { resource: ResourceLogs }) => {
  const attributes = resource.resource?.attributes
  const tenant = stringOf(attributes, 'tenant.id') || 'default'
  return `${tenant}/${stringOf(attributes, 'service.name') || 'unknown_service'}`
}
const timesOf = (records: readonly LogRecord[]): readonly number[] =>
  records
    .map(({ timeUnixNano = '0', observedTimeUnixNano = '0' }) =>
      BigInt(timeUnixNano === '0' ? observedTimeUnixNano : timeUnixNano),
    )
    .map((nanos) => Number(nanos / 1_000_000n))
    .filter((ms) => ms !== 0)
const log = (service: string, count = 1, tenant?: string): ResourceLogs => ({
  resource: {
    attributes: [
      { key: 'service.name', value: { stringValue: service } },
      ...(tenant === undefined ? [] : [{ key: 'tenant.id', value: { stringValue: tenant } }]),
    ],
  },
  scopeLogs: [
    { logRecords: Array.from({ length: count }, (_, i) => ({ body: { intValue: String(i) } })) },
  ],
})

test('a request is split by stream as a full decoder would split it', () => {
  fc.assert(
    fc.property(exportRequests, (request) => {
      const body = encodeRequest(request)
      const whole = flatten(decodeRequest(body))
      const parts = partsOf(body)
      assert.equal(countRecords(body), whole.length)
      assert.equal(
        parts.reduce((sum, { records }) => sum + records, 0),
        whole.length,
      )
      for (const part of parts) {
        const payload = Buffer.concat(part.payload)
        const expected = whole.filter(
          (entry) => streamOf(entry) === `${part.tenant}/${part.service}`,
        )
        const got = flatten(decodeRequest(payload))
        assert.deepEqual(got, expected)
        assert.equal(part.records, expected.length)
        assert.equal(part.bytes, payload.length)
        assert.equal(countRecords(payload), part.records)
        const times = timesOf(expected.map(({ record }) => record))
        assert.equal(part.fromMs, times.length === 0 ? 0 : Math.min(...times))
        assert.equal(part.toMs, times.length === 0 ? 0 : Math.max(...times))
      }
      const streams = new Set(parts.map(({ tenant, service }) => `${tenant}/${service}`))
      assert.equal(streams.size, parts.length)
    }),
    { numRuns: 300 },
  )
})

test('a request of one stream is one slice: the body itself, not copied', () => {
  const body = encodeRequest({ resourceLogs: [log('auth', 3), log('auth', 2)] })
  const [part, ...others] = partsOf(body)
  assert.deepEqual(others, [])
  assert.equal(part?.payload.length, 1)
  assert.equal(part?.payload[0]?.buffer, body.buffer)
  assert.equal(part?.payload[0]?.byteOffset, body.byteOffset)
  assert.equal(part?.bytes, body.length)
})

test('slices of one stream that stand apart in the body are listed in their order', () => {
  const body = encodeRequest({ resourceLogs: [log('a', 1), log('b', 1), log('a', 2)] })
  const parts = partsOf(body)
  assert.deepEqual(
    parts.map(({ service, records, payload }) => [service, records, payload.length]),
    [
      ['a', 3, 2],
      ['b', 1, 1],
    ],
  )
})

test('the header names the tenant before the resource does, and the default comes last', () => {
  const body = encodeRequest({ resourceLogs: [log('auth', 1, 'acme'), log('auth', 1)] })
  assert.deepEqual(
    partsOf(body).map(({ tenant }) => tenant),
    ['acme', 'default'],
  )
  assert.deepEqual(
    partsOf(body, 'umbrella').map(({ tenant, records }) => [tenant, records]),
    [['umbrella', 2]],
  )
})

test('a service.name that is missing, empty or no string is unknown_service', () => {
  const attributes = (value: Attribute['value']): ResourceLogs => ({
    ...log('x'),
    resource: { attributes: value === undefined ? [] : [{ key: 'service.name', value }] },
  })
  for (const value of [undefined, { stringValue: '' }, { intValue: '7' }]) {
    const [part] = partsOf(encodeRequest({ resourceLogs: [attributes(value)] }))
    assert.equal(part?.service, 'unknown_service')
  }
})

test('what has no records leaves nothing to keep', () => {
  assert.deepEqual(partsOf(new Uint8Array()), [])
  assert.deepEqual(partsOf(encodeRequest({ resourceLogs: [log('auth', 0), {}] })), [])
})

test('unknown fields are skipped and kept where they stand inside a ResourceLogs', () => {
  const inner = encodeRequest({ resourceLogs: [log('auth', 2)] })
  const content = inner.subarray(2)
  const unknown = Buffer.from([0xf8, 0x3f, 0x01, 0xfa, 0x3f, 0x02, 0x61, 0x62])
  const grown = Buffer.concat([
    Buffer.from([0x0a, content.length + unknown.length]),
    content,
    unknown,
  ])
  const body = Buffer.concat([unknown, grown])
  const [part] = partsOf(body)
  assert.equal(part?.records, 2)
  assert.deepEqual(Buffer.concat(part?.payload ?? []), grown)
})

test('every truncation is malformed, or clean where a decoder finds it so too', () => {
  const [sample] = fc.sample(exportRequests, { numRuns: 1, seed: 11 })
  const body = encodeRequest({
    resourceLogs: [...(sample?.resourceLogs ?? []), log('auth', 3), log('pay', 2, 'acme')],
  })
  for (let length = 0; length <= body.length; length += 1) {
    const cut = body.subarray(0, length)
    const { kind } = split(cut, tenancy)
    assert.equal(kind, decodes(cut) ? 'split' : 'malformed', `at ${length} of ${body.length}`)
  }
})
const decodes = (bytes: Uint8Array): boolean => {
  try {
    decodeRequest(bytes)
    return true
  } catch (cause) {
    // Text that is no UTF-8 is passed on as it came: not every receiver minds.
    return cause instanceof Error && /utf-?8/i.test(cause.message)
  }
}

test('random and damaged bytes are malformed or readable by a decoder, and never a crash', () => {
  const random = fc.uint8Array({ maxLength: 200 })
  const damaged = fc
    .tuple(exportRequests, fc.nat(), fc.nat(255))
    .map(([request, at, byte]): Uint8Array => {
      const body = encodeRequest(request)
      if (body.length > 0) body[at % body.length] = byte
      return body
    })
  fc.assert(
    fc.property(fc.oneof(random, damaged), (bytes) => {
      const result = split(bytes, tenancy)
      if (result.kind === 'split') assert.ok(decodes(bytes))
      else assert.ok(result.offset !== null && result.offset <= bytes.length)
    }),
    { numRuns: 1_000 },
  )
})

test('a malformed request says where it is malformed', () => {
  const cases: readonly (readonly [string, Uint8Array | number[], number, RegExp])[] = [
    ['resource_logs[0]', [0x0a, 0x05, 0x01], 1, /truncated: a length of 5 bytes where 1 are left/],
    ['resource_logs[0]', [0x08, 0x05], 0, /wire type 0 where the field has 2/],
    ['field 15', [0x7b, 0x01], 1, /wire type 3/],
    ['', [0x02, 0x00], 0, /field number 0/],
    ['', [0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 0, /tag longer than 32 bits/],
    ['resource_logs[0]', [0x0a, ...Array(11).fill(0x80)], 1, /varint longer than 10 bytes/],
    [
      'resource_logs[0].scope_logs[1].log_records[0].time_unix_nano',
      at(0x09, 1, 2),
      9,
      /truncated/,
    ],
    ['resource_logs[0].scope_logs[1].log_records[0].body', at(0x2a, 2, 0x08), 9, /truncated/],
    ['resource_logs[0].scope_logs[1].log_records[0].body.string_value', at(0x2a, 1, 0x0a), 10, /./],
  ]
  for (const [path, bytes, offset, message] of cases) {
    const result = split(Uint8Array.from(bytes), tenancy)
    assert.equal(result.kind, 'malformed')
    if (result.kind !== 'malformed') continue
    assert.equal(result.path, path)
    assert.equal(result.offset, offset, path)
    assert.match(result.message, message)
  }
})
/** A record of these bytes in the second ScopeLogs; they begin at byte 8. */
function at(...record: number[]): number[] {
  const scope = [0x12, record.length, ...record]
  const resource = [0x12, 0x00, 0x12, scope.length, ...scope]
  return [0x0a, resource.length, ...resource]
}

test('nesting, streams and names are bounded', () => {
  let value: Buffer = Buffer.from([0x10, 0x01])
  const field = (tag: number, content: Buffer): Buffer => {
    const head =
      content.length < 0x80
        ? [content.length]
        : [(content.length & 0x7f) | 0x80, content.length >> 7]
    return Buffer.concat([Buffer.from([tag, ...head]), content])
  }
  const body = (): Buffer => field(0x0a, field(0x12, field(0x12, field(0x2a, value))))
  for (let depth = 0; depth < 40; depth += 1) value = field(0x2a, field(0x0a, value))
  assert.equal(split(body(), tenancy).kind, 'split')
  for (let depth = 0; depth < 20; depth += 1) value = field(0x2a, field(0x0a, value))
  assert.match(JSON.stringify(split(body(), tenancy)), /nested deeper than 100/)

  const many = Array.from({ length: streamsPerRequestMax + 1 }, (_, index) => log(`s${index}`))
  assert.match(JSON.stringify(split(encodeRequest({ resourceLogs: many }), tenancy)), /streams/)
  const long = encodeRequest({ resourceLogs: [log('x'.repeat(serviceCharsMax + 1))] })
  assert.match(JSON.stringify(split(long, tenancy)), /service.name longer than 256/)
  const odd = encodeRequest({ resourceLogs: [log('auth', 1, 'a\r\nb')] })
  assert.match(JSON.stringify(split(odd, tenancy)), /tenant.id.*printable/)
})

test('a resource that would have to be repeated out of all proportion is refused', () => {
  const resource = { attributes: [{ key: 'k', value: { stringValue: 'x'.repeat(1_000_000) } }] }
  const logRecords = Array.from({ length: 20_000 }, () => ({}))
  const body = encodeRequest({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
  assert.match(JSON.stringify(split(body, tenancy)), /too large for its number of records/)
})

test('a tenant is a name that fits a header', () => {
  for (const name of ['acme', 'a b', 'a/b', '!~', 'x'.repeat(256)])
    assert.equal(tenantFault(name), undefined)
  for (const name of ['', ' a', 'a ', 'a\n', 'é', '\u0000', 'x'.repeat(257)])
    assert.equal(typeof tenantFault(name), 'string')
})
