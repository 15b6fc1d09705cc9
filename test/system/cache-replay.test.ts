/** `holdfast cache replay`: what a killed process left on disk, sent from there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settledAccountOf } from '../support/account.ts'
import { idsTaken, missingOf } from '../support/deliveries.ts'
import { startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { holdfast as command } from '../unit/pipeline/process.ts'

const replayed = async (...words: readonly string[]) => {
  const { status, stdout, stderr } = await command(['cache', 'replay', ...words])
  return { status, stderr, json: words.includes('--json') ? JSON.parse(stdout) : stdout }
}

test('a range is sent again under its own ids, and the account stays as it was', async (t) => {
  await using folder = await workspace()
  const away = await openSink({ behaviour: () => ({ kind: 'status', status: 503 }) })
  const sink = await openSink({ keep: 'bodies' })
  t.after(() => Promise.all([away.close(), sink.close()]))
  const config = {
    endpoint: { url: away.url },
    dispatch: { backoff: { initial: '50ms', max: '1s' } },
  }
  const load = openLoad({
    streams: ['auth', 'shop'].map((service) => ({ tenant: 'acme', service })),
    recordsPerRequest: 10,
    recordBytes: 200,
  })
  t.after(load.close)
  const dir = `${folder.path}/data`
  {
    await using holdfast = await startHoldfast(folder.path, config)
    await load.send({ to: () => holdfast.otlp, connections: 2, goOn: (requests) => requests < 40 })
    await until(
      () => away.requests.length,
      (count) => count > 0,
    )
    const owned = await replayed('--dir', dir, '--to', sink.url)
    assert.equal(owned.status, 1)
    assert.match(
      owned.stderr,
      /A pipeline runs on .* \(process \d+\); stop it first\. Nothing was sent\./,
    )
  }
  const records = load.promisedRecords()

  await t.test('a dry run counts what is meant', async () => {
    const all = await replayed('--dir', dir, '--to', sink.url, '--dry-run', '--json')
    assert.deepEqual([all.status, all.json.meant.records], [0, records])
    const few = ['--first', '0', '--last', '0', '--service', 'shop']
    const one = await replayed('--dir', dir, '--to', sink.url, '--dry-run', '--json', ...few)
    assert.equal(one.json.meant.batches, 1)
    assert.equal(
      (await replayed('--dir', dir, '--to', sink.url, '--only', 'ended', '--dry-run', '--json'))
        .json.meant.batches,
      0,
    )
    assert.equal(sink.requests.length, 0)
  })
  await t.test('what is too large goes in parts, what may pass is waited out', async () => {
    sink.behave((request) =>
      request === 1 ? { kind: 'status', status: 503 } : { kind: 'acceptUpTo', bytesMax: 2_000 },
    )
    const { status, json, stderr } = await replayed('--dir', dir, '--to', sink.url, '--json')
    assert.equal(status, 0, stderr)
    const { accepted, failed, stopped } = json.replayed
    assert.deepEqual([accepted, failed, stopped], [records, 0, null])
    assert.equal(sink.records(), records)
  })
  await t.test(
    'a record that came twice came under the same number, and is what was sent',
    async () => {
      sink.behave(() => ({ kind: 'accept' }))
      const again = await replayed('--dir', dir, '--to', sink.url, '--json', '--service', 'auth')
      assert.equal(again.status, 0)
      assert.equal(sink.records(), records)
      assert.ok(again.json.replayed.records < records)
    },
  )
  await t.test('what an endpoint does not take is said, with status 1', async () => {
    sink.behave(() => ({ kind: 'status', status: 400, body: 'no' }))
    const { status, json } = await replayed('--dir', dir, '--to', sink.url, '--json')
    const { accepted, failed, batches, failures } = json.replayed
    assert.deepEqual([status, accepted, failed], [1, 0, batches])
    assert.match(failures[0].why, /^400/)
    sink.behave(() => ({ kind: 'redirect', status: 307, location: 'http://127.0.0.1:9' }))
    const sent = await replayed('--dir', dir, '--to', sink.url)
    assert.equal(sent.status, 1)
    assert.match(
      String(sent.json),
      /says 307, to http:\/\/127\.0\.0\.1:9; name the other one with --to/,
    )
  })
  await t.test('the pipeline goes on where it was, and everything is delivered', async () => {
    sink.behave(() => ({ kind: 'accept' }))
    await using holdfast = await startHoldfast(folder.path, {
      ...config,
      endpoint: { url: sink.url },
    })
    const { totals } = await settledAccountOf(holdfast)
    assert.deepEqual([totals.accepted, totals.delivered, totals.dropped], [records, records, 0])
    assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
  })
})

test('what cannot be meant is wrong usage, and a folder without a ring is left as it is', async () => {
  await using folder = await workspace()
  const to = ['--dir', folder.path, '--to', 'http://127.0.0.1:9']
  for (const [words, why] of [
    [['--first', '5', '--last', '4'], /no record is meant/],
    [['--first', 'x'], /--first is "x"/],
    [['--only', 'none'], /allowed: all, pending, ended/],
  ] as const) {
    const { status, stderr } = await replayed(...to, ...words)
    assert.equal(status, 2)
    assert.match(stderr, why)
  }
  assert.equal((await replayed('--dir', folder.path, '--to', 'ftp://x')).status, 2)
  const none = await replayed(...to)
  assert.deepEqual(
    [none.status, none.stderr],
    [1, `There is no ring in ${folder.path}; --dir DIR says where to look.\n`],
  )
  assert.equal(
    (await replayed('--dir', `${folder.path}/nowhere`, '--to', 'http://127.0.0.1:9')).status,
    1,
  )
})
