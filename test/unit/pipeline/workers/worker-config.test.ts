/** What each of several workers is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '../../../../infra/telemetry/log.ts'
import { definePipeline } from '../../../../pipeline/define-pipeline.ts'
import { startPipeline } from '../../../../pipeline/pipeline.ts'
import { workerConfig } from '../../../../pipeline/workers/worker-config.ts'

const settings = {
  workers: 3,
  data_dir: './never-made',
  sources: { otlp_http: { listen: '0.0.0.0:4318' } },
  cache: { capacity: '100MiB' },
  admin: { listen: '0.0.0.0:8686', token: 'of the operators' },
  dispatch: { concurrency: 8 },
}

test('workers together have no more than was configured, and nothing in common', () => {
  const config = definePipeline(settings)
  const all = [0, 1, 2].map((worker) => workerConfig(config, { worker, token: `own ${worker}` }))
  const sum = (of: (one: (typeof all)[number]) => number) =>
    all.reduce((total, one) => total + of(one), 0)
  assert.ok(sum(({ cache }) => cache.capacityBytes) <= config.cache.capacityBytes)
  assert.ok(sum(({ dispatch }) => dispatch.concurrency) <= config.dispatch.concurrency)
  assert.ok(sum(({ limits }) => limits.connectionsMax) <= config.limits.connectionsMax)
  assert.ok(sum(({ notices }) => notices.bytesMax) <= config.notices.bytesMax)
  assert.equal(new Set(all.map(({ dataDirectory }) => dataDirectory)).size, 3)
  assert.equal(new Set(all.map(({ name }) => name)).size, 3)
  for (const { admin, sources, workers } of all) {
    assert.equal(workers, 1)
    assert.equal(sources.otlpHttp?.listen.host, '127.0.0.1')
    assert.equal(admin.listen.host, '127.0.0.1')
    assert.match(admin.token ?? '', /^own \d$/)
  }
})

test('a program that starts one pipeline is told that several were asked for', async () => {
  const log = openLog({ write: () => undefined, level: 'error', now: Date.now })
  await assert.rejects(
    startPipeline(definePipeline(settings), { log }),
    /one pipeline in this process.*workers: 3/,
  )
})
