/** Whether telemetry is exported, decided once, from OpenTelemetry's own environment variables. */
import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import type { Log } from '../infra/telemetry/log.ts'
import {
  type Environment,
  type TelemetrySettings,
  telemetrySettings,
} from '../infra/telemetry/otel/environment.ts'
import type { Telemetry } from '../infra/telemetry/telemetry.ts'
import { isLoopback, type Listen, listenText } from './config/addresses.ts'
import type { Config } from './config/config.ts'
import { version } from './version.ts'

export type TelemetrySetup =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly open: (log: Log) => Promise<Telemetry> }
  /** It would be exported into the pipeline that it is about. */
  | { readonly kind: 'refused'; readonly why: string }

export const telemetrySetup = async (
  environment: Environment,
  { sources }: Pick<Config, 'sources'>,
): Promise<TelemetrySetup> => {
  const settings = telemetrySettings(environment)
  if (settings === undefined) return { kind: 'off' }
  const why = await feedback(settings, listensIn(sources))
  if (why !== undefined) return { kind: 'refused', why }
  return {
    kind: 'on',
    // The SDK takes some 100 ms and 15 MB: it is loaded by those alone who asked for it.
    open: async (log) => {
      const { openTelemetry } = await import('../infra/telemetry/otel/open-telemetry.ts')
      return openTelemetry(settings, { version, log })
    },
  }
}

/** Every source that listens, whatever it speaks. */
const listensIn = (sources: Config['sources']): readonly Listen[] =>
  Object.values(sources).flatMap((source) =>
    source !== null && 'listen' in source ? [source.listen] : [],
  )

const feedback = async (
  { targets }: TelemetrySettings,
  listens: readonly Listen[],
): Promise<string | undefined> => {
  for (const [signal, { url }] of Object.entries(targets))
    for (const listen of listens) {
      // Port 0 becomes one that nobody can have known.
      if (listen.port !== portOf(url) || !(await isReached(listen.host, url.hostname))) continue
      return `OTEL_EXPORTER_OTLP_ENDPOINT sends the ${signal} of Holdfast to ${url.host}, which is its own source on ${listenText(listen)}: what it tells of its records would become records. Export to a collector of its own, or set OTEL_SDK_DISABLED=true.`
    }
  return undefined
}

const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)

/** Whether somebody who connects to `target` on this machine gets to what listens on `host`. */
const isReached = async (host: string, target: string): Promise<boolean> => {
  const [ours, theirs] = await Promise.all([addressesOf(host), addressesOf(target)])
  const isWildcard = host === '0.0.0.0' || host === '::'
  const local = Object.values(networkInterfaces()).flatMap(
    (many) => many?.map(({ address }) => address) ?? [],
  )
  return theirs.some(
    (address) =>
      ours.includes(address) ||
      address === '0.0.0.0' ||
      address === '::' ||
      (isWildcard && (isLoopback(address) || local.includes(address))),
  )
}

/** None for a name that cannot be resolved: then nothing is sent there either. */
const addressesOf = async (host: string): Promise<readonly string[]> => {
  try {
    const found = await lookup(host.replace(/^\[|\]$/g, ''), { all: true })
    return found.map(({ address }) => address)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause) return []
    throw cause
  }
}
