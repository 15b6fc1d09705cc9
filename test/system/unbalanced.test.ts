/** Somebody takes a file away from under the pipeline: the account says so, and of whom it was. */
import assert from 'node:assert/strict'
import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Completeness } from '../../pipeline/account/completeness.ts'
import type { Totals } from '../support/account.ts'
import {
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'

const recordsPerRequest = 50
const config = {
  // Nobody listens there: all that is accepted is held.
  endpoint: { url: 'http://127.0.0.1:9' },
  cache: { capacity: '8MiB' },
}
type Account = {
  readonly totals: Totals
  readonly streams: readonly { readonly tenant: string; readonly unaccounted: number }[]
}

const scene = async (t: TestContext) => {
  const folder = await workspace()
  const streams = [{ tenant: 'acme', service: 'auth' }]
  const load = openLoad({ streams, recordsPerRequest, recordBytes: 1_000 })
  t.after(async () => {
    load.close()
    await folder[Symbol.asyncDispose]()
  })
  const ring = join(folder.path, 'data/ring')
  const segments = async () =>
    (await readdir(ring))
      .filter((name) => name.startsWith('segment-'))
      .sort()
      .map((name) => join(ring, name))
  const send = (holdfast: HoldfastProcess, requests: number) =>
    load.send({ to: () => holdfast.otlp, connections: 1, goOn: (sent) => sent < requests })
  return { folder: folder.path, load, segments, send }
}

const accountIn = (holdfast: HoldfastProcess) => holdfast.get<Account>('/api/v1/ledger')
const metricOf = async (holdfast: HoldfastProcess): Promise<number> => {
  const text = await (await fetch(`${holdfast.admin}/metrics`)).text()
  return Number(/^holdfast_unaccounted_records (-?\d+)$/m.exec(text)?.[1])
}
const alarmOf = (holdfast: HoldfastProcess) =>
  until(
    () => holdfast.logged().filter(({ event }) => event === 'ledger.unbalanced'),
    (lines) => lines.length > 0,
  )

test('a segment that is removed or cut between two lives is missed, to the record', async (t) => {
  const { folder, load, segments, send } = await scene(t)
  {
    await using holdfast = await startHoldfast(folder, config)
    await send(holdfast, 60)
    await holdfast.kill('SIGTERM')
  }
  const [first = '', second = '', third = ''] = await segments()
  assert.notEqual(third, '')
  await rm(first)
  await truncate(second, Math.floor((await stat(second)).size / 2))
  await using holdfast = await startHoldfast(folder, config)
  const { totals, streams } = await accountIn(holdfast)
  const { accepted, pending, unaccounted } = totals
  assert.equal(accepted, load.promisedRecords())
  assert.ok(unaccounted > 0 && unaccounted % recordsPerRequest === 0, `${unaccounted}`)
  assert.equal(unaccounted, accepted - pending)
  assert.deepEqual(
    streams.map((stream) => [stream.tenant, stream.unaccounted]),
    [['acme', unaccounted]],
  )
  assert.equal(await metricOf(holdfast), unaccounted)
  const [line] = await alarmOf(holdfast)
  assert.equal(line?.level, 'error')
  assert.deepEqual(line?.['unaccounted'], unaccounted)
  assert.match(JSON.stringify(line?.['streams']), /"tenant":"acme","service":"auth"/)
  const window = `from=0&to=${Date.now()}`
  const { verdict, doubts } = await holdfast.get<Completeness>(`/api/v1/completeness?${window}`)
  assert.equal(verdict, 'incomplete')
  assert.match(doubts.join(' '), /does not balance/)
  // Records are taken as before: to refuse them would only add to the harm.
  assert.equal((await fetch(`${holdfast.admin}/readyz`)).status, 200)
  const missing = await until(
    () => holdfast.logged().find(({ event }) => event === 'records.missing'),
    (it) => it !== undefined,
  )
  assert.match(String(missing?.['message']), new RegExp(`^${unaccounted} records`))
  await holdfast.kill('SIGTERM')

  await using again = await startHoldfast(folder, config)
  assert.equal((await accountIn(again)).totals.unaccounted, unaccounted)
  await alarmOf(again)
})

test('a segment that is cut under the running process is missed when it is to go', async (t) => {
  const { folder, segments, send } = await scene(t)
  await using holdfast = await startHoldfast(folder, config)
  await send(holdfast, 60)
  assert.equal(await metricOf(holdfast), 0)
  const [oldest = ''] = await segments()
  await truncate(oldest, 1_000)
  await send(holdfast, 150)
  const [line] = await alarmOf(holdfast)
  assert.match(JSON.stringify(line?.['streams']), /"tenant":"acme"/)
  const { accepted, delivered, dropped, pending, unaccounted } = (await accountIn(holdfast)).totals
  assert.ok(unaccounted > 0 && dropped > 0)
  assert.equal(accepted, delivered + dropped + pending + unaccounted)
  assert.equal(await metricOf(holdfast), unaccounted)
})
