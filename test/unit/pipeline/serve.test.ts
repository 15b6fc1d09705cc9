import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { interruption } from '../../../pipeline/commands/interruption.ts'
import { log } from './call-admin.ts'
import { start } from './process.ts'

const served = (behaviour: string) => start('test/unit/pipeline/serve-process.ts', [behaviour])
const events = (stderr: string) =>
  stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event)

describe('a served pipeline', () => {
  it('says once that it is ready, with the real ports, and exits 0 on SIGTERM', async () => {
    const { child, said, ended } = served('well')
    const [line = ''] = (await said('"ready"')).split('\n')
    const { admin, ...rest } = JSON.parse(line)
    assert.match(admin, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    assert.deepEqual(rest, {
      event: 'ready',
      sources: { otlp_http: 'http://127.0.0.1:2' },
      receiver: 'http://127.0.0.1:1',
    })
    assert.equal((await fetch(`${admin}/readyz`)).status, 200)
    child.kill('SIGTERM')
    const { status, stdout, stderr } = await ended
    assert.equal(status, 0)
    assert.equal(stdout, `${line}\n"stopping"\n"stopped"\n"receiver closed"\n`)
    assert.deepEqual(events(stderr), ['pipeline.started', 'stop.requested', 'pipeline.stopped'])
  })

  it('exits 1 at once on a second signal, however stuck its stop is', async () => {
    const { child, said, ended } = served('stuck')
    await said('"ready"')
    child.kill('SIGINT')
    await said('"stopping"')
    child.kill('SIGTERM')
    const { status, stderr } = await ended
    assert.equal(status, 1)
    assert.deepEqual(events(stderr).slice(-2), ['stop.requested', 'stop.hurried'])
  })

  it('exits 1 when the pipeline fails, after it was stopped', async () => {
    const { status, stdout, stderr } = await served('failing').ended
    assert.equal(status, 1)
    assert.match(stdout, /"stopped"\n"receiver closed"/)
    assert.ok(events(stderr).includes('pipeline.failed'))
    assert.match(stderr, /the disk is gone/)
  })

  it('exits 1 when it cannot start, with nothing on stdout but what it closed', async () => {
    const { status, stdout, stderr } = await served('unstartable').ended
    assert.equal(status, 1)
    assert.equal(stdout, '"receiver closed"\n')
    assert.deepEqual(events(stderr), ['run.failed'])
    assert.match(stderr, /the data directory is taken/)
  })
})

describe('an interruption', () => {
  const heard = () => {
    const signals = new EventEmitter()
    const seen = { nowMs: 0, hurries: 0 }
    const first = interruption({
      signals,
      nowMs: () => seen.nowMs,
      hurry: () => {
        seen.hurries += 1
      },
      log,
    })
    return { signals, seen, first }
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`takes the ${signal} that npm hands on for the one that was heard already`, async () => {
      const { signals, seen, first } = heard()
      signals.emit(signal, signal)
      seen.nowMs = 249
      signals.emit(signal, signal)
      assert.deepEqual([await first, seen.hurries], [signal, 0])
      seen.nowMs = 250
      signals.emit(signal, signal)
      assert.equal(seen.hurries, 1)
    })

  it('takes another signal at its word, however soon it comes', async () => {
    const { signals, seen, first } = heard()
    signals.emit('SIGINT', 'SIGINT')
    signals.emit('SIGTERM', 'SIGTERM')
    assert.deepEqual([await first, seen.hurries], ['SIGINT', 1])
  })
})
