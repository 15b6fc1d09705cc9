import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Admin } from '../../../pipeline/admin/server.ts'
import { version } from '../../../pipeline/version.ts'
import { open } from './call-admin.ts'
import { dropId, handMade } from './hand-made.ts'
import { holdfast, start } from './process.ts'

const commands = [
  ...['run', 'validate', 'ledger', 'drops', 'report', 'reconcile', 'incident', 'top'],
  ...['show', 'set', 'pin', 'unpin'].map((name) => `endpoint ${name}`),
  ...['inspect', 'verify', 'replay'].map((name) => `cache ${name}`),
  ...['list', 'resend'].map((name) => `notices ${name}`),
  ...['create', 'check'].map((name) => `topics ${name}`),
]

describe('the command line', () => {
  it('says how it is used: all of it, each group, and each command with an example', async () => {
    const all = await holdfast(['--help'])
    assert.deepEqual([all.status, all.stderr], [0, ''])
    assert.match((await holdfast(['endpoint', '--help'])).stdout, /endpoint set URL/)
    for (const command of commands) {
      assert.ok(all.stdout.includes(`  ${command} `), command)
      const one = await holdfast([...command.split(' '), '--help'])
      assert.deepEqual([one.status, one.stderr], [0, ''])
      assert.match(one.stdout, new RegExp(`Usage: holdfast ${command}.* \\[options\\]`))
      assert.match(one.stdout, /Examples:\n {2}\S/)
    }
  })

  it('is a program: its status, its two streams, and a reader that goes away early', async () => {
    const wrong = await start('pipeline/cli.ts', ['ledgr']).ended
    assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
    assert.match(wrong.stderr, /There is no command "ledgr"/)
    const { child, ended } = start('pipeline/cli.ts', ['--help'])
    child.stdout?.destroy()
    const { status, stderr } = await ended
    assert.deepEqual([status, stderr], [0, ''])
  })

  it('says its version', async () => {
    assert.deepEqual(await holdfast(['--version']), {
      status: 0,
      stdout: `${version}\n`,
      stderr: '',
    })
  })

  it('exits 2 when it is used wrongly, with the reason on stderr alone', async () => {
    for (const [words, reason] of [
      ['ledgr', /There is no command "ledgr", did you mean "ledger"\?/],
      ['endpoint', /needs one of: show, set, pin, unpin/],
      ['endpoint sat', /There is no command "sat", did you mean "set"\?/],
      ['endpoint set', /needs URL/],
      ['ledger --admin nowhere', /"nowhere" is no http/],
      ['run --config', /'--config <value>' argument missing/],
      ['ledger acme', /does not take "acme"/],
      ['ledger --jsn', /Unknown option '--jsn', did you mean "json"\?/],
      ['topics check', /holdfast.yaml has no transport.kafka/],
      ['run --role cache', /--role cache needs transport.kafka in holdfast.yaml/],
      ['run --role cach', /There is no role "cach"\. Allowed: all, collector, cache/],
    ] as const) {
      const { status, stdout, stderr } = await holdfast(words.split(' '))
      assert.deepEqual([status, stdout], [2, ''], words)
      assert.match(stderr, reason)
    }
  })

  it('exits 1 when there is nobody to ask, and says how to ask elsewhere', async () => {
    const { status, stdout, stderr } = await holdfast(['ledger'], {
      HOLDFAST_ADMIN: 'http://127.0.0.1:1',
    })
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(
      stderr,
      /^http:\/\/127\.0\.0\.1:1\/api\/v1\/ledger could not be reached \(.+\); is Holdfast running there\? Another address: --admin URL\.\n$/,
    )
  })
})

describe('holdfast validate', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'))
    await writeFile(join(folder, 'good.yaml'), `sources: { otlp_http: }\nname: \${NAME}\n`)
    await writeFile(join(folder, 'bad.yaml'), 'sources: { syslog: }\nnmae: x\n')
  })
  after(() => rm(folder, { recursive: true }))

  it('exits 0 for the configuration of the checkout, which is the default', async () => {
    const { status, stdout, stderr } = await start('pipeline/cli.ts', ['validate']).ended
    assert.deepEqual([status, stdout, stderr], [0, 'holdfast.yaml is valid.\n', ''])
  })

  it('fills in the environment', async () => {
    const file = join(folder, 'good.yaml')
    assert.equal((await holdfast(['validate', '--config', file], { NAME: 'a' })).status, 0)
    assert.equal((await holdfast(['validate', '--config', file])).status, 2)
  })

  it('exits 2 with each fault on a line, and so does run', async () => {
    const file = join(folder, 'bad.yaml')
    for (const command of ['validate', 'run']) {
      const { status, stdout, stderr } = await holdfast([command, '--config', file])
      assert.deepEqual([status, stdout], [2, ''])
      const [first, second, ...rest] = stderr.trimEnd().split('\n')
      assert.match(
        first ?? '',
        /^sources\.syslog: this is not supported in this version; allowed: otlp_http \(.*bad\.yaml:1\)$/,
      )
      assert.match(second ?? '', /^nmae: there is no such key, did you mean "name"\?/)
      assert.deepEqual(rest, [])
    }
  })

  it('says in one line, and exits 1, when the data directory is no folder', async () => {
    const file = join(folder, 'no-folder.yaml')
    await writeFile(file, 'sources: { otlp_http: }\ndata_dir: good.yaml\n')
    const { status, stdout, stderr } = await holdfast(['run', '--config', file])
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(
      stderr,
      /^The data directory \S*good\.yaml cannot be read: it is no folder\. .+data_dir.+\n$/,
    )
  })

  it('names the source that could not listen, and the key that says where', async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const taken = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const file = join(folder, 'taken.yaml')
    const config = {
      data_dir: './taken',
      sources: { otlp_http: { listen: taken } },
      admin: { listen: '127.0.0.1:0' },
    }
    await writeFile(file, JSON.stringify(config))
    const { status, stderr } = await start('pipeline/cli.ts', ['run', '--config', file]).ended
    assert.equal(status, 1)
    const said = `The source otlp_http could not listen on ${taken} (EADDRINUSE); free the address or choose another sources.otlp_http.listen.`
    assert.ok(stderr.includes(said), stderr)
  })

  it('prints JSON alone when asked to', async () => {
    const { status, stdout, stderr } = await holdfast([
      'validate',
      '--json',
      '--config',
      join(folder, 'bad.yaml'),
    ])
    assert.deepEqual([status, stderr], [2, ''])
    const { valid, faults } = JSON.parse(stdout)
    assert.equal(valid, false)
    assert.deepEqual([faults[0].path, faults[0].line], ['sources.syslog', 1])
  })
})

