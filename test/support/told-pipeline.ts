/** A pipeline whose telemetry a test receives. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { startHoldfast, until, workspace } from './holdfast-process.ts'
import { type OtlpReceiver, openOtlpReceiver, type SeenSpan } from './otlp-receiver.ts'
import { openTestSink } from './route.ts'

export const exportedTo = (url: string, more: NodeJS.ProcessEnv = {}) => ({
  nodeOptions: [],
  environment: {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_BLRP_SCHEDULE_DELAY: '50',
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    ...more,
  },
})

export const opened = async (t: TestContext, more: NodeJS.ProcessEnv = {}, config: object = {}) => {
  const [receiver, sink, folder] = [
    await openOtlpReceiver(),
    await openTestSink(t),
    await workspace(),
  ]
  const holdfast = await startHoldfast(
    folder.path,
    {
      endpoint: { url: sink.url },
      dispatch: { backoff: { initial: '20ms', max: '50ms' } },
      ...config,
    },
    exportedTo(receiver.url, more),
  )
  t.after(async () => {
    await holdfast.kill('SIGKILL')
    await folder[Symbol.asyncDispose]()
    await receiver.close()
  })
  return { receiver, sink, holdfast, folder }
}

const record = (service: string): string =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeLogs: [{ logRecords: [{ body: { stringValue: 'placed' } }] }],
      },
    ],
  })
export const sent = async (
  { otlp }: { readonly otlp: string },
  { service = 'shop', traceparent }: { readonly service?: string; readonly traceparent?: string },
): Promise<void> => {
  const headers = {
    'content-type': 'application/json',
    ...(traceparent === undefined ? {} : { traceparent, tracestate: 'vendor=1' }),
  }
  const answer = await fetch(`${otlp}/v1/logs`, { method: 'POST', headers, body: record(service) })
  assert.equal(answer.status, 200)
}
/** Not a trace of anybody's: 32 hexadecimal digits that end in a number. */
export const traceOf = (number: number): string => `4bf92f3577b34da6a3ce929d0e0e${number + 1000}`
export const clientOf = (number: number): string => `00f067aa0ba9${number + 1000}`
export const traceparentOf = (number: number): string =>
  `00-${traceOf(number)}-${clientOf(number)}-01`

export const spansNamed = async (
  receiver: OtlpReceiver,
  name: string,
  count: number,
): Promise<readonly SeenSpan[]> => {
  const found = () => receiver.spans().filter((span) => span.name === name)
  return until(found, (spans) => spans.length >= count)
}
const kinds = { server: 'http.route', client: 'holdfast.send.id' } as const
export const postsOf = async (
  receiver: OtlpReceiver,
  kind: keyof typeof kinds,
  count: number,
): Promise<readonly SeenSpan[]> => {
  const found = () => receiver.spans().filter(({ attributes }) => kinds[kind] in attributes)
  return until(found, (spans) => spans.length >= count)
}
