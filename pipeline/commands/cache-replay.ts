import type { OfflineRing } from '../../infra/ring/offline-segments.ts'
import type { Config } from '../config/config.ts'
import type { Replayed } from '../replay/replay.ts'
import type { Selection } from '../replay/selection.ts'
import {
  type Command,
  CommandError,
  configDefault,
  configOption,
  type ExitStatus,
  type Input,
  isSet,
  jsonOption,
  textOf,
  UsageError,
} from './command.ts'
import { interruptible } from './interruptible.ts'
import { progressOnTerminal } from './progress.ts'
import { painted, printable, thousands } from './table.ts'
import { checkWorkers } from './worker-dir.ts'

const onlyDefault = 'all'

export const cacheReplay: Command = {
  name: 'cache replay',
  summary: 'send batches of the ring to an endpoint once more, under the same ids; offline',
  operands: [],
  options: {
    config: { ...configOption, help: `${configOption.help}: the endpoint, its headers, data_dir` },
    dir: { value: 'DIR', help: 'the data directory; data_dir of the configuration unless told' },
    to: { value: 'URL', help: 'the endpoint; endpoint.url of the configuration unless told' },
    tenant: { value: 'T', help: 'only this tenant' },
    service: { value: 'S', help: 'only this service.name' },
    producer: { value: 'P', help: 'only this producer' },
    first: { value: 'N', help: 'only batches with a record of this number or a higher one' },
    last: { value: 'N', help: 'only batches with a record of this number or a lower one' },
    only: {
      value: 'WHICH',
      help: `pending: what has not ended; ended: what has; ${onlyDefault} unless told`,
    },
    'dry-run': { value: null, help: 'say what would be sent, and send nothing' },
    json: jsonOption,
  },
  examples: [
    'holdfast cache replay --dry-run',
    'holdfast cache replay --tenant acme --service checkout --first 1000 --last 1999',
    'holdfast cache replay --dir /mnt/rescued/data --to http://127.0.0.1:4319 --only pending',
  ],
  run: async (input) => {
    const { fateChoices } = await import('../replay/selection.ts')
    const only = textOf(input, 'only') ?? onlyDefault
    if (!(only in fateChoices))
      throw new UsageError(`--only is "${only}"; allowed: ${Object.keys(fateChoices).join(', ')}.`)
    const selection = selectionOf(input, fateChoices[only as keyof typeof fateChoices])
    const config = await configOf(input)
    const { offlineRing } = await import('../../infra/ring/offline-segments.ts')
    const ring = offlineRing(config.dataDirectory)
    await checkWorkers(input, config.dataDirectory)
    return whileLocked(ring, () => replay(input, { ring, config, selection }))
  },
}

type Task = {
  readonly ring: OfflineRing
  readonly config: Config
  readonly selection: Selection
}

const replay = async (input: Input, { ring, config, selection }: Task): Promise<ExitStatus> => {
  const { countMeant, replayRing } = await import('../replay/replay.ts')
  const meant = await countMeant(ring, selection)
  if (isSet(input, 'dry-run')) {
    const { batches, records, bytes } = meant
    const text = `Batches: ${thousands(batches)}, with ${thousands(records)} records and ${thousands(bytes)} bytes; nothing was sent.\n`
    input.print(isSet(input, 'json') ? `${JSON.stringify({ meant })}\n` : text)
    return 0
  }
  const [{ realWorld }, { openLog }] = await Promise.all([
    import('../world.ts'),
    import('../../infra/telemetry/log.ts'),
  ])
  const endpoint = realWorld.endpoint(
    config,
    openLog({ write: input.warn, level: 'warn', now: Date.now }),
  )
  const interruption = interruptible()
  const progress = progressOnTerminal({ what: 'replaying', unit: 'batches' })
  try {
    const replayed = await replayRing({
      ring,
      selection,
      endpoint,
      assignment: await assignmentOf(ring, config.endpoint.url),
      attemptTimeoutMs: config.dispatch.attemptTimeoutMs,
      signal: interruption.signal,
      progressed: (batches) => progress.at(batches, meant.batches),
    })
    progress.end()
    const shown = { to: config.endpoint.url, meant, replayed }
    input.print(isSet(input, 'json') ? `${JSON.stringify(shown)}\n` : replayedText(shown))
    return replayed.failed === 0 && replayed.stopped === null ? 0 : 1
  } finally {
    progress.end()
    interruption.release()
    await endpoint.close()
  }
}

/** The epoch that the pipeline sent under last: a receiver may take nothing of an older one. */
const assignmentOf = async ({ directory, filesystem }: OfflineRing, url: string) => {
  const [{ join }, { factsOf, highestJournal }, { replay: replayed }, { epoch, instant }] =
    await Promise.all([
      import('node:path'),
      import('../../infra/journal/journal-reader.ts'),
      import('../../infra/ledger/replay.ts'),
      import('../../schemas/brand.ts'),
    ])
  const journal = join(directory, 'journal')
  const names = await filesystem.list(directory)
  const isThere =
    names.includes('journal') && (await highestJournal(filesystem, journal)) !== undefined
  const assignments = isThere ? (await replayed(factsOf(filesystem, journal))).assignments : []
  const last = assignments.at(-1)?.epoch ?? epoch(0)
  const reason = 'holdfast cache replay'
  return { epoch: last, url, reason, by: 'operator', atMs: instant(Date.now()) } as const
}

