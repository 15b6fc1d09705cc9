import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Listen } from './addresses.ts'
import { type ConfigFile, type Environment, readConfigFile } from './config-file.ts'
import type { Fault } from './fault.ts'
import { faultsOf } from './issues.ts'
import {
  type KafkaSettings,
  kafkaNotes,
  kafkaRequestBytesMax,
  kafkaSettings,
} from './kafka-settings.ts'
import type { PriorityRule } from './priorities.ts'
import { findings } from './rules.ts'
import { type FileContent, fileSchema } from './schema.ts'
import { withoutUnsupported } from './unsupported.ts'

/** What a pipeline is told once, at its start: read, checked, with defaults, unchangeable. */
export type Config = {
  /** Prefix of the producer id. */
  readonly name: string
  /** Absolute. In the file it is relative to the file's own folder, wherever the process runs. */
  readonly dataDirectory: string
  readonly shutdownTimeoutMs: number
  /** Whole pipelines, a process each; with 1, this process is the pipeline. */
  readonly workers: number
  readonly sources: { readonly otlpHttp: { readonly listen: Listen } | null }
  readonly tenancy: {
    /** Lower case. */
    readonly header: string
    readonly resourceAttribute: string
    readonly defaultTenant: string
  }
  readonly cache: {
    readonly capacityBytes: number
    readonly whenFull: 'overwrite_oldest' | 'refuse'
    readonly durability: 'fsync' | 'os'
    readonly priorities: readonly PriorityRule[]
  }
  readonly batch: {
    readonly recordsMax: number
    readonly bytesMax: number
    readonly lingerMs: number
  }
  readonly endpoint: {
    readonly url: string
    /** Secrets: for the origin of `url` alone. Names in lower case. */
    readonly headers: Headers
    readonly protocol: 'otlp_http'
    readonly compression: 'none' | 'gzip'
    readonly redirects: { readonly allow: readonly AllowedHost[]; readonly hopsMax: number }
  }
  readonly dispatch: {
    readonly concurrency: number
    readonly ordering: 'none' | 'stream'
    readonly attemptTimeoutMs: number
    readonly backoff: { readonly initialMs: number; readonly maxMs: number }
    /** 0: records never expire. */
    readonly ageMsMax: number
  }
  /** Between actors: in one process, or over Kafka between services. */
  readonly transport: 'memory' | { readonly kafka: KafkaSettings }
  readonly admin: {
    readonly listen: Listen
    readonly token: string | null
    /** Whether `WS /inspect` shows the actors at work. */
    readonly inspect: 'off' | 'on'
  }
  readonly sentinel: { readonly stallAfterMs: number }
  readonly notices: NoticesConfig
  readonly limits: {
    readonly requestBytesMax: number
    readonly decompressedBytesMax: number
    readonly connectionsMax: number
  }
  /** The small receiver for trying out. */
  readonly receiver: { readonly listen: Listen; readonly directory: string } | null
}
export type NoticesConfig = {
  readonly webhooks: readonly WebhookConfig[]
  readonly lingerMs: number
  readonly intervalMs: number
  readonly attemptTimeoutMs: number
  readonly backoff: { readonly initialMs: number; readonly maxMs: number }
  /** 0: never. */
  readonly giveUpAfterMs: number
  readonly bytesMax: number
}
export type WebhookConfig = {
  /** No two have the same. */
  readonly name: string
  readonly url: string
  /** Patterns: `*` stands for any text. */
  readonly tenants: readonly string[]
  readonly secret: string | null
  /** Secrets, too. Names in lower case. */
  readonly headers: Headers
}
export type Headers = Readonly<Record<string, string>>
export type AllowedHost = {
  /** `*.example.com` or `eu.example.net`, with a port or without, in lower case. */
  readonly host: string
  /** Secrets: for this host alone. Empty where `host` has a `*`. */
  readonly headers: Headers
}

export type Loaded =
  | {
      readonly kind: 'valid'
      readonly config: Config
      /** What is allowed, and may not be what was meant. */
      readonly notes: readonly string[]
    }
  | { readonly kind: 'faulty'; readonly faults: readonly Fault[] }

