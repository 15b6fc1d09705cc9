/** Who tells whom what, asked of the real process by the real command. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { cli, startHoldfast, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'

type Lane = { readonly name: string }
type Answer = {
  readonly arrows: readonly {
    readonly from: Lane | null
    readonly to: Lane
    readonly message: string
  }[]
}
const run = promisify(execFile)

test('a record can be followed from its acceptance to its end, as JSON and as Mermaid', async (t) => {
  await using folder = await workspace()
  const sink = await openSink({ behaviour: () => ({ kind: 'accept', delayMs: 20 }) })
  t.after(sink.close)
  await using holdfast = await startHoldfast(folder.path, { endpoint: { url: sink.url } })
  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'auth' }],
    recordsPerRequest: 5,
    recordBytes: 200,
  })
  t.after(load.close)
  let state: 'looking' | 'seen' = 'looking'
  const goOn = (): boolean => state === 'looking'
  const sending = load.send({ to: () => holdfast.otlp, connections: 1, goOn, pauseMs: 100 })
  const asked = async (...more: readonly string[]): Promise<string> => {
    const words = [cli, 'sequence', '--admin', holdfast.admin, '--for', '3s', ...more]
    return (await run(process.execPath, words)).stdout
  }
  try {
    const [json, mermaid] = await Promise.all([asked('--json', '--last', '500'), asked()])
    const { arrows } = JSON.parse(json) as Answer
    const said = new Set(
      arrows.map(({ from, to, message }) => `${from?.name ?? ''} ${message} ${to.name}`),
    )
    for (const line of [
      ' group.offered collector',
      'collector append.requested cache',
      'cache batches.leased dispatcher',
      'dispatcher attempt.answered deliveries',
      'deliveries batches.settled cache',
      'deliveries send.ended dispatcher',
    ])
      assert.ok(said.has(line), `${line}, of ${[...said].join('; ')}`)
    assert.match(mermaid, /^sequenceDiagram\n/)
    assert.match(mermaid, /->>a\d: batches\.settled\n/)
  } finally {
    state = 'seen'
    await sending
  }
})
