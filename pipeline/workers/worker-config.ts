import { join } from 'node:path'
import type { Config } from '../config/config.ts'

export const workerFolder = (directory: string, worker: number): string =>
  join(directory, `worker-${worker}`)

/** The number of the worker that a folder of a data directory belongs to. */
export const workerOfFolder = (name: string): number | undefined => {
  const [, digits] = /^worker-(0|[1-9]\d{0,3})$/.exec(name) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/**
 * What one worker of many is told: a pipeline with a folder of its own, and its share of whatever is
 * bounded for all of them. Its admin API is for the supervisor, which has made up `token` for it.
 */
export const workerConfig = (
  config: Config,
  { worker, token }: { readonly worker: number; readonly token: string },
): Config => {
  const { workers, sources, cache, dispatch, notices, limits } = config
  const share = (whole: number): number => Math.floor(whole / workers)
  return {
    ...config,
    name: `${config.name}-${worker}`,
    dataDirectory: workerFolder(config.dataDirectory, worker),
    workers: 1,
    // It listens, so that the server keeps its timeouts; clients come by the supervisor.
    sources: { otlpHttp: sources.otlpHttp === null ? null : { listen: loopback } },
    cache: { ...cache, capacityBytes: share(cache.capacityBytes) },
    dispatch: { ...dispatch, concurrency: share(dispatch.concurrency) },
    notices: { ...notices, bytesMax: share(notices.bytesMax) },
    limits: { ...limits, connectionsMax: share(limits.connectionsMax) },
    admin: { listen: loopback, token, inspect: 'off' },
    receiver: null,
  }
}
const loopback = { host: '127.0.0.1', port: 0 }