describe('the commands that ask a pipeline', () => {
  const { observed, told } = handMade()
  let admin: Admin
  const ask = (...words: readonly string[]) =>
    holdfast([...words, '--admin', admin.url], { HOLDFAST_ADMIN_TOKEN: 'hunter2' })
  before(async () => {
    admin = await open({ observed, token: 'hunter2' })
  })
  after(() => admin.close())

  it('need the token', async () => {
    const { status, stderr } = await holdfast(['ledger', '--admin', admin.url])
    assert.equal(status, 1)
    assert.match(
      stderr,
      /answered 401: this needs the admin token; allowed: .* \(set HOLDFAST_ADMIN_TOKEN\)/,
    )
  })

  it('show the account, as a table without colour, or as JSON', async () => {
    const { status, stdout } = await ask('ledger')
    assert.equal(status, 0)
    const [head, first] = stdout.split('\n')
    assert.match(
      head ?? '',
      /^TENANT +SERVICE +PRODUCER +ACCEPTED +DELIVERED +DROPPED +PENDING +UNACCOUNTED$/,
    )
    assert.match(first ?? '', /^acme +web +edge-1-x +5 +3 +1 +1 +0$/)
    assert.match(stdout, /The account balances\. Clients were told to keep 4 records\./)
    const { totals } = JSON.parse((await ask('ledger', '--json')).stdout)
    assert.deepEqual(totals, observed.ledger.totals())
  })

  it('say of an account without records that there are none, in lines of their own', async (t) => {
    const ledger = { ...observed.ledger, streams: () => [] }
    const empty = await open({ observed: { ...observed, ledger } })
    t.after(() => empty.close())
    const { stdout } = await holdfast(['ledger', '--admin', empty.url])
    const [said, blank, head] = stdout.split('\n')
    assert.deepEqual([said, blank], ['Nothing was accepted yet.', ''])
    assert.match(head ?? '', /^TENANT +SERVICE/)
  })

  it('show every drop, page after page, without the control characters of a client', async () => {
    const { status, stdout } = await ask('drops', '--since', '1h')
    assert.equal(status, 0)
    assert.equal(stdout.match(/cache_overwritten/g)?.length, 3)
    assert.ok(!stdout.includes('\u001b'))
    const { drops } = JSON.parse((await ask('drops', '--json')).stdout)
    assert.deepEqual(
      drops.map(({ id }: { id: string }) => id),
      [1, 2, 3].map(dropId),
    )
  })

  it('follow drops, each once', async () => {
    const { child, said, ended } = start('pipeline/cli.ts', ['drops', '--follow', '--json'], {
      HOLDFAST_ADMIN: admin.url,
      HOLDFAST_ADMIN_TOKEN: 'hunter2',
    })
    const stdout = await said(/(.*\n){4}/)
    child.kill('SIGTERM')
    await ended
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id)
    assert.deepEqual(ids, [1, 2, 3, 4].map(dropId))
  })

  it('show and set the endpoint, and say why it was not set', async () => {
    const shown = await ask('endpoint', 'show')
    assert.match(shown.stdout, /^http:\/\/a\.example {2}epoch 7, active\n/)
    const set = await ask('endpoint', 'set', 'http://b.example', '--reason', 'move')
    assert.deepEqual([set.status, set.stdout], [0, 'Epoch 8: http://b.example\n'])
    assert.deepEqual(told.at(-1), { kind: 'set', url: 'http://b.example', reason: 'move' })
    const refused = await ask('endpoint', 'set', 'http://evil.example')
    assert.deepEqual([refused.status, refused.stdout], [1, ''])
    assert.match(refused.stderr, /answered 400: evil is not on the list/)
    assert.equal((await ask('endpoint', 'pin', '--json')).status, 0)
    assert.equal((told.at(-1) as { kind: string }).kind, 'pin')
  })
})