/** Reads a file. A file that cannot be read is a fault, too. Never rejects. */
export const loadConfig = async (file: string, environment: Environment): Promise<Loaded> => {
  try {
    return parseConfig(await readFile(file, 'utf8'), {
      folder: dirname(resolve(file)),
      environment,
    })
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    const problem =
      cause.code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${cause.code})`
    const allowed = 'allowed: a YAML file, named by --config FILE'
    return { kind: 'faulty', faults: [{ path: [], problem, allowed, line: null }] }
  }
}

/** @param given.folder is where relative paths in the text start. */
export const parseConfig = (
  text: string,
  given: { readonly folder: string; readonly environment: Environment },
): Loaded => {
  const { file, faults: fileFaults } = readConfigFile(text, given.environment)
  // What could not be read would be found missing again below.
  if (fileFaults.length > 0) return { kind: 'faulty', faults: fileFaults }
  const { tree, faults: refused } = withoutUnsupported(file.tree, file.lineOf)
  const parsed = fileSchema.safeParse(tree)
  const faults = [
    ...refused,
    ...(parsed.success
      ? findings(parsed.data).map((found) => ({ ...found, line: file.lineOf(found.path) }))
      : faultsOf(parsed.error.issues, { ...file, tree } satisfies ConfigFile)),
  ]
  if (faults.length > 0 || !parsed.success)
    return {
      kind: 'faulty',
      faults: faults.sort((one, other) => (one.line ?? 0) - (other.line ?? 0)),
    }
  const config = frozen(configOf(parsed.data, given.folder))
  return { kind: 'valid', config, notes: notesOn(config) }
}

/** What is allowed, and may not be what was meant. */
const notesOn = ({ dispatch, sentinel, transport }: Config): readonly string[] => [
  ...(transport === 'memory' ? [] : kafkaNotes(transport.kafka)),
  ...(dispatch.attemptTimeoutMs > sentinel.stallAfterMs
    ? [
        'dispatch.attempt_timeout is longer than sentinel.stall_after: an endpoint that answers nothing for longer than stall_after is taken for a stall of the dispatcher, and not for an outage.',
      ]
    : []),
]

const configOf = (content: FileContent, folder: string): Config => {
  const { tenancy, cache, batch, endpoint, dispatch, admin, limits, receiver } = content
  return {
    name: content.name,
    dataDirectory: resolve(folder, content.data_dir),
    shutdownTimeoutMs: content.shutdown_timeout,
    workers: content.workers,
    sources: { otlpHttp: content.sources.otlp_http ?? null },
    tenancy: {
      header: tenancy.header,
      resourceAttribute: tenancy.resource_attribute,
      defaultTenant: tenancy.default,
    },
    cache: {
      capacityBytes: cache.capacity,
      whenFull: cache.when_full,
      durability: cache.durability,
      priorities: cache.priorities.map((rule) => ({
        service: rule.match.service ?? null,
        tenant: rule.match.tenant ?? null,
        class: rule.class,
      })),
    },
    batch: { recordsMax: batch.max_records, bytesMax: batch.max_bytes, lingerMs: batch.linger },
    endpoint: {
      url: endpoint.url,
      headers: lowerCased(endpoint.headers),
      protocol: endpoint.protocol,
      compression: endpoint.compression,
      redirects: {
        allow: endpoint.redirects.allow.map((entry) =>
          typeof entry === 'string'
            ? { host: entry, headers: {} }
            : { host: entry.host, headers: lowerCased(entry.headers) },
        ),
        hopsMax: endpoint.redirects.max_hops,
      },
    },
    dispatch: {
      concurrency: dispatch.concurrency,
      ordering: dispatch.ordering,
      attemptTimeoutMs: dispatch.attempt_timeout,
      backoff: { initialMs: dispatch.backoff.initial, maxMs: dispatch.backoff.max },
      ageMsMax: dispatch.max_age,
    },
    transport:
      typeof content.transport === 'string'
        ? 'memory'
        : {
            kafka: kafkaSettings(content.transport.kafka, {
              folder,
              batchBytesMax: batch.max_bytes,
              decompressedBytesMax: limits.max_decompressed_bytes,
            }),
          },
    admin: {
      listen: admin.listen,
      token: admin.token === '' ? null : admin.token,
      inspect: admin.inspect,
    },
    sentinel: { stallAfterMs: content.sentinel.stall_after },
    notices: noticesOf(content.notices),
    limits: {
      requestBytesMax: limits.max_request_bytes,
      decompressedBytesMax:
        typeof content.transport === 'string'
          ? limits.max_decompressed_bytes
          : kafkaRequestBytesMax(limits.max_decompressed_bytes),
      connectionsMax: limits.max_connections,
    },
    receiver:
      receiver === undefined
        ? null
        : { listen: receiver.listen, directory: resolve(folder, receiver.directory) },
  }
}

const noticesOf = (notices: FileContent['notices']): NoticesConfig => ({
  webhooks: notices.webhooks.map(({ url, name, tenants, secret, headers }) => ({
    name: name ?? new URL(url).host,
    url,
    tenants: [...new Set(tenants)],
    secret: secret === undefined || secret === '' ? null : secret,
    headers: lowerCased(headers),
  })),
  lingerMs: notices.linger,
  intervalMs: notices.interval,
  attemptTimeoutMs: notices.attempt_timeout,
  backoff: { initialMs: notices.backoff.initial, maxMs: notices.backoff.max },
  giveUpAfterMs: notices.give_up_after,
  bytesMax: notices.budget,
})

const lowerCased = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** All the way down, so that nobody can change the configuration of a running pipeline. */
const frozen = <Value>(value: Value): Value => {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) frozen(item)
  return Object.freeze(value)
}
