import { codeOf } from '../infra/disk/filesystem.ts'
import type { Ledger } from '../infra/ledger/ledger.ts'
import type { Intake } from '../infra/sources/intake.ts'
import {
  type OtlpHttpOptions,
  openOtlpHttpSource,
  type Source,
} from '../infra/sources/otlp-http.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Meters } from '../infra/telemetry/meters.ts'
import type { Telemetry } from '../infra/telemetry/telemetry.ts'
import { listenText } from './config/addresses.ts'
import type { Config } from './config/config.ts'

export type NamedSource = Source & { readonly name: string }

/** Opens the sources that the configuration names. Rejects when one cannot listen. */
export const openSources = async (
  config: Config,
  {
    intake,
    ledger,
    meters,
    log,
    telemetry,
    feed,
  }: {
    readonly intake: Pick<Intake, 'offer'>
    readonly ledger: Pick<Ledger, 'refused'>
    readonly meters: Meters
    readonly log: Log
    readonly telemetry: Telemetry | undefined
    /** Of connections that another process has accepted. */
    readonly feed?: OtlpHttpOptions['feed']
  },
): Promise<readonly NamedSource[]> => {
  const { otlpHttp } = config.sources
  if (otlpHttp === null) return []
  const source = await openOtlpHttpSource({
    listen: otlpHttp.listen,
    intake,
    tenancy: config.tenancy,
    limits: config.limits,
    onRefused: (parts, reason) => {
      ledger.refused(parts)
      meters.count('refusals', { reason })
    },
    onAnswer: ({ status, durationMs }) => {
      meters.count('answers', { source: 'otlp_http', status: String(status) })
      meters.observe('acceptDuration', durationMs / 1_000)
    },
    log,
    telemetry,
    feed,
  }).catch((cause: unknown) => {
    if (codeOf(cause) === undefined) throw cause
    throw new Error(
      `The source otlp_http could not listen on ${listenText(otlpHttp.listen)} (${codeOf(cause)}); free the address or choose another sources.otlp_http.listen.`,
      { cause },
    )
  })
  return [{ name: 'otlp_http', ...source }]
}
