import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupBytesMax, openGroupCommit } from '../../../../infra/disk/group-commit.ts'

const open = (commit: (items: readonly number[]) => Promise<readonly string[]>) =>
  openGroupCommit<number, string>({
    commit,
    bytesOf: (item) => item,
    refuse: (why) => new Error(why),
  })

test('what is submitted in one turn is one group, and what comes meanwhile is the next', async () => {
  const groups: (readonly number[])[] = []
  const gate = Promise.withResolvers<void>()
  const commits = open(async (items) => {
    groups.push(items)
    if (groups.length === 1) await gate.promise
    return items.map((item) => `kept ${item}`)
  })
  const first = [commits.submit(1), commits.submit(2)]
  while (groups.length === 0) await Promise.resolve()
  const second = [commits.submit(3), commits.submit(4), commits.submit(5)]
  gate.resolve()
  assert.deepEqual(
    await Promise.all([...first, ...second]),
    [1, 2, 3, 4, 5].map((it) => `kept ${it}`),
  )
  assert.deepEqual(groups, [
    [1, 2],
    [3, 4, 5],
  ])
})

test('a group stops growing at its bound, and one that is larger goes alone', async () => {
  const groups: (readonly number[])[] = []
  const commits = open(async (items) => {
    groups.push(items)
    return items.map(String)
  })
  const [half, larger] = [groupBytesMax / 2, groupBytesMax * 2]
  await Promise.all([half, half, 1, larger, 1].map((it) => commits.submit(it)))
  assert.deepEqual(groups, [[half, half], [1], [larger], [1]])
})

test('a group that fails fails for all of it, and the next one is tried', async () => {
  let attempts = 0
  const commits = open(async (items) => {
    attempts += 1
    if (attempts === 1) throw new Error('the disk is gone')
    return items.map(String)
  })
  const ends = await Promise.allSettled([commits.submit(1), commits.submit(2)])
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await commits.submit(3), '3')
})

test('a task runs alone, before what waits', async () => {
  const steps: string[] = []
  const commits = open(async (items) => {
    steps.push(`commit ${items}`)
    return items.map(String)
  })
  const submitted = commits.submit(1)
  const task = commits.exclusive(async () => steps.push('task begins', 'task ends'))
  await Promise.all([submitted, task])
  assert.deepEqual(steps, ['task begins', 'task ends', 'commit 1'])
})

test('closing commits what waits and refuses what comes later', async () => {
  const commits = open(async (items) => items.map(String))
  const submitted = commits.submit(1)
  await commits.close()
  assert.equal(await submitted, '1')
  await assert.rejects(commits.submit(2), /closed/)
  await assert.rejects(
    commits.exclusive(async () => 3),
    /closed/,
  )
})
