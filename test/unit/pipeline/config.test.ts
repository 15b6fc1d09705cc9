import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Config, loadConfig, parseConfig } from '../../../pipeline/config/config.ts'
import type { Environment } from '../../../pipeline/config/config-file.ts'
import { faultText } from '../../../pipeline/config/fault.ts'
import { configJsonSchema } from '../../../pipeline/config/json-schema.ts'
import { priorityBy } from '../../../pipeline/config/priorities.ts'

const root = join(import.meta.dirname, '../../..')
const source = 'sources: { otlp_http: {} }\n'

const parse = (text: string, environment: Environment = {}) =>
  parseConfig(text, { folder: '/etc/holdfast', environment })

const valid = (text: string, environment: Environment = {}): Config => {
  const loaded = parse(text, environment)
  assert.equal(loaded.kind, 'valid', JSON.stringify(loaded))
  return loaded.kind === 'valid' ? loaded.config : assert.fail()
}

const faults = (text: string, environment: Environment = {}): readonly string[] => {
  const loaded = parse(text, environment)
  assert.equal(loaded.kind, 'faulty', 'this was taken for a valid configuration')
  return loaded.kind === 'faulty' ? loaded.faults.map((fault) => faultText(fault, 'h.yaml')) : []
}

const full = `name: edge-1
data_dir: ./data
shutdown_timeout: 10s
sources:
  otlp_http: { listen: 127.0.0.1:4318 }
tenancy: { header: X-Scope-OrgID, resource_attribute: tenant.id, default: default }
cache:
  capacity: 1GiB
  when_full: refuse
  durability: os
  priorities: [ { match: { service: "auth*" }, class: high } ]
batch: { max_records: 500, max_bytes: 1MiB, linger: 5ms }
endpoint:
  url: http://127.0.0.1:4319
  headers: { Authorization: "Bearer \${INGEST_TOKEN}" }
  protocol: otlp_http
  redirects: { allow: ["*.example.com", { host: "eu.example.net", headers: { authorization: "Bearer \${EU_TOKEN}" } }], max_hops: 3 }
dispatch: { concurrency: 4, ordering: stream, attempt_timeout: 1m30s, backoff: { initial: 200ms, max: 30s }, max_age: 7d }
transport: memory
admin: { listen: "[::1]:8686", token: \${HOLDFAST_ADMIN_TOKEN:-}, inspect: on }
notices:
  webhooks: [ { url: "https://hooks.acme.example:8443/in?key=1", tenants: ["acme", "acme-*"], secret: "\${ACME_SECRET:-}" }, { url: http://10.0.0.1, name: ops, headers: { Authorization: x } } ]
  linger: 2s
  give_up_after: 1d
limits: { max_request_bytes: 20MiB, max_decompressed_bytes: 100MiB, max_connections: 1024 }
receiver: { listen: 127.0.0.1:4319, directory: received }
`

