/**
 * A sink in a process of its own, for load:
 *
 *     node test/support/sink-process.ts [--port N] [--behaviour NAME[:ARGUMENT]] [--keep ids|bodies]
 *
 * Prints `{"event":"ready","url":…}`. `GET /stats` answers with counts, `PUT /behaviour` with a name
 * as its body changes what it does. Ends on SIGTERM.
 */
import { parseArgs } from 'node:util'
import { type Keep, openSink } from './sink.ts'
import { behaviourNamed, behaviourNames } from './sink-behaviour.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    behaviour: { type: 'string', default: 'accept' },
    keep: { type: 'string', default: 'ids' },
  },
})
const behaviour = behaviourNamed(values.behaviour)
const isKeep = (text: string): text is Keep => text === 'ids' || text === 'bodies'
if (behaviour === undefined || !isKeep(values.keep)) {
  process.stderr.write(
    `sink: --behaviour is one of ${behaviourNames.join(', ')}; --keep is ids or bodies\n`,
  )
  process.exit(2)
}

const sink = await openSink({ behaviour, keep: values.keep, port: Number(values.port) })
process.stdout.write(`${JSON.stringify({ event: 'ready', url: sink.url })}\n`)

const stop = (): void => {
  sink.close().then(
    () => process.exit(0),
    (cause: unknown) => {
      process.stderr.write(`sink: ${String(cause)}\n`)
      process.exit(1)
    },
  )
}
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
