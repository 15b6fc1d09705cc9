import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openEndpointLock } from '../../../../infra/incident/endpoint-lock.ts'

/** Lets everything go on that can. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('the lock of the naive agent', () => {
  it('lets many use the endpoint at once, and one change it when nobody does', async () => {
    const lock = openEndpointLock()
    const shares = [await lock.share(), await lock.share()]
    const changing = lock.change()
    await settled()
    assert.equal(lock.waiting(), 1)
    for (const share of shares) share.release()
    const change = await changing
    const next = lock.share()
    await settled()
    assert.equal(lock.waiting(), 1)
    change.release()
    await next
    assert.equal(lock.waiting(), 0)
  })

  it('masters one redirect: the sender that was told of it waits for the others', async () => {
    const lock = openEndpointLock()
    const [told, other] = [await lock.share(), await lock.share()]
    const upgrading = told.upgraded()
    other.release()
    const change = await upgrading
    change.release()
    told.release()
    assert.equal(lock.waiting(), 0)
    await lock.change()
  })

  it('stops for ever when two redirects come while sends are in flight', async () => {
    for (const second of ['answer', 'command'] as const) {
      const lock = openEndpointLock()
      const [one, other] = [await lock.share(), await lock.share()]
      const first = second === 'answer' ? other.upgraded() : lock.change()
      const upgrading = one.upgraded()
      if (second === 'command') other.release()
      const later = lock.share()
      const ends: string[] = []
      for (const it of [first, upgrading, later]) void it.then(() => ends.push('went on'))
      await settled()
      assert.deepEqual([ends, lock.waiting()], [[], 3], second)
    }
  })
})
