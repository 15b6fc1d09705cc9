/**
 * What a pipeline tells of itself beyond its log and its counters: where batches are, as traces, and
 * what happened, as events. Where nobody asked for it there is no `Telemetry` at all, so that nothing
 * is computed for it.
 */
import type { SpanContext } from '@opentelemetry/api'
import type { DeliveryEffects, Fate, Verdict } from '../../actors/delivery/protocol.ts'
import type { Announcement } from '../../actors/endpoint-manager/protocol.ts'
import type { Drop, Held } from '../../schemas/messages.ts'
import type { Reading } from './prometheus.ts'

export type Telemetry = {
  /** A client's request, from its head on. */
  readonly request: (head: RequestHead) => RequestTrace
  /**
   * Batches that are on stable storage, each with the places that it came from: of requests, or, from
   * another process, what the headers of a message said. Where there are none, a trace may start here.
   */
  readonly accepted: (held: readonly Held[], from: readonly (readonly TracePlace[])[]) => void
  readonly attempt: (attempt: Omit<DeliveryEffects['attempt'], 'deadlineMs'>) => AttemptTrace
  /** Ends of batches that are durable. */
  readonly settled: (fates: readonly Fate[]) => void
  /** All that was unsettled in a segment is gone, and its drop events are durable. */
  readonly evicted: (segment: number) => void
  /** These go back unsettled: another process goes on with them. */
  readonly returned: (held: readonly Held[]) => void
  /** What happened to the endpoint, once, as an event. */
  readonly announced: (announcement: Announcement) => void
  /** The same, to the attempts that are out in this process. */
  readonly overtaken: (announcement: Announcement) => void
  /** A drop event, once. */
  readonly dropped: (drop: Drop) => void
  /** Where the sender of these headers was, if they say so. */
  readonly placeIn: (headers: RequestHead['headers']) => TracePlace | undefined
  /** From where the metrics are read, each time that they are exported. */
  readonly watch: (read: () => readonly Reading[]) => void
  /** Says of each open batch that it is held, and exports what has not been. Never rejects. */
  readonly close: () => Promise<void>
}

/** A place in a trace, to be gone on from. */
export type TracePlace = SpanContext

export type RequestHead = {
  readonly method: string
  /** The path, where it is one that is served. */
  readonly route: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}
export type RequestTrace = {
  readonly place: TracePlace
  /** `undefined`: the client went away. */
  readonly ended: (status: number | undefined) => void
}

/** @see https://www.w3.org/TR/trace-context/ */
export type TraceHeaders = { readonly traceparent: string; readonly tracestate?: string }

export type AttemptTrace = {
  /** What the endpoint is sent, or a message carries, so that it goes on from here. */
  readonly headers: TraceHeaders
  readonly ended: (end: AttemptEnd) => void
}
/** `abandoned`: nobody waited for the answer any more. */
export type AttemptEnd = {
  readonly verdict: Verdict
  readonly by: 'answer' | 'abandoned'
}

/** Places that one batch remembers. More clients than this, in one batch, are joined without a link. */
export const placesMax = 32

/** With one place more: it is sampled, or the first, which says that it was decided against. */
export const withPlace = (
  places: readonly TracePlace[],
  place: TracePlace,
): readonly TracePlace[] =>
  places.length < placesMax && (places.length === 0 || isSampled(place))
    ? [...places, place]
    : places

/** Of several places a message can name one: the one that a batch goes on from. */
export const traceparentIn = (places: readonly TracePlace[]): string | undefined => {
  const place = places.find(isSampled) ?? places[0]
  return place === undefined ? undefined : traceparentOf(place)
}

export const traceparentOf = ({ traceId, spanId, traceFlags }: TracePlace): string =>
  `00-${traceId}-${spanId}-0${traceFlags & 1}`

export const isSampled = ({ traceFlags }: TracePlace): boolean => (traceFlags & 1) === 1
