/** Services in the process of a test, which starts, stops and starts them anew. */
import type { Kafka } from '../../infra/kafka/kafka.ts'
import { openMeters } from '../../infra/telemetry/meters.ts'
import type { Telemetry } from '../../infra/telemetry/telemetry.ts'
import { definePipeline } from '../../pipeline/define-pipeline.ts'
import type { RunningPipeline } from '../../pipeline/observed.ts'
import type { Role } from '../../pipeline/services/role.ts'
import { startServices } from '../../pipeline/services/start-services.ts'
import { realWorld, type World } from '../../pipeline/world.ts'

export type Started = RunningPipeline & { readonly lines: readonly LogLine[] }
export type LogLine = { readonly level: string; readonly event: string; readonly text: string }

let started = 0

/** @param settings as in a configuration file; `endpoint.url` at least. */
export const startRoles = async (
  kafka: Kafka,
  roles: readonly Role[],
  settings: Readonly<Record<string, unknown>>,
  world: World = realWorld,
  telemetry?: Telemetry,
): Promise<Started> => {
  started += 1
  const lines: LogLine[] = []
  const line =
    (level: string) =>
    (event: string, text: string, facts?: unknown): void => {
      const cause = (facts as { cause?: unknown } | undefined)?.cause
      lines.push({ level, event, text: cause === undefined ? text : `${text} ${String(cause)}` })
    }
  const log = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  }
  const config = definePipeline({
    sources: { otlp_http: { listen: '127.0.0.1:0' } },
    ...settings,
  })
  const running = await startServices(config, {
    roles,
    service: `${roles.join('+')}-${Date.now().toString(36)}-${started.toString(36).padStart(5, '0')}`,
    kafka,
    world,
    meters: openMeters(),
    log: log as never,
    telemetry,
  })
  return { ...running, lines }
}
