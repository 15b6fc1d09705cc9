/** A stop before a person's eyes, in a real terminal. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { openTerminal } from '../support/terminal.ts'

test('a stop shows how many requests are still out, and leaves the log whole', async (t) => {
  await using folder = await workspace()
  const answering = Promise.withResolvers<void>()
  const sink = await openSink({
    behaviour: () => ({ kind: 'accept', after: answering.promise }),
  })
  const file = join(folder.path, 'holdfast.yaml')
  const config = {
    data_dir: './data',
    sources: { otlp_http: { listen: '127.0.0.1:0' } },
    admin: { listen: '127.0.0.1:0' },
    endpoint: { url: sink.url },
    shutdown_timeout: '60s',
  }
  await writeFile(file, JSON.stringify(config))
  const terminal = openTerminal([process.execPath, cli, 'run', '--config', file], {
    columns: 100,
    rows: 30,
  })
  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'auth' }],
    recordsPerRequest: 1,
    recordBytes: 100,
  })
  t.after(async () => {
    terminal.close()
    await Promise.all([sink.close(), load.close()])
  })
  const ready = await until(terminal.output, (output) => output.includes('"event":"ready"'))
  const line = ready.split(/\r*\n/).find((it) => it.includes('"event":"ready"')) ?? ''
  const { sources } = JSON.parse(line)
  await load.send({ to: () => sources.otlp_http, connections: 1, goOn: (requests) => requests < 3 })
  await until(
    () => sink.requests.length,
    (count) => count > 0,
  )
  terminal.press('\u0003')
  await until(terminal.output, (output) => /finishing what is in flight .*\d requests/.test(output))
  answering.resolve()
  assert.equal(await terminal.exited, 0)
  const shown = terminal.output().replaceAll(/\r\p{Cc}\[K[^{\r\n]*(?=[{\r]|$)/gu, '')
  const logged = shown.split(/\r*\n/).flatMap((text) => (text.includes('"level"') ? [text] : []))
  const events = logged.map((text) => JSON.parse(text.slice(text.indexOf('{'))).event)
  for (const event of ['stop.requested', 'pipeline.stopped'])
    assert.ok(events.includes(event), `${event} in ${events}`)
})
