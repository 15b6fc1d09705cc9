import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openOverwritingCache } from '../../../../infra/incident/overwriting-cache.ts'

const entry = (records: number) => ({ payload: Buffer.alloc(10), records })
const open = (bytesMax: number) => {
  const overwritten: number[] = []
  const onOverwritten = (records: number) => void overwritten.push(records)
  return { overwritten, ...openOverwritingCache({ bytesMax, onOverwritten }) }
}

describe('the cache of the naive agent', () => {
  it('hands out the oldest first and forgets it only once it was delivered', async () => {
    const cache = open(100)
    for (const records of [1, 2]) cache.add(entry(records))
    const first = await cache.take()
    assert.deepEqual([first.records, (await cache.take()).records], [1, 2])
    cache.giveBack(first)
    assert.equal(await cache.take(), first)
    assert.equal(cache.heldRecords(), 3)
    cache.remove(first)
    assert.equal(cache.heldRecords(), 2)
  })

  it('gives what comes to whoever waits for it', async () => {
    const cache = open(100)
    const waiting = cache.take()
    cache.add(entry(7))
    assert.equal((await waiting).records, 7)
  })

  it('overwrites the oldest when it is full, taken or not, and says nothing to the agent', async () => {
    const cache = open(20)
    cache.add(entry(1))
    const taken = await cache.take()
    for (const records of [2, 3, 4]) cache.add(entry(records))
    assert.deepEqual(cache.overwritten, [1, 2])
    cache.giveBack(taken)
    assert.equal((await cache.take()).records, 3)
    assert.equal(cache.heldRecords(), 7)
  })

  it('keeps what it holds over a restart, and hands it out again', async () => {
    const cache = open(100)
    cache.add(entry(1))
    await cache.take()
    void cache.take()
    cache.reopen()
    cache.add(entry(2))
    assert.deepEqual([(await cache.take()).records, (await cache.take()).records], [1, 2])
  })
})
