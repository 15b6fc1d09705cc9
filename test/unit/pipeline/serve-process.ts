/**
 * A process that serves a hand-made pipeline: `node serve-process.ts <how it behaves>`. What happens
 * to it is on stdout, one line each.
 */
import { openLog } from '../../../infra/telemetry/log.ts'
import { interruption } from '../../../pipeline/commands/interruption.ts'
import { serve } from '../../../pipeline/commands/serve.ts'
import { parseConfig } from '../../../pipeline/config/config.ts'
import { handMade } from './hand-made.ts'

const [behaviour] = process.argv.slice(2)
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)
const log = openLog({ write: (line) => process.stderr.write(line), level: 'info', now: Date.now })
const loaded = parseConfig(
  'sources: { otlp_http: }\nadmin: { listen: "127.0.0.1:0" }\nreceiver: { listen: "127.0.0.1:0" }\nshutdown_timeout: 0',
  { folder: '/tmp', environment: {} },
)
if (loaded.kind !== 'valid') throw new Error(JSON.stringify(loaded))

process.exit(
  await serve({
    config: loaded.config,
    log,
    level: 'info',
    interrupted: interruption({
      signals: process,
      nowMs: () => performance.now(),
      hurry: () => process.exit(1),
      log,
    }),
    ready: say,
    parts: {
      openReceiver: async () => ({
        url: 'http://127.0.0.1:1',
        close: async () => void say('receiver closed'),
      }),
      startPipeline: async () => {
        if (behaviour === 'unstartable') throw new Error('the data directory is taken')
        return {
          observed: handMade().observed,
          watched: handMade().watched,
          sources: { otlp_http: 'http://127.0.0.1:2' },
          failed:
            behaviour === 'failing'
              ? Promise.resolve(new Error('the disk is gone'))
              : new Promise<Error>(() => undefined),
          stop: async () => {
            say('stopping')
            // A promise alone keeps no process alive; the admin API and the signals do.
            if (behaviour === 'stuck') await new Promise(() => undefined)
            say('stopped')
          },
        }
      },
    },
  }),
)
