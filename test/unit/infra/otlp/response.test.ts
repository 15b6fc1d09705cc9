import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeResponse, encodeStatus, partialSuccess } from '../../../../infra/otlp/response.ts'
import { decode, encode } from './oracle.ts'

const protobuf = 'application/x-protobuf'
const json = 'application/json; charset=utf-8'

test('an answer without a partial success is empty', () => {
  assert.equal(encodeResponse('protobuf').length, 0)
  assert.equal(encodeResponse('json').toString(), '{}')
  assert.equal(partialSuccess(new Uint8Array(), protobuf), undefined)
  assert.equal(partialSuccess(Buffer.from('{}'), json), undefined)
})

test('a partial success is read from both encodings as it was written', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.string({ unit: 'binary' }), (rejected, message) => {
      const partial = { rejected, message }
      assert.deepEqual(partialSuccess(encodeResponse('protobuf', partial), protobuf), partial)
      assert.deepEqual(partialSuccess(encodeResponse('json', partial), json), partial)
      const foreign = encode('ExportLogsServiceResponse', {
        partialSuccess: { rejectedLogRecords: rejected, errorMessage: message },
      })
      assert.deepEqual(partialSuccess(foreign, protobuf), partial)
    }),
  )
})

test('a partial success that makes no sense rejects nothing', () => {
  const negative = encode('ExportLogsServiceResponse', {
    partialSuccess: { rejectedLogRecords: -5, errorMessage: 'x' },
  })
  assert.deepEqual(partialSuccess(negative, protobuf), { rejected: 0, message: 'x' })
  assert.deepEqual(
    partialSuccess(Buffer.from('{"partial_success":{"rejected_log_records":7}}'), json),
    { rejected: 7, message: '' },
  )
  for (const text of ['', 'null', '[]', '{', '"a"', '{"partialSuccess":3}'])
    assert.equal(partialSuccess(Buffer.from(text), json), undefined)
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      partialSuccess(bytes, protobuf)
      partialSuccess(bytes, json)
    }),
  )
})

test('an error is a google.rpc.Status in the encoding asked for', () => {
  const status = { code: 'unavailable', message: 'später' } as const
  assert.deepEqual(decode('Status', encodeStatus('protobuf', status)), {
    code: 14,
    message: 'später',
  })
  assert.deepEqual(JSON.parse(encodeStatus('json', status).toString()), {
    code: 14,
    message: 'später',
  })
})
