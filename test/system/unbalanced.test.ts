/** Somebody takes a file away from under the pipeline: the account says so, and of whom it was. */
import assert from 'node:assert/strict'
import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { nodeFilesystem } from '../../infra/disk/node-filesystem.ts'
import { factsOf } from '../../infra/journal/journal-reader.ts'
import type { Completeness } from '../../pipeline/account/completeness.ts'
import type { Drop } from '../../schemas/messages.ts'
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
const eventsOf = (holdfast: HoldfastProcess, event: string) =>
  holdfast.logged().filter((line) => line.event === event)
/** Whether the journal knows that so many records of the one stream were accepted. */
const notedIn = async (folder: string, records: number): Promise<boolean> => {
  let known = -1
  for await (const fact of factsOf(nodeFilesystem, join(folder, 'data/journal')))
    if (fact.type === 'segments.grown')
      known = Math.max(known, ...fact.extents.map(({ lastSeq }) => lastSeq))
  return known === records - 1
}
const alarmOf = (holdfast: HoldfastProcess) =>
  until(
    () => holdfast.logged().filter(({ event }) => event === 'ledger.unbalanced'),
    (lines) => lines.length > 0,
  )

for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  test(`a segment that is removed or cut after a ${signal} is lost by drop events, to the record`, async (t) => {
    const { folder, load, segments, send } = await scene(t)
    {
      await using holdfast = await startHoldfast(folder, config)
      await send(holdfast, 60)
      await until(
        () => notedIn(folder, 60 * recordsPerRequest),
        (isNoted) => isNoted,
      )
      await holdfast.kill(signal)
    }
    const [first = '', second = '', third = ''] = await segments()
    assert.notEqual(third, '')
    await rm(first)
    await truncate(second, Math.floor((await stat(second)).size / 2))
    await using holdfast = await startHoldfast(folder, config)
    const { accepted, pending, dropped, unaccounted } = (await accountIn(holdfast)).totals
    assert.equal(accepted, load.promisedRecords())
    assert.ok(dropped > 0 && dropped % recordsPerRequest === 0, `${dropped}`)
    assert.deepEqual([pending, unaccounted], [accepted - dropped, 0])
    const { drops } = await holdfast.get<{ drops: readonly Drop[] }>('/api/v1/drops')
    assert.equal(
      drops.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0),
      dropped,
    )
    assert.ok(drops.every(({ tenant, reason }) => tenant === 'acme' && reason === 'cache_corrupt'))
    const window = `from=0&to=${Date.now()}`
    const { verdict, lost } = await holdfast.get<Completeness>(`/api/v1/completeness?${window}`)
    assert.deepEqual([verdict, lost.records], ['incomplete', dropped])
    // Records are taken as before: to refuse them would only add to the harm.
    assert.equal((await fetch(`${holdfast.admin}/readyz`)).status, 200)
    await until(
      () => eventsOf(holdfast, 'records.dropped'),
      (lines) => lines.length === drops.length,
    )
    assert.equal(eventsOf(holdfast, 'segment.lost').length, 2)
    await holdfast.kill('SIGTERM')

    await using again = await startHoldfast(folder, config)
    assert.deepEqual((await accountIn(again)).totals.dropped, dropped)
    assert.deepEqual(eventsOf(again, 'segment.lost'), [])
  })

test('a journal that is removed is said aloud, and nothing that is held is lost by it', async (t) => {
  const { folder, load, send } = await scene(t)
  {
    await using holdfast = await startHoldfast(folder, config)
    await send(holdfast, 5)
    await holdfast.kill('SIGTERM')
  }
  await rm(join(folder, 'data/journal'), { recursive: true })
  const removedAtMs = Date.now()
  const verdictSince = async (holdfast: HoldfastProcess, fromMs: number) => {
    const window = `from=${fromMs}&to=${fromMs + 1}`
    return holdfast.get<Completeness>(`/api/v1/completeness?${window}`)
  }
  for (const said of [1, 0]) {
    await using holdfast = await startHoldfast(folder, config)
    const { accepted, pending, unaccounted } = (await accountIn(holdfast)).totals
    assert.deepEqual([accepted, pending, unaccounted], [load.promisedRecords(), accepted, 0])
    assert.equal(eventsOf(holdfast, 'journal.missing').length, said)
    const { verdict, doubts } = await verdictSince(holdfast, removedAtMs - 10_000)
    assert.equal(verdict, 'incomplete')
    assert.match(doubts.join(' '), /journal had been removed/)
    assert.deepEqual((await verdictSince(holdfast, Date.now())).doubts, [])
    await holdfast.kill('SIGTERM')
  }
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
