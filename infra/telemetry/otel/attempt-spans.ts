/** A span for each attempt that carries a batch that is traced, and what all batches of it are told. */
import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Verdict } from '../../../actors/delivery/protocol.ts'
import type { Announcement } from '../../../actors/endpoint-manager/protocol.ts'
import { sizeOf } from '../../../schemas/range-set.ts'
import { targetOf } from '../../endpoints/target.ts'
import { type AttemptEnd, type AttemptTrace, placesMax, type Telemetry } from '../telemetry.ts'
import type { BatchSpans } from './batch-spans.ts'
import type { Durations } from './durations.ts'
import { attributes, events } from './names.ts'
import { headersOf, unrecordedHeaders } from './trace-headers.ts'
import type { Begin } from './tracing.ts'

type Attempt = Parameters<Telemetry['attempt']>[0]

export type AttemptSpans = {
  readonly start: (attempt: Attempt) => AttemptTrace
  readonly overtaken: (announcement: Announcement) => void
}

/** Told of what happens to the endpoint while it is out. */
type Out = { readonly epoch: number; readonly spans: readonly Span[] }

export const openAttemptSpans = ({
  begin,
  batches,
  durations,
}: {
  readonly begin: Begin
  readonly batches: BatchSpans
  /** Of each attempt that has ended, traced or not. */
  readonly durations: Durations
}): AttemptSpans => {
  const out = new Set<Out>()

  const start = (attempt: Attempt): AttemptTrace => {
    const startedMs = performance.now()
    const server = serverOf(attempt.assignment.url)
    const measured = ({ verdict }: AttemptEnd): void =>
      durations.observe((performance.now() - startedMs) / 1_000, {
        key: isTaken(verdict) ? server.key : `${endKey(verdict)} ${server.key}`,
        attributes: () => ({
          'http.request.method': 'POST',
          ...server.attributes,
          ...statusOf(verdict),
        }),
      })
    const traced = tracedOf(attempt, batches)
    const [parent, ...others] = traced
    const begun = parent && begin(parent.spanContext())
    if (begun?.kind !== 'sampled') return { headers: unrecordedHeaders(), ended: measured }
    const span = begun.start('POST /v1/logs', {
      kind: SpanKind.CLIENT,
      links: others.slice(0, placesMax).map((other) => ({ context: other.spanContext() })),
      attributes: { ...server.attributes, ...attemptAttributes(attempt) },
    })
    const being: Out = { epoch: attempt.assignment.epoch, spans: [span, ...traced] }
    out.add(being)
    return {
      headers: headersOf(span.spanContext()),
      ended: (end) => {
        out.delete(being)
        measured(end)
        endSpan(span, end)
        for (const batch of traced) batch.addEvent(events.attempt, endAttributes(attempt, end))
      },
    }
  }

  const overtaken = (announcement: Announcement): void => {
    const said = eventOf(announcement)
    for (const { epoch, spans } of out)
      for (const span of spans) {
        span.addEvent(said.name, said.attributes)
        // It goes on: an attempt ends by its own answer or deadline, never by a redirect.
        if (span === spans[0] && said.epoch !== undefined && said.epoch > epoch)
          span.setAttribute(attributes.attemptSuperseded, true)
      }
  }
  return { start, overtaken }
}

const untraced: readonly Span[] = []

const tracedOf = ({ piece }: Attempt, batches: BatchSpans): readonly Span[] => {
  let traced: Span[] | undefined
  for (const held of piece.held) {
    const span = batches.of(held)
    if (span === undefined) continue
    traced ??= []
    traced.push(span)
  }
  return traced ?? untraced
}

/** What an announcement says to whom it concerns: traces, and the log of events. */
export const eventOf = (
  announcement: Announcement,
): {
  readonly name: (typeof events)[keyof typeof events]
  readonly attributes: Readonly<Record<string, string | number>>
  readonly epoch?: number
} => {
  switch (announcement.kind) {
    case 'assigned': {
      const { url, epoch, by, reason } = announcement.assignment
      const from =
        announcement.from === null ? {} : { [attributes.endpointFrom]: announcement.from }
      return {
        name: events.assigned,
        epoch,
        attributes: {
          [attributes.endpointUrl]: url,
          [attributes.epoch]: epoch,
          [attributes.endpointBy]: by,
          [attributes.endpointReason]: reason,
          ...from,
        },
      }
    }
    case 'confirmed': {
      const { url, epoch } = announcement.assignment
      return {
        name: events.confirmed,
        attributes: { [attributes.endpointUrl]: url, [attributes.epoch]: epoch },
      }
    }
    case 'rolledBack':
      return {
        name: events.rolledBack,
        attributes: {
          [attributes.endpointFrom]: announcement.from,
          [attributes.endpointUrl]: announcement.to,
          [attributes.endpointReason]: announcement.reason,
        },
      }
    case 'redirectRefused':
      return {
        name: events.redirectRefused,
        attributes: {
          [attributes.location]: announcement.location ?? '',
          [attributes.endpointReason]: announcement.reason,
        },
      }
  }
}

