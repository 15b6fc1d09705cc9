/** Everything that is not the pipeline's own: time, disk, network. A simulation brings another one. */
import { join } from 'node:path'
import { type BookStore, openThreadStore } from '../infra/book/book-store.ts'
import { type Clock, systemClock } from '../infra/clock/clock.ts'
import type { Filesystem } from '../infra/disk/filesystem.ts'
import { type Lock, lockDirectory } from '../infra/disk/lock.ts'
import { nodeFilesystem } from '../infra/disk/node-filesystem.ts'
import type { Endpoint } from '../infra/endpoints/endpoint.ts'
import { openOtlpHttpEndpoint } from '../infra/endpoints/otlp-http.ts'
import { openWebhook, type Webhook, type WebhookOptions } from '../infra/notices/webhook.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Config } from './config/config.ts'
import { openSources } from './sources.ts'
import { version } from './version.ts'

export type World = {
  readonly clock: Clock
  readonly filesystem: Filesystem
  /** @throws {LockError} while another process owns the directory. */
  readonly lock: (directory: string) => Promise<Lock>
  readonly endpoint: (config: Config, log: Log) => Endpoint
  readonly sources: typeof openSources
  /** Who keeps the book of the account in this directory. */
  readonly book: (directory: string) => BookStore
  /** Where notices are sent to. */
  readonly webhook: (options: Omit<WebhookOptions, 'version' | 'now'>) => Webhook
  readonly bounds: Bounds
}

/** How much the journal takes, in bytes. A simulation takes little, so that the bounds are reached. */
export type Bounds = {
  /**
   * Space that is kept free for drop events and settlements, so that a full disk stops neither. The
   * eviction of a segment in which every batch is of another stream takes some 1.4 MB.
   */
  readonly journalReserveBytes: number
  /** A journal longer than this is begun anew. */
  readonly journalBytesMax: number
}

const mebibyte = 1024 * 1024

export const realWorld: World = {
  clock: systemClock,
  filesystem: nodeFilesystem,
  lock: lockDirectory,
  endpoint: ({ endpoint, tenancy, dispatch }, log) =>
    openOtlpHttpEndpoint({
      origins: {
        url: endpoint.url,
        headers: endpoint.headers,
        hosts: endpoint.redirects.allow.filter(({ headers }) => Object.keys(headers).length > 0),
      },
      tenancyHeader: tenancy.header,
      compression: endpoint.compression,
      connectionsMax: dispatch.concurrency,
      version,
      log,
    }),
  sources: openSources,
  book: (directory) => openThreadStore(join(directory, 'ledger.sqlite')),
  webhook: (options) => openWebhook({ ...options, version, now: systemClock.now }),
  bounds: { journalReserveBytes: 2 * mebibyte, journalBytesMax: 16 * mebibyte },
}
