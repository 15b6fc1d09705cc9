import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declareOwn, hold } from '../../../../infra/memory/holds.ts'

const own = (): Buffer => {
  const bytes = Buffer.allocUnsafeSlow(64 * 1024)
  declareOwn(bytes)
  return bytes
}

test('memory is given back with the last hold, and none of its slices can be read then', () => {
  const memory = own()
  const slices = [memory.subarray(0, 10), memory.subarray(10, 20)]
  const first = hold(slices)
  const second = hold([memory.subarray(5, 15)])
  first()
  assert.deepEqual([memory.length, slices[0]?.length], [64 * 1024, 10])
  second()
  assert.deepEqual([memory.length, ...slices.map(({ length }) => length)], [0, 0, 0])
})

test('who lets go twice counts once', () => {
  const memory = own()
  const first = hold([memory])
  const second = hold([memory])
  first()
  first()
  assert.equal(memory.length, 64 * 1024)
  second()
  assert.equal(memory.length, 0)
})

test('memory that nobody declared stays, and so does what lies in memory with others', () => {
  const undeclared = Buffer.allocUnsafeSlow(64 * 1024)
  const shared = Buffer.allocUnsafeSlow(64 * 1024).subarray(0, 32 * 1024)
  const pooled = Buffer.allocUnsafe(Math.floor(Buffer.poolSize / 4))
  for (const bytes of [shared, pooled]) declareOwn(bytes)
  for (const bytes of [undeclared, shared, pooled]) {
    const { length } = bytes
    hold([bytes])()
    assert.equal(bytes.length, length)
  }
})
