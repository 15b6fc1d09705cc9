import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { beatWhileHandling, joinsAgainAfter } from '../../../../infra/kafka/heartbeats.ts'

test('a heartbeat that fails has what is under way let go of once, and is told with its cause', async () => {
  const failure = new Error('Connection closed')
  let beats = 0
  let revocations = 0
  const revoked = Promise.withResolvers<void>()
  const beating = beatWhileHandling({
    heartbeat: async () => {
      beats += 1
      if (beats > 1) throw failure
    },
    everyMs: 1,
    revoke: async () => {
      revocations += 1
      revoked.resolve()
    },
  })
  await revoked.promise
  await sleep(10)
  beating.stop()
  assert.equal(await beating.broken(), failure)
  assert.deepEqual([beats, revocations], [2, 1])
})

test('heartbeats that are answered break nothing', async () => {
  const beaten = Promise.withResolvers<void>()
  const beating = beatWhileHandling({
    heartbeat: async () => beaten.resolve(),
    everyMs: 1,
    revoke: () => assert.fail('nothing was to be let go of'),
  })
  await beaten.promise
  beating.stop()
  assert.equal(await beating.broken(), undefined)
})

test('the client joins again after answers of the group, and after nothing else', () => {
  for (const type of ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])
    assert.equal(joinsAgainAfter(Object.assign(new Error(type), { type })), true, type)
  const others = [new Error('Connection closed'), { type: 'REQUEST_TIMED_OUT' }, null, 'broken']
  for (const cause of others) assert.equal(joinsAgainAfter(cause), false)
})
