import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePipeline, openLog, startPipeline } from '../../pipeline/index.ts'
import { until, workspace } from '../support/holdfast-process.ts'
import { patternOf } from '../support/known-records.ts'
import { openSink } from '../support/sink.ts'
import type { Answer } from '../support/sink-behaviour.ts'

const recordsPerRequest = 400
const requests = 150
const clients = 6
const pattern = patternOf({ service: 'bytes', records: recordsPerRequest, recordBytes: 512 })

/** In turn; what an attempt leaves behind in each case is held, sent again and given back in another way. */
const answers: readonly Answer[] = [
  { kind: 'accept' },
  { kind: 'status', status: 503 },
  { kind: 'reset' },
  { kind: 'accept', delayMs: 150 },
  { kind: 'takeThenReset' },
  { kind: 'acceptThenReset' },
  { kind: 'redirect', status: 307, location: 'self' },
  { kind: 'hang' },
]

test('every record arrives byte for byte, however attempts end and whatever is read again from disk', async (t) => {
  await using folder = await workspace()
  const sink = await openSink({
    keep: 'bodies',
    behaviour: (request) => answers[request % answers.length] ?? { kind: 'accept' },
  })
  const settings = {
    data_dir: './data',
    sources: { otlp_http: { listen: '127.0.0.1:0' } },
    endpoint: { url: sink.url },
    dispatch: { attempt_timeout: '500ms', backoff: { initial: '10ms', max: '50ms' } },
  }
  const pipeline = await startPipeline(definePipeline(settings, { folder: folder.path }), {
    log: openLog({ write: () => undefined, level: 'error', now: Date.now }),
  })
  t.after(async () => {
    await pipeline.stop()
    await sink.close()
  })
  let next = 0
  const client = async (): Promise<void> => {
    while (next < requests) {
      const body = pattern.request(next * recordsPerRequest)
      next += 1
      const answer = await fetch(`${pipeline.sources['otlp_http']}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: new Uint8Array(body),
      })
      assert.equal(answer.status, 200)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const records = requests * recordsPerRequest
  await until(
    () => pipeline.observed.ledger.totals(),
    ({ delivered, pending }) => delivered === records && pending === 0,
  )
  const wanted = new Set(
    Array.from({ length: records }, (_, id) => pattern.record(id).toString('latin1')),
  )
  const arrived = new Set<string>()
  for (const request of sink.requests)
    for (const record of request.records) {
      const bytes = record.toString('latin1')
      assert.ok(wanted.has(bytes), `a record that nobody sent: ${bytes.slice(0, 80)}`)
      if (request.answer === 'accept') arrived.add(bytes)
      if (request.answer === 'takeThenReset' || request.answer === 'acceptThenReset')
        arrived.add(bytes)
    }
  assert.equal(arrived.size, records)
})
