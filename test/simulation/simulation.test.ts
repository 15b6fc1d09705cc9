import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeds } from './seeds.ts'
import { simulate } from './simulate.ts'

/** Some 12 s on one core. `npm run simulate` runs as many as one likes. */
const seedsMax = 40

test('a seed repeats itself exactly, whatever ran before it', async () => {
  const first = await simulate(7)
  await simulate(8)
  assert.deepEqual(await simulate(7), first)
  assert.notEqual((await simulate(8)).digest, first.digest)
})

test('every record that was kept is delivered or its loss is an event, through all faults', async () => {
  const failures: string[] = []
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    const run = await simulate(seed)
    for (const what of run.failures) failures.push(`seed ${seed}: ${what}`)
  }
  assert.deepEqual(failures, [])
})

for (const [seed, what] of Object.entries(seeds))
  test(`seed ${seed} does not find it again: ${what}`, async () => {
    assert.deepEqual((await simulate(Number(seed))).failures, [])
  })