/** A pipeline that runs on the directory would move what is being read, and may send it at the same time. */
const whileLocked = async (
  { directory, filesystem }: OfflineRing,
  task: () => Promise<ExitStatus>,
): Promise<ExitStatus> => {
  const [{ lockDirectory, LockError }, { codeOf }, { join }] = await Promise.all([
    import('../../infra/disk/lock.ts'),
    import('../../infra/disk/filesystem.ts'),
    import('node:path'),
  ])
  try {
    await filesystem.list(join(directory, 'ring'))
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause
    throw new CommandError(`There is no ring in ${directory}; --dir DIR says where to look.`, {
      cause,
    })
  }
  try {
    const lock = await lockDirectory(directory)
    try {
      return await task()
    } finally {
      await lock.release()
    }
  } catch (cause) {
    if (!(cause instanceof LockError)) throw cause
    throw new CommandError(
      `A pipeline runs on ${directory} (process ${cause.pid}); stop it first. Nothing was sent.`,
      { cause },
    )
  }
}

/** What the configuration says, and the words instead of it. Without either of them there is none. */
const configOf = async (input: Input): Promise<Config> => {
  const [{ loadConfig, parseConfig }, { faultText }, { endpointUrl }] = await Promise.all([
    import('../config/config.ts'),
    import('../config/fault.ts'),
    import('../config/addresses.ts'),
  ])
  const [directory, url] = [textOf(input, 'dir'), textOf(input, 'to')]
  const checked = url === undefined ? undefined : endpointUrl(url)
  if (checked?.kind === 'wrong')
    throw new UsageError(`--to: ${checked.problem}; ${checked.allowed}.`)
  const isWhole = directory !== undefined && url !== undefined
  const file = textOf(input, 'config') ?? (isWhole ? undefined : configDefault)
  const loaded =
    file === undefined
      ? parseConfig('sources: { otlp_http: }\n', { folder: '.', environment: {} })
      : await loadConfig(file, input.environment)
  if (loaded.kind === 'faulty') {
    const faults = loaded.faults.map((fault) => faultText(fault, file ?? '')).join('\n')
    throw new UsageError(`${faults}\nWithout a configuration, --dir DIR and --to URL are needed.`)
  }
  const { config } = loaded
  return {
    ...config,
    dataDirectory: directory ?? config.dataDirectory,
    endpoint: { ...config.endpoint, ...(url === undefined ? {} : aimed(config.endpoint, url)) },
  }
}

/** Headers belong to an origin, and go to no other. */
const aimed = (
  { url: configured, headers, redirects }: Config['endpoint'],
  url: string,
): Pick<Config['endpoint'], 'url' | 'headers'> => {
  const [before, now] = [new URL(configured), new URL(url)]
  if (before.origin === now.origin) return { url, headers }
  const isSafe = before.protocol !== 'https:' || now.protocol === 'https:'
  const entry = redirects.allow.find(({ host }) => host === now.hostname || host === now.host)
  return { url, headers: isSafe ? (entry?.headers ?? {}) : {} }
}

const selectionOf = (input: Input, fates: Selection['fates']): Selection => {
  const [tenant, service, producer] = ['tenant', 'service', 'producer'].map((name) =>
    textOf(input, name),
  )
  const selection = {
    firstSeq: numberOf(input, 'first') ?? 0,
    lastSeq: numberOf(input, 'last') ?? Number.MAX_SAFE_INTEGER,
    fates,
    ...(tenant === undefined ? {} : { tenant }),
    ...(service === undefined ? {} : { service }),
    ...(producer === undefined ? {} : { producer }),
  }
  if (selection.firstSeq > selection.lastSeq)
    throw new UsageError('--first is higher than --last: no record is meant.')
  return selection
}

const numberOf = (input: Input, name: 'first' | 'last'): number | undefined => {
  const text = textOf(input, name)
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`--${name} is "${text}"; allowed: the number of a record, from 0.`)
}

const replayedText = (given: {
  readonly to: string
  readonly meant: { readonly batches: number }
  readonly replayed: Replayed
}): string => {
  const { batches, records, accepted, failures, failed, stopped } = given.replayed
  const lines = failures.map(({ batch, records: lost, why }) =>
    painted('red', `${batch}: ${thousands(lost)} records were not taken: ${printable(why)}`),
  )
  if (failed > failures.length)
    lines.push(`… and ${thousands(failed - failures.length)} batches more`)
  if (stopped !== null) {
    const left = given.meant.batches - batches
    const why = `Stopped: ${printable(stopped)}. ${thousands(left)} batches were not tried.`
    lines.push(painted('red', why))
  }
  lines.push(
    `Sent to ${given.to}: ${thousands(batches)} batches, ${thousands(records)} records, of which it took ${thousands(accepted)}. The account is as it was.`,
  )
  return `${lines.join('\n')}\n`
}
