import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declareOwn } from '../../../../infra/memory/holds.ts'
import { entryOverheadBytes, openPayloadCache } from '../../../../infra/ring/payload-cache.ts'

const pieceBytes = 8 * 1024
const entryBytes = pieceBytes + entryOverheadBytes

/** Payloads that lie one behind the other in the same memory, as those of one request do. */
const neighbours = (count: number): readonly (readonly Buffer[])[] => {
  const memory = Buffer.alloc(count * pieceBytes, 'x')
  declareOwn(memory)
  return Array.from({ length: count }, (_, index) => [
    memory.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  ])
}
const at = (offset: number) => ({ segment: 1, offset })
const written = (payloads: readonly (readonly Buffer[])[]) =>
  payloads.map((payload, index) => ({ at: at(index), payload }))

test('a payload that goes for want of room leaves what was written with it whole', () => {
  const [first = [], ...others] = neighbours(4)
  const [second = [], third = [], last = []] = others
  const cache = openPayloadCache(entryBytes)
  // The first has more than there is room for: were it dropped at once, its memory would have no user left.
  cache.put(written([[...first, ...second, ...third], last]))
  assert.equal(cache.borrow(at(0)), undefined)
  assert.deepEqual(cache.borrow(at(1))?.payload, [Buffer.alloc(pieceBytes, 'x')])
  assert.equal(cache.bytes(), entryBytes)
})

test('what is on loan is whole until it is given back, whatever the cache drops meanwhile', () => {
  const cache = openPayloadCache(3 * entryBytes)
  cache.put(written(neighbours(3)))
  const loan = cache.borrow(at(1)) ?? assert.fail()
  cache.drop(at(0))
  cache.dropSegment(1)
  assert.equal(cache.bytes(), 0)
  assert.deepEqual(loan.payload, [Buffer.alloc(pieceBytes, 'x')])
  loan.giveBack()
  assert.equal(loan.payload[0]?.length, 0)
})

test('a payload whose memory is gone is none: it is read from the disk', () => {
  const cache = openPayloadCache(3 * entryBytes)
  const memory = new ArrayBuffer(pieceBytes)
  cache.put(written([[Buffer.from(memory)]]))
  memory.transfer(0)
  assert.equal(cache.borrow(at(0)), undefined)
})
