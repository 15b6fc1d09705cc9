import { type Attributes, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { RequestHead, RequestTrace } from '../telemetry.ts'
import type { Durations } from './durations.ts'
import { placeIn } from './trace-headers.ts'
import type { Begin } from './tracing.ts'

/**
 * A span for each request of a client whose trace is sampled; it goes on from the client's own where there
 * is one. How long a request took is measured of all.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 */
export const openRequestSpans =
  ({ begin, durations }: { readonly begin: Begin; readonly durations: Durations }) =>
  ({ method, route, headers }: RequestHead): RequestTrace => {
    const startedMs = performance.now()
    const isExport = method === 'POST' && route === '/v1/logs'
    const measured = (status: number | undefined): void =>
      durations.observe((performance.now() - startedMs) / 1_000, {
        // Most are exports of logs, and a number is looked up at once.
        key: isExport && status !== undefined ? status : `${status} ${method} ${route}`,
        attributes: () => ({
          'http.request.method': method,
          'http.route': route,
          'url.scheme': 'http',
          ...endAttributes(status),
        }),
      })
    const begun = begin(placeIn(headers))
    if (begun.kind === 'unsampled') return { place: begun.place, ended: measured }
    const span = begun.start(`${method} ${route}`, {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': method,
        'http.route': route,
        'url.path': route,
        'url.scheme': 'http',
      },
    })
    return {
      place: span.spanContext(),
      ended: (status) => {
        measured(status)
        endSpan(span, status)
      },
    }
  }

const endSpan = (span: Span, status: number | undefined): void => {
  span.setAttributes(endAttributes(status))
  if (errorOf(status) !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

const endAttributes = (status: number | undefined): Attributes => {
  const error = errorOf(status)
  return {
    ...(status === undefined ? {} : { 'http.response.status_code': status }),
    ...(error === undefined ? {} : { 'error.type': error }),
  }
}

/** As the conventions have it, a client's fault is none of the server's. */
const errorOf = (status: number | undefined): string | undefined => {
  if (status === undefined) return 'client_gone'
  return status >= 500 ? String(status) : undefined
}
