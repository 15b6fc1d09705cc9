import {
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { RequestHead, RequestTrace } from '../telemetry.ts'
import { placeIn } from './trace-headers.ts'

/**
 * A span for each request of a client, which goes on from the client's own where it names one.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 */
export const openRequestSpans =
  ({
    tracer,
    measure,
  }: {
    readonly tracer: Tracer
    /** Called for each request that was answered, traced or not. */
    readonly measure: (seconds: number, labels: Readonly<Record<string, string | number>>) => void
  }) =>
  ({ method, route, headers }: RequestHead): RequestTrace => {
    const startedMs = performance.now()
    const from = placeIn(headers)
    const span = tracer.startSpan(
      `${method} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': method,
          'http.route': route,
          'url.path': route,
          'url.scheme': 'http',
        },
      },
      from === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, from),
    )
    return {
      place: span.spanContext(),
      ended: (status) => {
        const labels = {
          'http.request.method': method,
          'http.route': route,
          'url.scheme': 'http',
          ...(status === undefined ? {} : { 'http.response.status_code': status }),
        }
        const error = errorOf(status)
        measure(
          (performance.now() - startedMs) / 1_000,
          error === undefined ? labels : { ...labels, 'error.type': error },
        )
        if (span.isRecording()) endSpan(span, status, error)
      },
    }
  }

/** As the conventions have it, a client's fault is none of the server's. */
const errorOf = (status: number | undefined): string | undefined => {
  if (status === undefined) return 'client_gone'
  return status >= 500 ? String(status) : undefined
}

const endSpan = (span: Span, status: number | undefined, error: string | undefined): void => {
  if (status !== undefined) span.setAttribute('http.response.status_code', status)
  if (error !== undefined) {
    span.setAttribute('error.type', error)
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}
