import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import {
  type BatchSpans,
  openBatchSpans,
  openMax,
} from '../../../../../infra/telemetry/otel/batch-spans.ts'
import { openTracing } from '../../../../../infra/telemetry/otel/tracing.ts'
import { batchId, instant, seq } from '../../../../../schemas/brand.ts'
import type { Held } from '../../../../../schemas/messages.ts'

const heldOf = (number: number, more: { producer?: string; segment?: number } = {}): Held => {
  const { producer = 'me', segment = 1 } = more
  const range = { producer, tenant: 't', service: 's', firstSeq: seq(number), lastSeq: seq(number) }
  return {
    batch: {
      ...range,
      id: batchId(range),
      bytes: 1,
      priority: 'normal',
      fromMs: instant(0),
      toMs: instant(0),
      acceptedAtMs: instant(1_000),
    },
    at: { segment, offset: number },
  }
}

const opened = (): {
  readonly spans: BatchSpans
  readonly ended: () => readonly unknown[]
  readonly timesFull: () => number
} => {
  const exporter = new InMemorySpanExporter()
  const { begin } = openTracing({
    sampling: { parentBased: 'parentBased', ratio: 1 },
    processors: [new SimpleSpanProcessor({ exporter })],
  })
  let full = 0
  const spans = openBatchSpans({
    begin,
    full: () => {
      full += 1
    },
  })
  return {
    spans,
    ended: () =>
      exporter
        .getFinishedSpans()
        .map(({ attributes }) => [
          attributes['holdfast.seq.first'],
          attributes['holdfast.batch.outcome'],
        ]),
    timesFull: () => full,
  }
}

test('through a long outage no more batches are traced than may be, and that is said once', () => {
  const { spans, ended, timesFull } = opened()
  for (let number = 0; number < openMax + 10; number += 1) spans.open(heldOf(number), [])
  assert.equal(timesFull(), 1)
  assert.ok(spans.of(heldOf(openMax - 1)) !== undefined)
  assert.equal(spans.of(heldOf(openMax)), undefined)
  spans.end({ held: heldOf(0), delivered: 1, drops: [] })
  spans.open(heldOf(openMax + 10), [])
  assert.ok(spans.of(heldOf(openMax + 10)) !== undefined)
  assert.deepEqual(ended(), [[0, 'delivered']])
})

test('what is evicted ends as dropped, and nothing that lies elsewhere does', () => {
  const { spans, ended } = opened()
  spans.open(heldOf(1, { segment: 1 }), [])
  spans.open(heldOf(2, { segment: 2 }), [])
  spans.evict(1)
  spans.end({ held: heldOf(1, { segment: 1 }), delivered: 1, drops: [] })
  assert.deepEqual(ended(), [[1, 'dropped']])
  spans.close()
  assert.deepEqual(ended(), [
    [1, 'dropped'],
    [2, 'held'],
  ])
})

test('former batches that were decided against take no place for ever', () => {
  let isFull = false
  const spans = openBatchSpans({
    begin: openTracing({ sampling: 'off', processors: [] }).begin,
    full: () => {
      isFull = true
    },
  })
  for (let number = 0; number < 3 * openMax; number += 1) {
    assert.equal(spans.of(heldOf(number, { producer: 'before', segment: number })), undefined)
    if (number % 2 === 0) spans.evict(number)
    else spans.end({ held: heldOf(number, { producer: 'before' }), delivered: 1, drops: [] })
  }
  assert.equal(isFull, false)
})

test('a batch of a former life is decided on once; one of this life that was not traced, never again', () => {
  const { spans } = opened()
  const stranger = heldOf(7, { producer: 'before' })
  const span = spans.of(stranger)
  assert.ok(span !== undefined)
  assert.equal(spans.of(stranger), span)
  const unsampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 0 }
  spans.open(heldOf(8), [unsampled])
  assert.equal(spans.of(heldOf(8)), undefined)
})
