import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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

  it('takes the Ctrl-C that npm hands on for the one that it has heard already', async () => {
    const { child, said, ended } = served('well')
    await said('"ready"')
    child.kill('SIGINT')
    child.kill('SIGINT')
    assert.equal((await ended).status, 0)
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
