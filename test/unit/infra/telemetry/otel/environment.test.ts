import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Environment,
  samplingDefault,
  telemetrySettings,
} from '../../../../../infra/telemetry/otel/environment.ts'

const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }
const settingsOf = (environment: Environment) => {
  const settings = telemetrySettings(environment)
  assert.ok(settings !== undefined)
  return settings
}
const targetsOf = (environment: Environment): readonly string[] =>
  Object.entries(settingsOf(environment).targets).map(
    ([signal, { url, protocol }]) => `${signal} ${url.href} ${protocol}`,
  )

test('nothing is exported unless an endpoint is named, or while the SDK is disabled', () => {
  for (const environment of [
    {},
    { OTEL_SERVICE_NAME: 'mine', OTEL_TRACES_SAMPLER: 'always_on' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: '  ' },
    { ...base, OTEL_SDK_DISABLED: 'true' },
    { ...base, OTEL_SDK_DISABLED: 'TRUE' },
    {
      ...base,
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  ])
    assert.equal(telemetrySettings(environment), undefined, JSON.stringify(environment))
})

test('the path of a signal is appended to the common endpoint, and not to its own', () => {
  assert.deepEqual(targetsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/otel/' }), [
    'traces http://c:4318/otel/v1/traces http/protobuf',
    'metrics http://c:4318/otel/v1/metrics http/protobuf',
    'logs http://c:4318/otel/v1/logs http/protobuf',
  ])
  assert.deepEqual(targetsOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t/in' }), [
    'traces https://t/in http/protobuf',
  ])
  assert.deepEqual(
    targetsOf({
      ...base,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    }),
    ['traces http://collector:4318/v1/traces http/json'],
  )
})

test('what is not understood is said, and keeps nothing else from being exported', () => {
  for (const [environment, note] of [
    [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' }, /"grpc"; allowed: http\/protobuf, http\/json/],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, /OTEL_TRACES_EXPORTER is "zipkin"; allowed: otlp, none/],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'collector:4318' }, /for traces is no http\(s\) URL/],
  ] as const) {
    const { targets, notes } = settingsOf({ ...base, ...environment })
    assert.deepEqual(Object.keys(targets), ['metrics', 'logs'])
    assert.match(notes.join(), note)
  }
})

test('an endpoint that is no URL is never repeated: it may hold a password', () => {
  const { notes } = settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://me:secret@collector' })
  assert.equal(notes.length, 3)
  assert.doesNotMatch(notes.join(), /secret/)
})

test('the sampler is by its standard name and argument, and one in a hundred unless told', () => {
  const samplingOf = (OTEL_TRACES_SAMPLER?: string, OTEL_TRACES_SAMPLER_ARG?: string) =>
    settingsOf({ ...base, OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG })
  for (const [name, argument, parentBased, ratio, notes] of [
    [undefined, undefined, 'parentBased', 0.01, 0],
    [undefined, '0.5', 'parentBased', 0.5, 0],
    ['always_on', undefined, 'alone', 1, 0],
    ['always_off', '1', 'alone', 0, 0],
    ['traceidratio', '0.25', 'alone', 0.25, 0],
    ['traceidratio', undefined, 'alone', 1, 0],
    ['parentbased_always_on', undefined, 'parentBased', 1, 0],
    ['parentbased_always_off', undefined, 'parentBased', 0, 0],
    ['parentbased_traceidratio', '0', 'parentBased', 0, 0],
    ['parentbased_traceidratio', '1.5', 'parentBased', 1, 1],
    ['traceidratio', 'half', 'alone', 1, 1],
    ['jaeger_remote', undefined, 'parentBased', samplingDefault.ratio, 1],
    ['toString', undefined, 'parentBased', samplingDefault.ratio, 1],
  ] as const) {
    const settings = samplingOf(name, argument)
    assert.deepEqual(settings.sampling, { parentBased, ratio }, `${name} ${argument}`)
    assert.equal(settings.notes.length, notes, `${name} ${argument}`)
  }
})

test('queues and intervals are bounded by numbers that are numbers', () => {
  const { spans, events, metrics, notes } = settingsOf({
    ...base,
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_BLRP_SCHEDULE_DELAY: '-1',
    OTEL_METRIC_EXPORT_INTERVAL: '0',
  })
  assert.deepEqual(spans, { lengthMax: 100, exportMax: 100, delayMs: 5_000, timeoutMs: 30_000 })
  assert.equal(events.delayMs, 1_000)
  assert.equal(metrics.intervalMs, 60_000)
  assert.equal(notes.length, 2)
})
