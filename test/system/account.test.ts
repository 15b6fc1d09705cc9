/** An endpoint that was away for too long: what it lacks is what the account says, asked in each way. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openReceiver } from '../../infra/receiver/receiver.ts'
import { openLog } from '../../infra/telemetry/log.ts'
import type { Reconciliation } from '../../pipeline/account/reconciliation.ts'
import { obeyed } from '../../pipeline/command-line.ts'
import { dropsOf, settledAccountOf } from '../support/account.ts'
import { startHoldfast, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'

const requests = 220
const recordsPerRequest = 100

const absentPort = async (): Promise<number> => {
  const sink = await openSink()
  await sink.close()
  return Number(new URL(sink.url).port)
}

const command = async (admin: string, ...words: readonly string[]) => {
  const output = { stdout: '', stderr: '' }
  const status = await obeyed(words, {
    environment: { HOLDFAST_ADMIN: admin },
    print: (text) => {
      output.stdout += text
    },
    warn: (text) => {
      output.stderr += text
    },
  })
  return { status, ...output }
}

test('what an endpoint lacks is accounted for', async (t) => {
  await using folder = await workspace()
  const port = await absentPort()
  const streams = [
    { tenant: 'acme', service: 'checkout' },
    { tenant: 'globex', service: 'cart' },
  ]
  const load = openLoad({ streams, recordsPerRequest, recordBytes: 512 })
  t.after(load.close)
  await using holdfast = await startHoldfast(folder.path, {
    endpoint: { url: `http://127.0.0.1:${port}` },
    cache: { capacity: '8MiB' },
    dispatch: { backoff: { initial: '50ms', max: '200ms' } },
  })
  await load.send({ to: () => holdfast.otlp, connections: 4, goOn: (sent) => sent < requests })

  const directory = join(folder.path, 'received')
  const log = openLog({ write: () => undefined, level: 'error', now: Date.now })
  const receiver = await openReceiver({ listen: { host: '127.0.0.1', port }, directory, log })
  t.after(receiver.close)
  const { totals } = await settledAccountOf(holdfast)
  const drops = await dropsOf(holdfast)
  assert.ok(totals.dropped > 0 && totals.delivered > 0)

  await t.test('the receiver and the ledger are reconciled, by URL and by directory', async () => {
    for (const from of [receiver.url, directory]) {
      const { status, stdout } = await command(holdfast.admin, 'reconcile', '--received', from, '--json') // biome-ignore format: one line
      const found = JSON.parse(stdout) as Reconciliation
      assert.deepEqual([status, found.reconciled, found.doubts], [0, true, []])
      assert.equal(found.totals.delivered, totals.delivered)
      assert.equal(found.totals.received, receiver.counts().records)
      assert.equal(found.totals.receivedThoughDropped, 0)
    }
    const told = await command(holdfast.admin, 'reconcile', '--received', directory)
    assert.match(told.stdout, /All that was delivered was received\./)
  })

  await t.test('a request that the receiver has lost is missing, to the record', async () => {
    const index = join(directory, 'batches.ndjson')
    const lines = (await readFile(index, 'utf8')).trim().split('\n')
    const lost = JSON.parse(lines[0] ?? '') as { records: number; batches: readonly string[] }
    await writeFile(index, `${lines.slice(1).join('\n')}\n`)
    const { status, stdout } = await command(holdfast.admin, 'reconcile', '--received', directory, '--json') // biome-ignore format: one line
    const found = JSON.parse(stdout) as Reconciliation
    assert.deepEqual([status, found.totals.missing], [1, lost.records])
    const missing = found.streams.flatMap(({ tenant, service, producer, missing: ranges }) =>
      ranges.map((range) => `${producer}/${tenant}/${service} ${range.firstSeq}-${range.lastSeq}`),
    )
    const [first = ''] = lost.batches
    const start = first.replace(/\/(\d+)-\d+$/, ' $1-')
    assert.ok(
      missing.some((range) => range.startsWith(start)),
      `${missing} has no ${start}`,
    )
    const one = await command(holdfast.admin, 'reconcile', '--received', receiver.url, '--tenant', 'acme') // biome-ignore format: one line
    assert.equal(one.status, 0)
    assert.doesNotMatch(one.stdout, /globex/)
  })
  assert.ok(drops.length > 0)
})
