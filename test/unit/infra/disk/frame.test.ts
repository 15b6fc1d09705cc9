import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFileHeader, encodeFileHeader } from '../../../../infra/disk/file-header.ts'
import { encodeFrame, headerBytesMax, payloadBytesMax } from '../../../../infra/disk/frame.ts'

test('a frame has the bytes that version 1 is defined to have', () => {
  const { pieces, bytes } = encodeFrame({
    header: Buffer.from('head'),
    payload: [Buffer.from('pay'), Buffer.from('load')],
    salt: 0x01020304,
  })
  // As Python's zlib.crc32 and struct.pack have it.
  const golden = [
    '4846726d 0100 0403 04000000 07000000 ad088bf2 f23e9840 68656164',
    '7061796c6f6164',
    '68656164 04000000 07000000 ad088bf2 a8832dd1 0100 0403 48456e64',
  ]
  assert.equal(Buffer.concat(pieces).toString('hex'), golden.join('').replaceAll(' ', ''))
  assert.equal(bytes, 24 + 4 + 7 + 4 + 24)
})

test('a file header has the bytes that version 1 is defined to have, twice', () => {
  const header = {
    kind: 'segment',
    salt: 0x01020304,
    number: 7,
    schema: 0x1122334455667788n,
    durableBytes: 96,
  } as const
  const bytes = encodeFileHeader(header)
  const copy =
    '486f6c6452696e67 01000000 04030201 0700000000000000 8877665544332211 6000000000000000 00000000'
  assert.equal(bytes.toString('hex', 0, 44), copy.replaceAll(' ', ''))
  assert.deepEqual(bytes.subarray(0, 48), bytes.subarray(48))
  assert.deepEqual(decodeFileHeader(bytes, { path: 'a', kind: 'segment' }), header)
  assert.equal(decodeFileHeader(bytes, { path: 'a', kind: 'journal' }), undefined)
})

test('what nobody could read again is not written', () => {
  const large = new Uint8Array(headerBytesMax + 1)
  assert.throws(() => encodeFrame({ header: large, payload: [], salt: 0 }), RangeError)
  const piece = new Uint8Array(payloadBytesMax / 4)
  const payload = [piece, piece, piece, piece, new Uint8Array(1)]
  assert.throws(() => encodeFrame({ header: new Uint8Array(), payload, salt: 0 }), RangeError)
})
