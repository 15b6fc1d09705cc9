/** An endpoint that was away for too long: what it lacks is what the account says, asked in each way. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { openReceiver } from '../../infra/receiver/receiver.ts'
import { openLog } from '../../infra/telemetry/log.ts'
import type { Completeness } from '../../pipeline/account/completeness.ts'
import type { Reconciliation } from '../../pipeline/account/reconciliation.ts'
import type { Report } from '../../pipeline/account/report.ts'
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
  const whole = `from=0&to=${encodeURIComponent(new Date().toISOString())}`
  const held = await holdfast.get<Completeness>(`/api/v1/completeness?${whole}&tenant=globex`)
  assert.ok(held.pending.records > 0 && held.lost.records > 0)
  assert.equal(held.verdict, 'incomplete')

  const log = openLog({ write: () => undefined, level: 'error', now: Date.now })
  const receiver = await openReceiver({ listen: { host: '127.0.0.1', port }, directory, log })
  t.after(receiver.close)
  const { totals } = await settledAccountOf(holdfast)
  const drops = await dropsOf(holdfast)
  assert.ok(totals.dropped > 0 && totals.delivered > 0)

  await t.test('the receiver and the ledger are reconciled, by URL and by directory', async () => {
    for (const from of [receiver.url, directory]) {
      const { status, stdout } = await command(
        holdfast.admin,
        'reconcile',
        '--received',
        from,
        '--json',
      )
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
    const { status, stdout } = await command(
      holdfast.admin,
      'reconcile',
      '--received',
      directory,
      '--json',
    )
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
    const one = await command(
      holdfast.admin,
      'reconcile',
      '--received',
      receiver.url,
      '--tenant',
      'acme',
    )
    assert.equal(one.status, 0)
    assert.doesNotMatch(one.stdout, /globex/)
  })

  await t.test('completeness names what is lost of a tenant, and of no other', async () => {
    const found = await holdfast.get<Completeness>(`/api/v1/completeness?${whole}&tenant=acme`)
    const own = drops.filter(({ tenant }) => tenant === 'acme')
    assert.deepEqual([found.verdict, found.pending.records], ['incomplete', 0])
    assert.deepEqual(
      found.gaps.map(({ id }) => id),
      own.map(({ id }) => id),
    )
    const before = 'from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z'
    const quiet = await holdfast.get<Completeness>(`/api/v1/completeness?${before}&tenant=acme`)
    assert.deepEqual([quiet.verdict, quiet.gaps], ['complete', []])
  })

  await t.test('a report of a tenant adds up to its drop events, and names no other', async () => {
    const words = ['report', '--from', '2023-11-14', '--to', '2023-11-15', '--tenant', 'globex']
    const json = await command(holdfast.admin, ...words, '--format', 'json')
    const own = drops.filter(({ tenant }) => tenant === 'globex')
    const found = JSON.parse(json.stdout) as Report
    assert.equal(
      found.lost.records,
      own.reduce((sum, { records }) => sum + records, 0),
    )
    assert.deepEqual([found.lost.events, found.heldBack.records], [own.length, 0])
    const page = join(folder.path, 'globex.html')
    const written = await command(holdfast.admin, ...words, '--format', 'html', '-o', page)
    assert.deepEqual([written.status, written.stderr], [0, ''])
    for (const text of [json.stdout, await readFile(page, 'utf8')]) {
      assert.match(text, /cart/)
      assert.doesNotMatch(text, /acme|checkout/)
    }
  })

  await t.test(
    'the example rule cannot tell where records are lost, nor when nobody answers',
    async () => {
      const rule = (admin: string, from: string, to: string) =>
        script('alert-rule.ts', [admin, directory, 'acme', 'checkout', from, to])
      const [from, to] = ['2023-11-14T00:00:00Z', '2023-11-15T00:00:00Z']
      assert.match(await rule(holdfast.admin, from, to), /^cannot tell: [\d]+ records are lost/)
      assert.match(await rule(receiver.url, from, to), /^cannot tell: .*404/)
      assert.match(await rule(holdfast.admin, '2001-01-01', '2001-01-02'), /^quiet/)
    },
  )

  await t.test('the example meter says that it has counted a part', async () => {
    const words = [holdfast.admin, directory, 'globex', 'cart', '2023-11-14', '2023-11-15']
    const usage = JSON.parse(await script('usage-meter.ts', words))
    const own = drops.filter(({ tenant }) => tenant === 'globex')
    assert.deepEqual([usage.state, usage.drops], ['in part', own.map(({ id }) => id)])
    assert.equal(
      usage.lost,
      own.reduce((sum, { records }) => sum + records, 0),
    )
    assert.equal(
      usage.records + usage.lost,
      load.promised.filter(({ tenant }) => tenant === 'globex').length * recordsPerRequest,
    )
  })
})

const script = async (name: string, words: readonly string[]): Promise<string> => {
  const path = join(import.meta.dirname, '../examples', name)
  return (await promisify(execFile)(process.execPath, [path, ...words])).stdout
}
