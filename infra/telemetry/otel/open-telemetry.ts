/**
 * Telemetry by the OpenTelemetry SDK. Loaded only when an OTLP endpoint is configured. It exports through
 * connections of its own, and nothing that it exports goes through the pipeline.
 */
import { type Logger, SeverityNumber } from '@opentelemetry/api'
import type { Announcement } from '../../../actors/endpoint-manager/protocol.ts'
import type { Drop } from '../../../schemas/messages.ts'
import type { Log } from '../log.ts'
import type { Telemetry } from '../telemetry.ts'
import { eventOf, openAttemptSpans } from './attempt-spans.ts'
import { openBatchSpans, openMax } from './batch-spans.ts'
import { logDiagnostics } from './diagnostics.ts'
import { openDurations } from './durations.ts'
import type { TelemetrySettings } from './environment.ts'
import { openReadingsProducer } from './metric-producer.ts'
import { attributes, events } from './names.ts'
import { openProviders } from './providers.ts'
import { openRequestSpans } from './request-spans.ts'
import { placeIn } from './trace-headers.ts'

export const openTelemetry = async (
  settings: TelemetrySettings,
  { version, log }: { readonly version: string; readonly log: Log },
): Promise<Telemetry> => {
  for (const note of settings.notes) log.warn('telemetry.doubted', note)
  logDiagnostics(log, () => performance.now())
  const requests = openDurations({
    name: 'http.server.request.duration',
    description: "From the head of a client's request to its answer.",
  })
  const attempts = openDurations({
    name: 'http.client.request.duration',
    description: 'From the start of a request to an endpoint to its end, good or bad.',
  })
  const readings = openReadingsProducer({
    version,
    nowMs: Date.now,
    durations: [requests, attempts],
  })
  const providers = await openProviders(settings, { version, readings })
  const { begin, logger } = providers
  const batches = openBatchSpans({
    begin,
    full: () =>
      log.warn(
        'telemetry.untraced',
        `${openMax} batches are traced and have not ended; until some do, no others are traced.`,
      ),
  })
  const attemptSpans = openAttemptSpans({ begin, batches, durations: attempts })

  return {
    request: openRequestSpans({ begin, durations: requests }),
    accepted: (held, from) => {
      let index = 0
      for (const one of held) {
        batches.open(one, from[index] ?? [])
        index += 1
      }
    },
    attempt: attemptSpans.start,
    settled: (fates) => {
      for (const fate of fates) batches.end(fate)
    },
    evicted: batches.evict,
    returned: batches.release,
    overtaken: attemptSpans.overtaken,
    announced: (announcement) => {
      if (logger !== undefined) emitAnnouncement(logger, announcement)
    },
    dropped: (drop) => {
      if (logger !== undefined) emitDrop(logger, drop)
    },
    placeIn,
    watch: readings.watch,
    close: async () => {
      batches.close()
      readings.stop()
      try {
        await providers.close()
      } catch (error) {
        log.warn('telemetry.unexported', 'The last of the telemetry could not be exported.', {
          error,
        })
      }
    },
  }
}

const emitDrop = (logger: Logger, drop: Drop): void => {
  const { id, atMs, tenant, service, producer, firstSeq, lastSeq, records, bytes } = drop
  const { reason, detail, fromMs, toMs } = drop
  logger.emit({
    eventName: events.dropped,
    timestamp: atMs,
    severityNumber: SeverityNumber.ERROR,
    severityText: 'ERROR',
    body: `${records} records of ${service === '' ? tenant : `${tenant}/${service}`} are gone (${reason}): ${detail}`,
    attributes: {
      [attributes.dropId]: id,
      [attributes.tenant]: tenant,
      [attributes.service]: service,
      [attributes.producer]: producer,
      [attributes.firstSeq]: firstSeq,
      [attributes.lastSeq]: lastSeq,
      [attributes.records]: records,
      [attributes.dropBytes]: bytes,
      [attributes.dropReason]: reason,
      [attributes.dropDetail]: detail,
      // Where no record had a time, there is no window.
      ...(toMs === 0
        ? {}
        : { [attributes.dropFrom]: time(fromMs), [attributes.dropTo]: time(toMs) }),
    },
  })
}
const time = (ms: number): string => new Date(ms).toISOString()

const emitAnnouncement = (logger: Logger, announcement: Announcement): void => {
  const event = eventOf(announcement)
  const isGood = announcement.kind === 'assigned' || announcement.kind === 'confirmed'
  logger.emit({
    eventName: event.name,
    severityNumber: isGood ? SeverityNumber.INFO : SeverityNumber.WARN,
    severityText: isGood ? 'INFO' : 'WARN',
    attributes: event.attributes,
  })
}
