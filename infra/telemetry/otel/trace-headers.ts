/** W3C trace context in headers, read and written. @see https://www.w3.org/TR/trace-context/ */
import { createTraceState, isSpanContextValid } from '@opentelemetry/api'
import {
  type RequestHead,
  type TraceHeaders,
  type TracePlace,
  traceparentOf,
} from '../telemetry.ts'
import { drawTraceparent } from '../trace-ids.ts'

/** Of what comes after the fields of version 00, only a later version may have more. */
const pattern = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/

/** Where the sender was; undefined where it does not say so, or says it wrongly. */
export const placeIn = (headers: RequestHead['headers']): TracePlace | undefined => {
  const { traceparent, tracestate } = headers
  if (typeof traceparent !== 'string') return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] =
    pattern.exec(traceparent.trim()) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined))
    return undefined
  const state = typeof tracestate === 'string' ? tracestate : tracestate?.join(',')
  const place: TracePlace = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  }
  return isSpanContextValid(place) ? place : undefined
}

export const headersOf = (place: TracePlace): TraceHeaders => {
  const state = place.traceState?.serialize() ?? ''
  return {
    traceparent: traceparentOf(place),
    ...(state === '' ? {} : { tracestate: state }),
  }
}

/** Of a trace that nobody records, so that the receiver need not either. */
export const unrecordedHeaders = (): TraceHeaders => ({
  traceparent: drawTraceparent('unsampled'),
})
