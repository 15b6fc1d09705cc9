import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, definePipeline, openLog, startPipeline } from '../../pipeline/index.ts'
import { until, workspace } from '../support/holdfast-process.ts'
import { openSink } from '../support/sink.ts'

const settingsFor = (url: string) => ({
  data_dir: './data',
  sources: { otlp_http: { listen: '127.0.0.1:0' } },
  endpoint: { url },
})
const record = JSON.stringify({
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'first' } }] }] }],
})

test('a program can define a pipeline, start it, watch its account, and stop it', async () => {
  await using folder = await workspace()
  const sink = await openSink({ behaviour: () => ({ kind: 'accept' }) })
  const lines: string[] = []
  const log = openLog({ write: (line) => lines.push(line), level: 'warn', now: Date.now })
  const pipeline = await startPipeline(
    definePipeline(settingsFor(sink.url), { folder: folder.path }),
    { log },
  )
  const answer = await fetch(`${pipeline.sources['otlp_http']}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: record,
  })
  assert.equal(answer.status, 200)
  const { ledger } = pipeline.observed
  const totals = await until(
    () => ledger.totals(),
    ({ delivered }) => delivered === 1,
  )
  assert.deepEqual(totals, {
    accepted: 1,
    delivered: 1,
    dropped: 0,
    pending: 0,
    refused: 0,
    unaccounted: 0,
  })
  await pipeline.stop()
  await sink.close()
  assert.deepEqual(lines, [], 'nothing to warn of')
})

test('settings that are wrong are all named, with what is allowed', () => {
  const settings = { ...settingsFor('ftp://example.com'), cahce: {} }
  assert.throws(
    () => definePipeline(settings),
    (error) =>
      error instanceof ConfigError &&
      error.faults.map(({ path }) => path.join('.')).join() === 'endpoint.url,cahce' &&
      /did you mean "?cache/i.test(error.message),
  )
})