describe('a configuration', () => {
  it('is read with every key, each in its unit', () => {
    const config = valid(full, { INGEST_TOKEN: 'a: b # c', EU_TOKEN: 'eu' })
    assert.deepEqual(config, {
      name: 'edge-1',
      dataDirectory: '/etc/holdfast/data',
      shutdownTimeoutMs: 10_000,
      workers: 1,
      sources: { otlpHttp: { listen: { host: '127.0.0.1', port: 4318 } } },
      tenancy: {
        header: 'x-scope-orgid',
        resourceAttribute: 'tenant.id',
        defaultTenant: 'default',
      },
      cache: {
        capacityBytes: 2 ** 30,
        whenFull: 'refuse',
        durability: 'os',
        priorities: [{ service: 'auth*', tenant: null, class: 'high' }],
      },
      batch: { recordsMax: 500, bytesMax: 2 ** 20, lingerMs: 5 },
      endpoint: {
        url: 'http://127.0.0.1:4319',
        headers: { authorization: 'Bearer a: b # c' },
        protocol: 'otlp_http',
        compression: 'none',
        redirects: {
          allow: [
            { host: '*.example.com', headers: {} },
            { host: 'eu.example.net', headers: { authorization: 'Bearer eu' } },
          ],
          hopsMax: 3,
        },
      },
      dispatch: {
        concurrency: 4,
        ordering: 'stream',
        attemptTimeoutMs: 90_000,
        backoff: { initialMs: 200, maxMs: 30_000 },
        ageMsMax: 7 * 86_400_000,
      },
      transport: 'memory',
      admin: { listen: { host: '::1', port: 8686 }, token: null, inspect: 'on' },
      sentinel: { stallAfterMs: 10_000 },
      notices: {
        webhooks: [
          {
            name: 'hooks.acme.example:8443',
            url: 'https://hooks.acme.example:8443/in?key=1',
            tenants: ['acme', 'acme-*'],
            secret: null,
            headers: {},
          },
          {
            name: 'ops',
            url: 'http://10.0.0.1',
            tenants: ['*'],
            secret: null,
            headers: { authorization: 'x' },
          },
        ],
        lingerMs: 2_000,
        intervalMs: 900_000,
        attemptTimeoutMs: 10_000,
        backoff: { initialMs: 1_000, maxMs: 300_000 },
        giveUpAfterMs: 86_400_000,
        bytesMax: 4 * 2 ** 20,
      },
      limits: {
        requestBytesMax: 20 * 2 ** 20,
        decompressedBytesMax: 100 * 2 ** 20,
        connectionsMax: 1024,
      },
      receiver: {
        listen: { host: '127.0.0.1', port: 4319 },
        directory: '/etc/holdfast/received',
      },
    })
  })

  it('needs a source and nothing more; a source without a value has its defaults', () => {
    const config = valid('sources:\n  otlp_http:\n')
    assert.deepEqual(config.sources.otlpHttp, { listen: { host: '127.0.0.1', port: 4318 } })
    assert.equal(config.endpoint.url, 'http://127.0.0.1:4319')
    assert.equal(config.dispatch.ageMsMax, 0)
    assert.equal(config.receiver, null)
    assert.deepEqual(valid(`${source}cache:\nbatch:\n  max_bytes:\n`), valid(source))
  })

  it('cannot be changed once it was read', () => {
    const config = valid(source)
    assert.throws(() => Object.assign(config.cache, { capacityBytes: 1 }), TypeError)
    assert.throws(() => Object.assign(config.endpoint.redirects, { hopsMax: 99 }), TypeError)
  })

  it('is the one at the root of the checkout, which npm start runs', async () => {
    const loaded = await loadConfig(join(root, 'holdfast.yaml'), {})
    assert.equal(loaded.kind, 'valid', JSON.stringify(loaded))
    if (loaded.kind !== 'valid') return
    assert.equal(loaded.config.dataDirectory, join(root, 'data'))
    assert.deepEqual(loaded.notes, [])
  })

  it('is told that slow answers will be taken for stalls, where they will be', () => {
    const notesOf = (stallAfter: string) => {
      const loaded = parse(`${source}sentinel: { stall_after: ${stallAfter} }\n`)
      return loaded.kind === 'valid' ? loaded.notes : assert.fail(JSON.stringify(loaded))
    }
    assert.match(notesOf('9s').join(), /attempt_timeout is longer than sentinel\.stall_after/)
    assert.deepEqual(notesOf('10s'), [])
  })

  it('has a JSON Schema, and the committed one is current (node pipeline/config/json-schema.ts)', async () => {
    const committed = await readFile(join(root, 'pipeline/config/config.schema.json'), 'utf8')
    assert.equal(committed, configJsonSchema())
  })
})

describe('the environment', () => {
  it('fills scalars, quoted or not, alone or within, and a default stands in for what is empty', () => {
    const text = `${source}name: \${NAME}\ncache: { capacity: '\${SIZE:-8MiB}' }\nbatch: { max_records: \${N:-7}, max_bytes: \${KB}KiB }\n`
    const config = valid(text, { NAME: 'edge-2', SIZE: '', KB: '64' })
    assert.equal(config.name, 'edge-2')
    assert.equal(config.cache.capacityBytes, 8 * 2 ** 20)
    assert.deepEqual(config.batch, { recordsMax: 7, bytesMax: 64 * 1024, lingerMs: 0 })
  })

  it('cannot add keys, comments or lines to the file', () => {
    const token = 'x }\nlimits: { max_connections: 1 } # "'
    const config = valid(`${source}admin: { token: \${TOKEN} }\n`, { TOKEN: token })
    assert.equal(config.admin.token, token.trim())
    assert.equal(config.limits.connectionsMax, 1024)
  })

  it('is not looked into for $${, in comments, or in keys', () => {
    const text = `# \${NOWHERE}\n${source}admin: { token: "a$\${B}c" }\n`
    assert.equal(valid(text).admin.token, `a\${B}c`)
    assert.deepEqual(faults(`${source}"\${NOWHERE}": 1\n`).length, 1)
  })

  it('that lacks a variable is a fault which names it', () => {
    assert.deepEqual(faults(`${source}name: \${NO_SUCH_NAME}\n`), [
      `name: the environment has no variable NO_SUCH_NAME; set it, or give a default: \${NO_SUCH_NAME:-default} (h.yaml:2)`,
    ])
    assert.deepEqual(faults(`${source}data_dir: \${a b}\n`), [
      `data_dir: this has a \${ that begins no substitution; allowed: \${NAME} or \${NAME:-default}; $\${ stands for a literal \${ (h.yaml:2)`,
    ])
  })
})

