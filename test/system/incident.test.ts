/** The incident, replayed as a user replays it. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { until, workspace } from '../support/holdfast-process.ts'
import { type Ended, start } from '../unit/pipeline/process.ts'

const replay = async (words: readonly string[]): Promise<Ended> => {
  await using folder = await workspace()
  const ended = await start('pipeline/cli.ts', ['incident', ...words], { TMPDIR: folder.path })
    .ended
  assert.deepEqual(await readdir(folder.path), [], 'it leaves nothing behind')
  return ended
}

test('of the same records and redirects, the naive agent loses some unsaid, and Holdfast none', async () => {
  const { status, stdout, stderr } = await replay(['--seconds', '8', '--json'])
  assert.equal(stderr, '')
  const { naive, holdfast, endpointAway, ...shown } = JSON.parse(stdout)
  assert.deepEqual([status, shown.shown, shown.faults], [0, true, []])
  assert.ok(shown.seconds < 15, `${shown.seconds} s`)

  assert.ok(naive.unreported > 0)
  assert.ok(naive.waitingForLock >= 2, 'a change and a send wait for each other')
  assert.ok(naive.redirectsObeyed < shown.redirects)
  assert.equal(naive.delivered + naive.unreported, naive.accepted)
  assert.deepEqual([naive.dropped, naive.linesLogged], [0, 0])
  assert.ok(naive.stalledAtMs < naive.restartedAtMs)

  assert.equal(holdfast.delivered, holdfast.accepted)
  assert.deepEqual([holdfast.redirectsObeyed, holdfast.ledgerAgrees], [shown.redirects, true])

  // A cache that is too small loses records, and each of them is in a drop event.
  assert.ok(endpointAway.dropped > 0)
  assert.equal(endpointAway.delivered + endpointAway.dropped, endpointAway.accepted)
  assert.deepEqual([endpointAway.unreported, endpointAway.dropsThatArrived], [0, 0])
  const named = endpointAway.drops.map(({ records }: { records: number }) => records)
  assert.equal(
    named.reduce((sum: number, records: number) => sum + records, 0),
    endpointAway.dropped,
  )
  const [accepted] = new Set([naive.accepted, holdfast.accepted, endpointAway.accepted])
  assert.equal(accepted, holdfast.accepted)

  type Cell = { readonly naive: { readonly state: string } }
  const states = shown.timeline.map(({ naive: { state } }: Cell) => state)
  for (const state of ['delivering', 'silent', 'losing']) assert.ok(states.includes(state), state)
})

test('when it is interrupted, it says so and leaves nothing behind', async () => {
  await using folder = await workspace()
  const { child, ended } = start('pipeline/cli.ts', ['incident'], { TMPDIR: folder.path })
  const working = until(
    () => readdir(folder.path),
    (names) => names.length > 0,
  ).then(() => 'it works')
  const first = await Promise.race([working, ended.then(({ stderr }) => `it ended: ${stderr}`)])
  assert.equal(first, 'it works')
  child.kill('SIGINT')
  const { status, stdout, stderr } = await ended
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^Interrupted; nothing was left behind\.\n$/)
  assert.deepEqual(await readdir(folder.path), [])
})

test('it takes no time that it could not keep', async () => {
  const { status, stderr } = await replay(['--seconds', '60'])
  assert.equal(status, 2)
  assert.match(stderr, /--seconds is "60"; allowed: 5 to 22\./)
})
