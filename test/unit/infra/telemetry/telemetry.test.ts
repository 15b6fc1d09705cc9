import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { histogram } from '../../../../infra/telemetry/histogram.ts'
import { type Level, openLog } from '../../../../infra/telemetry/log.ts'
import { openMeters } from '../../../../infra/telemetry/meters.ts'
import { prometheusText } from '../../../../infra/telemetry/prometheus.ts'
import { type Metric, metrics } from '../../../../schemas/metrics.ts'

const written = (level: Level) => {
  const lines: string[] = []
  const log = openLog({ write: (line) => lines.push(line), level, now: () => 0 })
  return { log, lines: () => lines.map((line) => JSON.parse(line)) }
}

describe('a log line', () => {
  it('is one line of JSON with its time, level, event, message and fields', () => {
    const { log, lines } = written('info')
    log.child({ actor: 'cache' }).warn('disk.full', 'No room.\nNone.', { bytes: 5n, level: 'x' })
    assert.deepEqual(lines(), [
      {
        time: '1970-01-01T00:00:00.000Z',
        level: 'warn',
        event: 'disk.full',
        message: 'No room.\nNone.',
        actor: 'cache',
        bytes: '5',
      },
    ])
  })

  it('is left out below the level', () => {
    const { log, lines } = written('warn')
    log.debug('a.b', '')
    log.info('a.b', '')
    log.error('a.b', '')
    assert.deepEqual(
      lines().map(({ level }) => level),
      ['error'],
    )
  })

  it('never has a secret, however deep it is', () => {
    const { log, lines } = written('info')
    log.info('a.b', '', { headers: { Authorization: 'hunter2' }, list: [{ apiKey: 'hunter2' }] })
    assert.doesNotMatch(JSON.stringify(lines()), /hunter2/)
  })

  it('can be of anything: errors with their causes, circles, buffers, and what is too long', () => {
    const { log, lines } = written('info')
    const circle: { self?: unknown } = {}
    circle.self = circle
    const error = new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'EIO' }) })
    log.info('a.b', '', {
      error,
      circle,
      bytes: Buffer.alloc(3),
      long: 'x'.repeat(10_000),
      wide: Array.from({ length: 1_000 }, () => 1),
      nothing: undefined,
      odd: () => 1,
      invalid: new Date(Number.NaN),
      map: new Map([[1, 2]]),
    })
    const [line] = lines()
    assert.equal(line.error.cause.code, 'EIO')
    assert.match(line.error.stack, /telemetry\.test/)
    assert.equal(line.bytes, '3 bytes')
    assert.equal(line.long.length, 8 * 1024 + 1)
    assert.equal(line.wide.length, 100)
    assert.deepEqual(line.map, [[1, 2]])
  })
})

describe('a histogram', () => {
  it('counts a value in the first bucket that holds it, and shows a negative one as none', () => {
    const measured = histogram([1, 2])
    for (const value of [-5, 0.5, 1, 1.5, 99]) measured.observe(value)
    assert.deepEqual(measured.read(), {
      bounds: [1, 2],
      counts: [3, 1, 1],
      sum: 102,
      count: 5,
    })
  })
})

describe('the table of metrics', () => {
  it('follows the naming rules of Prometheus, each name once', () => {
    const table: readonly Metric[] = Object.values(metrics)
    assert.equal(new Set(table.map(({ name }) => name)).size, table.length)
    for (const { name, kind, unit, buckets } of table) {
      assert.match(name, /^(holdfast|process)_[a-z_]+$/)
      assert.equal(name.endsWith('_total'), kind === 'counter', name)
      assert.equal(buckets !== undefined, kind === 'histogram', name)
      if (kind === 'histogram') assert.ok(name.endsWith(`_${unit}`), name)
    }
  })
})

describe('the meters', () => {
  it('show every counter from the start, and each value of a closed set', () => {
    const { counters } = openMeters().read()
    assert.deepEqual(counters.stalls, [{ labels: {}, value: 0 }])
    assert.ok(counters.refusals.some(({ labels: { reason } }) => reason === 'disk_full'))
    assert.ok(counters.attempts.every(({ value }) => value === 0))
    assert.deepEqual(counters.answers, [])
  })

  it('count by label, and put what is beyond their bound under _other', () => {
    const meters = openMeters()
    meters.count('attempts', { outcome: 'accepted' })
    meters.count('attempts', { outcome: 'accepted' }, 2)
    for (let status = 0; status < 300; status += 1)
      meters.count('answers', { source: 'otlp_http', status: String(status) })
    meters.count('answers', { source: 'otlp_http', status: '0' })
    const { attempts, answers } = meters.read().counters
    assert.equal(attempts.find(({ labels: { outcome } }) => outcome === 'accepted')?.value, 3)
    assert.equal(answers.length, 201)
    assert.equal(answers[0]?.value, 2)
    assert.equal(answers.find(({ labels: { source } }) => source === '_other')?.value, 100)
  })
})

describe('the Prometheus text', () => {
  it('has HELP and TYPE, escapes labels, and cumulates buckets', () => {
    const counter: Metric = { ...metrics.attempts, description: 'a\\b\nc' }
    const text = prometheusText([
      { metric: counter, samples: [{ labels: { outcome: 'a"b\\c\nd' }, value: 3 }] },
      {
        metric: metrics.attemptDuration,
        histogram: { bounds: [0.5, 1], counts: [1, 2, 3], sum: 9.5, count: 6 },
      },
    ])
    assert.equal(
      text,
      `# HELP holdfast_attempts_total a\\\\b\\nc
# TYPE holdfast_attempts_total counter
holdfast_attempts_total{outcome="a\\"b\\\\c\\nd"} 3
# HELP holdfast_attempt_duration_seconds From the start of a request to an endpoint to its end, good or bad.
# TYPE holdfast_attempt_duration_seconds histogram
holdfast_attempt_duration_seconds_bucket{le="0.5"} 1
holdfast_attempt_duration_seconds_bucket{le="1"} 3
holdfast_attempt_duration_seconds_bucket{le="+Inf"} 6
holdfast_attempt_duration_seconds_sum 9.5
holdfast_attempt_duration_seconds_count 6
`,
    )
  })
})