describe('a fault of a configuration', () => {
  it('is told with its path, its remedy and its line (config-faults.golden.txt)', async () => {
    const golden = join(import.meta.dirname, 'config-faults.golden.txt')
    const cases = (await readFile(golden, 'utf8')).trimEnd().split('\n\n')
    assert.ok(cases.length > 30)
    for (const text of cases) {
      const [yaml = '', message = ''] = text.split('\n⇒ ')
      const found = faults(`${source}${yaml}\n`)
      assert.equal(found[0], message)
      assert.doesNotMatch(found.join('\n'), /hunter2/, 'a secret was repeated')
    }
  })

  it('does not hide the others: all are told, in the order of the file', () => {
    const found = faults(
      'sources: { otlp_http: { listen: x }, syslog: {} }\nbatch: [1]\nlimits: 3\n',
    )
    assert.deepEqual(
      found.map((text) => text.split(':')[0]),
      ['sources.syslog', 'sources.otlp_http.listen', 'batch', 'limits'],
    )
  })

  it('is every source that this version does not have, by name', () => {
    for (const name of ['otlp_grpc', 'syslog', 'ndjson', 'files'])
      assert.match(
        faults(`sources:\n  otlp_http:\n  ${name}:\n`)[0] ?? '',
        new RegExp(`^sources\\.${name}: this is not supported in this version; allowed: otlp_http`),
      )
  })

  it('is a file without a source, one that is no mapping, and one that is not there', async () => {
    assert.match(
      faults('name: a\n')[0] ?? '',
      /^sources: there is no source; allowed: at least one/,
    )
    assert.match(faults('- 1\n')[0] ?? '', /^the file is no mapping/)
    const missing = await loadConfig('/nowhere/holdfast.yaml', {})
    assert.match(JSON.stringify(missing), /there is no such file/)
    assert.match(JSON.stringify(await loadConfig('/', {})), /the file cannot be read \(EISDIR\)/)
  })

  it('is an alias bomb, before it fills the memory', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
    for (let level = 0; level < 9; level += 1) {
      const [name, below] = [String.fromCharCode(98 + level), String.fromCharCode(97 + level)]
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${below}`).join(',')}]`)
    }
    assert.match(faults(bomb.join('\n'))[0] ?? '', /Excessive alias count/)
  })
})

describe('a relative path', () => {
  it('starts at the folder of the file, not where the process runs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-config-'))
    try {
      await writeFile(join(folder, 'h.yaml'), `${source}data_dir: ring\n`)
      const loaded = await loadConfig(join(folder, 'h.yaml'), {})
      assert.equal(loaded.kind === 'valid' && loaded.config.dataDirectory, join(folder, 'ring'))
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('the class of a stream', () => {
  const classOf = priorityBy([
    { service: 'auth*', tenant: null, class: 'high' },
    { service: '*-debug-*', tenant: 'acme', class: 'low' },
    { service: null, tenant: 'trial', class: 'low' },
  ])
  it('is that of the first rule that matches, and normal without one', () => {
    assert.equal(classOf('any', 'auth'), 'high')
    assert.equal(classOf('any', 'authentication'), 'high')
    assert.equal(classOf('any', 'oauth'), 'normal')
    assert.equal(classOf('acme', 'web-debug-1'), 'low')
    assert.equal(classOf('acme', '-debug-'), 'low')
    assert.equal(classOf('acme', 'debug-1'), 'normal')
    assert.equal(classOf('other', 'web-debug-1'), 'normal')
    assert.equal(classOf('trial', 'web'), 'low')
  })
})
