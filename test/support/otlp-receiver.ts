/** A receiver of telemetry, which keeps what it is sent as OTLP/JSON. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

type Value = {
  readonly stringValue?: string
  readonly intValue?: number | string
  readonly doubleValue?: number
  readonly boolValue?: boolean
}
type Attributes = readonly { readonly key: string; readonly value: Value }[]
type Plain = Readonly<Record<string, string | number | boolean | undefined>>

export type SeenSpan = {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly events: readonly { readonly name: string; readonly attributes: Plain }[]
  readonly attributes: Plain
  readonly startMs: number
  readonly endMs: number
}
export type SeenEvent = {
  readonly name: string
  readonly severity: string
  readonly attributes: Plain
}
export type SeenPoint = {
  readonly name: string
  readonly attributes: Plain
  readonly value: number
}

export type OtlpReceiver = {
  readonly url: string
  /** Paths and content types of the requests so far. */
  readonly requests: () => readonly { readonly path: string; readonly type: string }[]
  readonly resources: () => readonly Plain[]
  readonly spans: () => readonly SeenSpan[]
  readonly events: () => readonly SeenEvent[]
  /** Of the newest export, a count for a histogram. */
  readonly points: () => readonly SeenPoint[]
  readonly close: () => Promise<void>
}

export const openOtlpReceiver = async (): Promise<OtlpReceiver> => {
  const requests: { path: string; type: string }[] = []
  const bodies: Body[] = []
  const server = createServer((request, response) => {
    const type = request.headers['content-type'] ?? ''
    requests.push({ path: request.url ?? '', type })
    read(request).then(
      (text) => {
        if (type === 'application/json') bodies.push(JSON.parse(text))
        response.setHeader('content-type', type).end(type === 'application/json' ? '{}' : '')
      },
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    resources: () => bodies.flatMap(resourcesIn).map(({ attributes }) => plain(attributes)),
    spans: () => bodies.flatMap(spansIn),
    events: () => bodies.flatMap(eventsIn),
    points: () => pointsIn(bodies.findLast((body) => body.resourceMetrics !== undefined) ?? {}),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

type Resource = { readonly attributes: Attributes }
type Scoped<Key extends string, Item> = {
  readonly resource: Resource
} & {
  readonly [Scopes in `scope${Capitalize<Key>}`]: readonly {
    readonly [K in Key]: readonly Item[]
  }[]
}
type Span = {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: Attributes
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly events?: readonly { readonly name: string; readonly attributes: Attributes }[]
}
type Point = {
  readonly attributes: Attributes
  readonly asInt?: number | string
  readonly asDouble?: number
  readonly count?: number | string
}
type Metric = { readonly name: string } & Partial<
  Record<'sum' | 'gauge' | 'histogram', { readonly dataPoints: readonly Point[] }>
>
type Body = {
  readonly resourceSpans?: readonly Scoped<'spans', Span>[]
  readonly resourceMetrics?: readonly Scoped<'metrics', Metric>[]
  readonly resourceLogs?: readonly {
    readonly resource: Resource
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly eventName: string
        readonly severityText: string
        readonly attributes: Attributes
      }[]
    }[]
  }[]
}

const resourcesIn = (body: Body): readonly Resource[] =>
  [
    ...(body.resourceSpans ?? []),
    ...(body.resourceMetrics ?? []),
    ...(body.resourceLogs ?? []),
  ].map(({ resource }) => resource)

const spansIn = ({ resourceSpans = [] }: Body): readonly SeenSpan[] =>
  resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map((span) => ({
      ...span,
      parentSpanId: span.parentSpanId ?? '',
      attributes: plain(span.attributes),
      links: span.links ?? [],
      events: (span.events ?? []).map(({ name, attributes }) => ({
        name,
        attributes: plain(attributes),
      })),
      startMs: Number(span.startTimeUnixNano) / 1e6,
      endMs: Number(span.endTimeUnixNano) / 1e6,
    }))

const eventsIn = ({ resourceLogs = [] }: Body): readonly SeenEvent[] =>
  resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    .map(({ eventName, severityText, attributes }) => ({
      name: eventName,
      severity: severityText,
      attributes: plain(attributes),
    }))

const pointsIn = ({ resourceMetrics = [] }: Body): readonly SeenPoint[] =>
  resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .flatMap(
      (metric) =>
        (metric.sum ?? metric.gauge ?? metric.histogram)?.dataPoints.map((point) => ({
          name: metric.name,
          attributes: plain(point.attributes),
          value: Number(point.asDouble ?? point.asInt ?? point.count),
        })) ?? [],
    )

const plain = (attributes: Attributes): Plain =>
  Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? doubleValue ?? boolValue ?? Number(intValue),
    ]),
  )