const attemptAttributes = ({ sendId, attempt, assignment, piece }: Attempt) => ({
  'http.request.method': 'POST',
  // Without a query: it may be a secret.
  'url.full': targetOf(assignment.url)?.href.split('?', 1)[0] ?? '',
  ...(attempt > 1 ? { 'http.request.resend_count': attempt - 1 } : {}),
  [attributes.sendId]: sendId,
  [attributes.attempt]: attempt,
  [attributes.endpointUrl]: assignment.url,
  [attributes.epoch]: assignment.epoch,
  [attributes.tenant]: piece.held[0]?.batch.tenant ?? '',
  [attributes.batches]: piece.held.length,
  [attributes.records]: sizeOf(
    piece.cut === null ? piece.held.map(({ batch }) => batch) : [piece.cut],
  ),
})

const endAttributes = ({ attempt, assignment }: Attempt, { verdict, by }: AttemptEnd) => ({
  [attributes.attempt]: attempt,
  [attributes.endpointUrl]: assignment.url,
  [attributes.epoch]: assignment.epoch,
  ...outcomeOf(verdict, by),
})

const outcomeOf = (verdict: Verdict, by: AttemptEnd['by']): Record<string, string> => {
  const detail = detailOf(verdict)
  return {
    [attributes.attemptOutcome]: by === 'abandoned' ? 'abandoned' : verdict.kind,
    ...(detail === '' ? {} : { [attributes.attemptDetail]: detail }),
    ...(verdict.kind === 'redirected' && verdict.location !== null
      ? { [attributes.location]: verdict.location }
      : {}),
  }
}

const endSpan = (span: Span, { verdict, by }: AttemptEnd): void => {
  span.setAttributes({ ...outcomeOf(verdict, by), ...statusOf(verdict) })
  if (verdict.kind !== 'accepted')
    span.setStatus({ code: SpanStatusCode.ERROR, message: detailOf(verdict) })
  span.end()
}

const detailOf = (verdict: Verdict): string => {
  if ('detail' in verdict) return verdict.detail
  return 'message' in verdict ? verdict.message : ''
}

const isTaken = ({ kind }: Verdict): boolean => kind === 'accepted' || kind === 'partial'

/** One for each that `statusOf` tells apart: two series of the same attributes would be an error. */
const endKey = (verdict: Verdict): string => {
  if (verdict.kind === 'tooLarge') return '413'
  return 'status' in verdict && verdict.status > 0 ? String(verdict.status) : verdict.kind
}

/** The status where it is known, and what kind of error it was, as the conventions for HTTP have it. */
const statusOf = (verdict: Verdict): Record<string, string | number> => {
  if (isTaken(verdict)) return {}
  if ('status' in verdict && verdict.status > 0) {
    const { status } = verdict
    const error = status >= 400 ? { 'error.type': String(status) } : {}
    return { 'http.response.status_code': status, ...error }
  }
  if (verdict.kind === 'tooLarge') return { 'http.response.status_code': 413, 'error.type': '413' }
  return { 'error.type': verdict.kind }
}

type Server = {
  readonly key: string
  readonly attributes: Readonly<Record<string, string | number>>
}
/** Bounded, and small: an endpoint changes seldom. */
const serversMax = 64
const servers = new Map<string, Server>()
const serverOf = (base: string): Server => {
  const known = servers.get(base)
  if (known !== undefined) return known
  const url = URL.parse(base)
  if (url === null) return { key: '', attributes: {} }
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const server = {
    key: `${url.hostname}:${port}`,
    attributes: { 'server.address': url.hostname, 'server.port': port },
  }
  if (servers.size < serversMax) servers.set(base, server)
  return server
}
