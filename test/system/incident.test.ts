/** The incident, replayed as a user replays it. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
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
  const { status, stdout, stderr } = await replay(['--seconds', '4', '--json'])
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

test('its picture fits a terminal of 80 columns and needs no colours', async () => {
  const { stdout } = await replay(['--seconds', '3'])
  assert.equal(stripVTControlCharacters(stdout), stdout)
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  assert.match(stdout, /naive agent +▆/)
  assert.match(stdout, /lost and unreported +[\d,]+ +0 +0\n/)
})

test('when it is interrupted, it says so and leaves nothing behind', async () => {
  await using folder = await workspace()
  const { child, ended } = start('pipeline/cli.ts', ['incident'], { TMPDIR: folder.path })
  await until(
    () => readdir(folder.path, { recursive: true }),
    (names) => names.some((name) => name.endsWith('.log')),
  )
  child.kill('SIGINT')
  const { status, stdout, stderr } = await ended
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^Interrupted; nothing was left behind\.\n$/)
  assert.deepEqual(await readdir(folder.path), [])
})

test('it takes no time that it could not keep', async () => {
  const { status, stderr } = await replay(['--seconds', '60'])
  assert.equal(status, 2)
  assert.match(stderr, /--seconds is "60"; allowed: 3 to 22\./)
})
