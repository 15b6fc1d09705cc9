import { type Level, levels, openLog } from '../../infra/telemetry/log.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/config-file.ts'
import type { KafkaSettings } from '../config/kafka-settings.ts'
import { boundHeapGrowth } from '../heap-growth.ts'
import { type Role, roles } from '../services/role.ts'
import { StoppedWhileStartingError } from '../stopped-while-starting.ts'
import {
  type Command,
  configOption,
  type ExitStatus,
  type Input,
  isSet,
  textOf,
  UsageError,
} from './command.ts'
import { configured } from './configured.ts'
import { exitOnCrash } from './crash.ts'
import { openDrainProgress } from './drain-progress.ts'
import { interruption } from './interruption.ts'
import { progressOnTerminal } from './progress.ts'
import type { Parts, Ready } from './serve.ts'

export const run: Command = {
  name: 'run',
  summary: 'run the pipeline until SIGTERM or SIGINT',
  operands: [],
  options: {
    config: configOption,
    inspect: {
      value: null,
      help: 'let the actors be watched at work: a WebSocket at /inspect of the admin API',
    },
    role: { value: 'ROLE', help: `which service to run: all, ${roles.join(', ')}` },
  },
  examples: [
    'holdfast run',
    'holdfast run --config /etc/holdfast/holdfast.yaml',
    'HOLDFAST_LOG_LEVEL=debug holdfast run',
    'holdfast run --inspect',
    'holdfast run --role dispatcher',
  ],
  run: async (input) => {
    const wanted = rolesIn(textOf(input, 'role') ?? 'all')
    const level = levelIn(input.environment)
    const loaded = await configured(input)
    if (loaded === undefined) return 2
    const { file } = loaded
    // Loaded only here: the other commands have no use for it, and start faster without.
    const [{ serve }, { telemetrySetup }] = await Promise.all([
      import('./serve.ts'),
      import('../telemetry-setup.ts'),
    ])
    const { transport } = loaded.config
    if (transport === 'memory' && wanted.length === 1)
      throw new UsageError(
        `--role ${wanted[0]} needs transport.kafka in ${file}: in memory, one process does it all.`,
      )
    if (loaded.config.workers > 1 && isSet(input, 'inspect'))
      throw new UsageError(
        `--inspect shows the actors of one pipeline, and ${file} has workers: ${loaded.config.workers}.`,
      )
    const { dataDirectory, workers } = loaded.config
    const { formerFolders, refusalOf } = await import('../workers/former-folders.ts')
    const former = await formerFolders(dataDirectory, workers)
    const refused = refusalOf(former, workers)
    if (refused !== undefined) {
      input.warn(`${refused}\n`)
      return 2
    }
    const drain = openDrainProgress({
      warn: input.warn,
      progress: progressOnTerminal({ what: 'finishing what is in flight', unit: 'requests' }),
    })
    const log = openLog({ write: drain.warn, level, now: Date.now })
    for (const note of loaded.notes) log.warn('config.doubted', note)
    for (const { directory } of former)
      log.warn('ring.unread', 'A former ring is left alone; nothing is pending in it.', {
        directory,
      })
    const setup = await telemetrySetup(input.environment, loaded.config)
    if (setup.kind === 'refused') {
      input.warn(`${setup.why}\n`)
      return 2
    }
    exitOnCrash(log)
    boundHeapGrowth()
    const interrupted = interruption({
      signals: process,
      nowMs: () => performance.now(),
      hurry: () => process.exit(1 satisfies ExitStatus),
      log,
    })
    if (workers > 1) {
      const { serveWorkers } = await import('../workers/serve-workers.ts')
      return serveWorkers({
        config: loaded.config,
        level,
        log,
        interrupted,
        ready: (ready) => announce(input, ready),
      })
    }
    return serve({
      config: isSet(input, 'inspect') ? inspected(loaded.config) : loaded.config,
      parts: await (transport === 'memory'
        ? partsOf()
        : servicesOn(transport.kafka, { roles: wanted, interrupted })),
      log,
      telemetry: setup.kind === 'on' ? await setup.open(log) : undefined,
      level,
      interrupted,
      ready: (ready) => announce(input, ready),
      stopping: drain.watch,
    })
  },
}

const inspected = (config: Config): Config => ({
  ...config,
  admin: { ...config.admin, inspect: 'on' },
})

/** Loaded once the configuration is known to be right. */
const partsOf = async (): Promise<Parts> => {
  const [{ startPipeline }, { openReceiver }] = await Promise.all([
    import('../pipeline.ts'),
    import('../../infra/receiver/receiver.ts'),
  ])
  return { startPipeline, openReceiver }
}

/** A process that is told to stop while it waits for Kafka does not wait any longer. */
const servicesOn = async (
  kafka: KafkaSettings,
  given: { readonly roles: readonly Role[]; readonly interrupted: Promise<string> },
): Promise<Parts> => {
  const [{ startDistributed }, { openReceiver }] = await Promise.all([
    import('../services/start-distributed.ts'),
    import('../../infra/receiver/receiver.ts'),
  ])
  const waiting = new AbortController()
  void given.interrupted.then((signal) => waiting.abort(new StoppedWhileStartingError(signal)))
  return {
    startPipeline: (config, { log, telemetry }) =>
      startDistributed(config, {
        kafka,
        roles: given.roles,
        log,
        telemetry,
        signal: waiting.signal,
      }),
    openReceiver,
  }
}

const rolesIn = (text: string): readonly Role[] => {
  if (text === 'all') return roles
  const role = roles.find((known) => known === text)
  if (role !== undefined) return [role]
  throw new UsageError(`There is no role "${text}". Allowed: all, ${roles.join(', ')}.`)
}

const levelIn = ({ HOLDFAST_LOG_LEVEL }: Environment): Level => {
  const level = levels.find((known) => known === (HOLDFAST_LOG_LEVEL || 'info'))
  if (level !== undefined) return level
  throw new UsageError(
    `HOLDFAST_LOG_LEVEL is "${HOLDFAST_LOG_LEVEL}"; allowed: ${levels.join(', ')}.`,
  )
}

const announce = (input: Input, ready: Ready): void => {
  input.print(`${JSON.stringify(ready)}\n`)
  const { otlp_http: url } = ready.sources
  if (!process.stderr.isTTY || url === undefined) return
  input.warn(`
Holdfast is up. Send it a record:

  curl ${url}/v1/logs -H 'content-type: application/json' -d '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},"scopeLogs":[{"logRecords":[{"body":{"stringValue":"first"}}]}]}]}'

and see the account:  npx holdfast ledger --admin ${ready.admin}
The console:          ${ready.admin}/${
    ready.receiver === undefined ? '' : `\nWhat arrived:         curl ${ready.receiver}/`
  }
Ctrl-C stops it.

`)
}
