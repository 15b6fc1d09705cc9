/** Decisions on traces, before any span is built. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { openTracing, type Tracing } from '../../../../../infra/telemetry/otel/tracing.ts'
import type { TracePlace } from '../../../../../infra/telemetry/telemetry.ts'

const opened = (sampling: Parameters<typeof openTracing>[0]['sampling']) => {
  const exporter = new InMemorySpanExporter()
  const { begin } = openTracing({ sampling, processors: [new SimpleSpanProcessor({ exporter })] })
  return { begin, ended: () => exporter.getFinishedSpans() }
}
const clientOf = (traceFlags: 0 | 1, traceId = 'a'.repeat(32)): TracePlace => ({
  traceId,
  spanId: 'b'.repeat(16),
  traceFlags,
  isRemote: true,
})
const traced = (begin: Tracing['begin'], from?: TracePlace): boolean => {
  const begun = begin(from)
  if (begun.kind === 'sampled') begun.start('it', {}).end()
  return begun.kind === 'sampled'
}

describe('the decision on a trace', () => {
  it('is for as many of those that start here as the ratio says, and for no span more', () => {
    const { begin, ended } = opened({ parentBased: 'parentBased', ratio: 0.25 })
    let sampled = 0
    for (let time = 0; time < 4_000; time += 1) if (traced(begin)) sampled += 1
    // Of 4,000 at one in four: further off than seven times the deviation, 27, it is never by chance.
    assert.ok(Math.abs(sampled - 1_000) < 200, `${sampled} of 4,000`)
    assert.equal(ended().length, sampled)
    assert.equal(new Set(ended().map((span) => span.spanContext().traceId)).size, sampled)
  })

  it('is that of the client, whatever the ratio, where it goes by the parent', () => {
    const none = opened({ parentBased: 'parentBased', ratio: 0 })
    assert.deepEqual(
      [traced(none.begin, clientOf(1)), traced(none.begin, clientOf(0))],
      [true, false],
    )
    const [span] = none.ended()
    assert.equal(span?.spanContext().traceId, clientOf(1).traceId)
    assert.equal(span?.parentSpanContext?.spanId, clientOf(1).spanId)
    const all = opened({ parentBased: 'parentBased', ratio: 1 })
    assert.equal(traced(all.begin, clientOf(0)), false)
  })

  it('is that of the ratio alone, whatever the client says, where it does not', () => {
    const none = opened({ parentBased: 'alone', ratio: 0 })
    const all = opened({ parentBased: 'alone', ratio: 1 })
    assert.deepEqual(
      [traced(none.begin, clientOf(1)), traced(all.begin, clientOf(0))],
      [false, true],
    )
  })

  it('is against all where there is nobody to tell', () => {
    const { begin } = opened('off')
    assert.deepEqual([traced(begin), traced(begin, clientOf(1))], [false, false])
  })

  it('against a trace is a place that whoever goes on from there finds valid, and unsampled', () => {
    const { begin } = opened({ parentBased: 'alone', ratio: 0 })
    const [fresh, other, followed] = [begin(undefined), begin(undefined), begin(clientOf(1))]
    assert.ok(fresh.kind === 'unsampled' && other.kind === 'unsampled')
    assert.ok(followed.kind === 'unsampled')
    assert.match(`${fresh.place.traceId}-${fresh.place.spanId}`, /^[\da-f]{32}-[\da-f]{16}$/)
    assert.notEqual(fresh.place.traceId, other.place.traceId)
    assert.equal(fresh.place.traceFlags, 0)
    assert.deepEqual([followed.place.traceId, followed.place.traceFlags], [clientOf(1).traceId, 0])
  })
})
