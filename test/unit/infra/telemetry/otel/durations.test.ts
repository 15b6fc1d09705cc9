import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openAttemptSpans } from '../../../../../infra/telemetry/otel/attempt-spans.ts'
import { openDurations, seriesMax } from '../../../../../infra/telemetry/otel/durations.ts'
import { openTracing } from '../../../../../infra/telemetry/otel/tracing.ts'
import { epoch, instant } from '../../../../../schemas/brand.ts'

const named = { name: 'it.duration', description: 'How long it took.' }

describe('durations', () => {
  it('are told apart by their key, and the attributes are made once for each', () => {
    const durations = openDurations(named)
    let made = 0
    for (const [key, seconds] of [
      ['200', 0.001],
      ['200', 0.3],
      ['503', 20],
    ] as const)
      durations.observe(seconds, {
        key,
        attributes: () => {
          made += 1
          return { status: key }
        },
      })
    const [good, bad, ...more] = durations.read()
    assert.deepEqual([good?.attributes, bad?.attributes], [{ status: '200' }, { status: '503' }])
    assert.deepEqual([good?.histogram.count, good?.histogram.sum, more], [2, 0.301, []])
    // Above all bounds.
    assert.equal(bad?.histogram.counts.at(-1), 1)
    assert.equal(made, 2)
  })

  it('of more series than are kept are told together', () => {
    const durations = openDurations(named)
    for (let number = 0; number < seriesMax + 7; number += 1)
      durations.observe(1, { key: `${number}`, attributes: () => ({ number }) })
    const series = durations.read()
    assert.equal(series.length, seriesMax + 1)
    assert.deepEqual(series.at(-1)?.attributes, { 'otel.metric.overflow': true })
    assert.equal(series.at(-1)?.histogram.count, 7)
  })

  it('of attempts have no attributes twice, however endpoints and answers are told apart', () => {
    const durations = openDurations(named)
    const { begin } = openTracing({ sampling: 'off', processors: [] })
    const nothing = () => undefined
    const batches = {
      open: nothing,
      of: nothing,
      end: nothing,
      evict: nothing,
      release: nothing,
      close: nothing,
    }
    const attempts = openAttemptSpans({ begin, batches, durations })
    const verdicts = [
      { kind: 'accepted' },
      { kind: 'partial', rejected: 1, message: '' },
      { kind: 'tooLarge' },
      { kind: 'rejected', status: 413, message: '' },
      { kind: 'rejected', status: 503, message: '' },
      { kind: 'failed', status: 503, detail: '' },
      { kind: 'failed', status: 0, detail: '' },
      { kind: 'unreachable', detail: '' },
    ] as const
    for (const url of ['http://a.example/x', 'http://a.example/y', 'http://b.example'])
      for (const verdict of verdicts) {
        const assignment = {
          url,
          epoch: epoch(1),
          by: 'operator',
          reason: '',
          atMs: instant(0),
        } as const
        const attempt = { sendId: 's', attempt: 1, assignment, piece: { held: [], cut: null } }
        attempts.start(attempt).ended({ verdict, by: 'answer' })
      }
    const series = durations.read()
    const seen = new Set(series.map(({ attributes }) => JSON.stringify(attributes)))
    assert.equal(seen.size, series.length)
    // Taken, 413, 503, failed and unreachable, of two servers.
    assert.equal(series.length, 10)
    const count = series.reduce((sum, { histogram }) => sum + histogram.count, 0)
    assert.equal(count, 3 * verdicts.length)
  })
})
