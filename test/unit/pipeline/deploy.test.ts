/** What lies in infra/deploy/ is what the program takes: its configuration, its ports, its probes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { loadConfig } from '../../../pipeline/config/config.ts'
import { workspace } from '../../support/holdfast-process.ts'

const read = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../infra/deploy', name), 'utf8')

const configOf = async (text: string) => {
  await using folder = await workspace()
  const file = join(folder.path, 'holdfast.yaml')
  await writeFile(file, text)
  const loaded = await loadConfig(file, {
    POD_NAME: 'holdfast-0',
    HOLDFAST_ADMIN_TOKEN: 'a-token-of-some-length-for-the-admin',
    HOLDFAST_ENDPOINT: 'https://ingest.example.com',
    INGEST_TOKEN: 'another-token',
  })
  if (loaded.kind === 'faulty') assert.fail(JSON.stringify(loaded.faults))
  return loaded
}

type Probe = { readonly httpGet: { readonly path: string; readonly port: string } }
type Pod = {
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: { readonly runAsNonRoot: boolean; readonly runAsUser: number }
  readonly containers: readonly [
    {
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
      readonly startupProbe: Probe
      readonly livenessProbe: Probe
      readonly readinessProbe: Probe
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
    },
  ]
}
type Kind = {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly template?: { readonly spec: Pod }
    readonly volumeClaimTemplates?: readonly {
      readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } }
    }[]
  }
}

test('in Kubernetes: the configuration is right, and fits its ports, probes, volume and grace', async () => {
  const kinds = parseAllDocuments(read('kubernetes/holdfast.yaml')).map((it) => it.toJS() as Kind)
  const set = kinds.find(({ kind }) => kind === 'StatefulSet')?.spec
  const pod = set?.template?.spec
  assert.ok(pod !== undefined)
  const { config, notes } = await configOf(kinds[0]?.data?.['holdfast.yaml'] ?? '')
  assert.deepEqual(notes, [])
  const [container] = pod.containers
  const ports = new Map(container.ports.map(({ name, containerPort }) => [name, containerPort]))
  assert.equal(ports.get('otlp-http'), config.sources.otlpHttp?.listen.port)
  assert.equal(ports.get('admin'), config.admin.listen.port)
  assert.equal(container.startupProbe.httpGet.path, '/livez')
  assert.equal(container.livenessProbe.httpGet.path, '/livez')
  assert.equal(container.readinessProbe.httpGet.path, '/readyz')
  assert.ok(pod.terminationGracePeriodSeconds * 1_000 >= config.shutdownTimeoutMs + 20_000)
  assert.equal(pod.securityContext.runAsNonRoot, true)
  const data = container.volumeMounts.find(({ name }) => name === 'data')
  assert.equal(data?.mountPath, config.dataDirectory)
  const storage = set?.volumeClaimTemplates?.[0]?.spec.resources.requests.storage ?? ''
  assert.match(storage, /^\d+Gi$/)
  assert.ok(Number.parseInt(storage, 10) * 2 ** 30 > config.cache.capacityBytes * 1.1)
})

test('in Docker: the configuration is right, and fits its ports and its grace', async () => {
  const { services } = parse(read('compose/compose.yaml')) as {
    services: {
      holdfast: { ports: readonly string[]; stop_grace_period: string; volumes: readonly string[] }
    }
  }
  const { config, notes } = await configOf(read('compose/holdfast.yaml'))
  assert.deepEqual(notes, [])
  const inside = services.holdfast.ports.map((port) => Number(port.split(':').at(-1)))
  assert.deepEqual(inside, [config.sources.otlpHttp?.listen.port, config.admin.listen.port])
  const graceMs = Number.parseInt(services.holdfast.stop_grace_period, 10) * 1_000
  assert.ok(graceMs >= config.shutdownTimeoutMs + 20_000)
  assert.ok(services.holdfast.volumes.includes(`holdfast:${config.dataDirectory}`))
})

test('Prometheus in Docker scrapes the job that the alerts are about', () => {
  const { scrape_configs: jobs } = parse(read('compose/prometheus.yaml')) as {
    scrape_configs: readonly { job_name: string }[]
  }
  assert.deepEqual(
    jobs.map(({ job_name }) => job_name),
    ['holdfast'],
  )
})
