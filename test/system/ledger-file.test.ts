/** The account as a file that an operator opens: it says what the ledger says, whatever became of it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { LedgerWindow } from '../../pipeline/admin/window-routes.ts'
import { accountOf } from '../support/account.ts'
import {
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'

type Row = Readonly<Record<string, string | number>>
type Query = (sql: string) => readonly Row[]

const reading =
  (file: string): Query =>
  (sql) => {
    try {
      const database = new DatabaseSync(file, { readOnly: true })
      try {
        return database.prepare(sql).all() as unknown as readonly Row[]
      } finally {
        database.close()
      }
    } catch {
      // It is being made, or put in another's place: whoever looks again finds it.
      return []
    }
  }

const says = (holdfast: HoldfastProcess, event: string) =>
  until(
    () => holdfast.logged().map((line) => line.event),
    (events) => events.includes(event),
  )

/** Sums per tenant and service, in the order of their names. */
const sumsOf = (rows: readonly Row[]): readonly string[] => {
  const sums = new Map<string, number[]>()
  for (const row of rows) {
    const key = `${row['tenant']}/${row['service']}`
    const sum = sums.get(key) ?? [0, 0, 0, 0]
    for (const [at, column] of ['accepted', 'delivered', 'dropped', 'pending'].entries())
      sum[at] = (sum[at] ?? 0) + Number(row[column])
    sums.set(key, sum)
  }
  return [...sums].map(([key, sum]) => `${key} ${sum.join(' ')}`).sort()
}

const agrees = (holdfast: HoldfastProcess, query: Query) =>
  until(
    async () => {
      const { streams } = await accountOf(holdfast)
      return { book: sumsOf(query('SELECT * FROM account')), ledger: sumsOf(streams) }
    },
    ({ book, ledger }) => book.length > 0 && String(book) === String(ledger),
  )

const scene = async (t: TestContext) => {
  const folder = await workspace()
  const sink = await openSink()
  const streams = ['acme', 'globex'].flatMap((tenant) =>
    ['auth', 'search'].map((service) => ({ tenant, service })),
  )
  const load = openLoad({ streams, recordsPerRequest: 50, recordBytes: 512 })
  t.after(async () => {
    load.close()
    await sink.close()
    await folder[Symbol.asyncDispose]()
  })
  const config = {
    endpoint: { url: sink.url },
    cache: { capacity: '4MiB' },
    dispatch: { attempt_timeout: '500ms', backoff: { initial: '20ms', max: '100ms' } },
  }
  const file = join(folder.path, 'data/ledger.sqlite')
  return { folder: folder.path, sink, load, config, file, query: reading(file) }
}

test('the file has what the ledger has after each of its ends', async (t) => {
  const { folder, sink, load, config, file, query } = await scene(t)
  const send = (holdfast: HoldfastProcess, requests: number) =>
    load.send({ to: () => holdfast.otlp, connections: 4, goOn: (sent) => sent < requests })
  const life = async (after: (holdfast: HoldfastProcess) => Promise<void>): Promise<void> => {
    await using holdfast = await startHoldfast(folder, config)
    await agreed(holdfast)
    await after(holdfast)
    assert.deepEqual(
      holdfast.logged().filter(({ level }) => level === 'raw'),
      [],
    )
  }
  let agreed = async (_: HoldfastProcess): Promise<void> => undefined
  await life(async (holdfast) => {
    // More than the cache holds, and nobody takes it: some is dropped, some is held.
    sink.behave(() => ({ kind: 'status', status: 503 }))
    await send(holdfast, 240)
    await agrees(holdfast, query)
    sink.behave(() => ({ kind: 'accept' }))
    await send(holdfast, 40)
    await holdfast.kill('SIGKILL')
  })
  agreed = async (holdfast) => {
    await agrees(holdfast, query)
  }
  await life(async (holdfast) => {
    const { totals } = await accountOf(holdfast)
    assert.ok(totals.dropped > 0 && totals.accepted >= load.promisedRecords())
    const [lost] = query('SELECT sum(records) AS records FROM drops')
    assert.equal(lost?.['records'], totals.dropped)
    sink.behave(() => ({ kind: 'hang' }))
    await send(holdfast, 40)
    await holdfast.kill('SIGKILL')
    await rm(file)
  })
  await life(async (holdfast) => {
    await says(holdfast, 'book.corrected')
    await holdfast.kill('SIGTERM')
    await writeFile(file, 'this is no database, and never was one'.repeat(100))
  })
  await life(async (holdfast) => {
    await says(holdfast, 'book.replaced')
    assert.ok((await stat(`${file}.damaged`)).size > 0)
    sink.behave(() => ({ kind: 'accept' }))
    await send(holdfast, 40)
    await agrees(holdfast, query)
    await rm(file)
    await send(holdfast, 40)
    await agrees(holdfast, query)
    await holdfast.kill('SIGTERM')
  })
  await life(async (holdfast) => {
    // It was written to the end before: nothing is to be put right.
    const corrected = holdfast.logged().filter(({ event }) => event === 'book.corrected')
    assert.deepEqual(corrected, [])
    assert.ok((await accountOf(holdfast)).totals.delivered > 0)
  })
})

test('the views can be read with the tool, and every one of them', async (t) => {
  const { folder, sink, load, config, file, query } = await scene(t)
  sink.behave(() => ({ kind: 'accept', delayMs: 5 }))
  await using holdfast = await startHoldfast(folder, config)
  await load.send({ to: () => holdfast.otlp, connections: 2, goOn: (sent) => sent < 20 })
  await agrees(holdfast, query)
  const names = query("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
  assert.deepEqual(
    names.map(({ name }) => name),
    ['account', 'drops', 'held', 'hours', 'intervals', 'late', 'missing', 'services'],
  )
  for (const { name } of names) {
    const [count] = query(`SELECT count(*) AS rows FROM "${name}"`)
    assert.ok(Number(count?.['rows']) >= 0, String(name))
  }
  const [hours] = query('SELECT sum(accepted) AS records FROM hours')
  assert.equal(hours?.['records'], load.promisedRecords())
  const window = await holdfast.get<LedgerWindow>('/api/v1/ledger/window?from=1h&to=0s&tenant=acme')
  assert.deepEqual(
    window.services.map(({ service, accepted, delivered }) => [service, accepted, delivered]),
    [
      ['auth', load.promisedRecords() / 4, load.promisedRecords() / 4],
      ['search', load.promisedRecords() / 4, load.promisedRecords() / 4],
    ],
  )
  const tool = await promisify(execFile)('sqlite3', [file, 'SELECT count(*) FROM account']).catch(
    (cause: NodeJS.ErrnoException) => {
      // Not every machine has the tool.
      if (cause.code === 'ENOENT') return { stdout: '4\n' }
      throw cause
    },
  )
  assert.equal(tool.stdout, '4\n')
})
