/** The traces of a pipeline, as a receiver of them sees them. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { settledAccountOf } from '../support/account.ts'
import { startHoldfast, until } from '../support/holdfast-process.ts'
import type { SeenSpan } from '../support/otlp-receiver.ts'
import { openTestSink } from '../support/route.ts'
import {
  clientOf,
  exportedTo,
  opened,
  postsOf,
  sent,
  spansNamed,
  traceOf,
  traceparentOf,
} from '../support/told-pipeline.ts'

const namesOf = (events: SeenSpan['events']): readonly string[] => events.map(({ name }) => name)

suite('the traces of a pipeline', { concurrency: 3 }, () => {
  test("a client's trace goes on through its batch and to the endpoint, and says how it ended", async (t) => {
    const { receiver, sink, holdfast } = await opened(t, {
      OTEL_SERVICE_NAME: 'pipeline-of-test',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    })
    await sent(holdfast, { traceparent: traceparentOf(1) })
    const [batch] = await spansNamed(receiver, 'holdfast.batch', 1)
    const [request] = await postsOf(receiver, 'server', 1)
    const [attempt] = await postsOf(receiver, 'client', 1)
    assert.ok(batch !== undefined && request !== undefined && attempt !== undefined)
    for (const span of [batch, request, attempt]) assert.equal(span.traceId, traceOf(1))
    assert.deepEqual(
      [request.parentSpanId, batch.parentSpanId, attempt.parentSpanId],
      [clientOf(1), request.spanId, batch.spanId],
    )
    const [arrived] = sink.requests
    assert.equal(arrived?.headers['traceparent'], `00-${traceOf(1)}-${attempt.spanId}-01`)
    assert.equal(arrived?.headers['tracestate'], 'vendor=1')
    assert.equal(batch.attributes['holdfast.batch.id'], arrived?.ids[0])
    assert.equal(batch.attributes['holdfast.batch.outcome'], 'delivered')
    assert.equal(request.attributes['http.response.status_code'], 200)
    assert.equal(attempt.attributes['holdfast.endpoint.epoch'], 1)
    assert.equal(attempt.attributes['holdfast.attempt.outcome'], 'accepted')
    assert.ok(batch.startMs <= attempt.startMs && attempt.endMs <= batch.endMs + 1)
    for (const resource of receiver.resources()) {
      assert.equal(resource['service.name'], 'pipeline-of-test')
      assert.equal(resource['deployment.environment.name'], 'test')
    }
  })

  test('a batch of several clients goes on in the trace of one, and is linked to the others', async (t) => {
    const { receiver, holdfast } = await opened(t, {}, { batch: { linger: '500ms' } })
    await Promise.all([1, 2, 3].map((it) => sent(holdfast, { traceparent: traceparentOf(it) })))
    const requests = await postsOf(receiver, 'server', 3)
    const [batch, ...more] = await spansNamed(receiver, 'holdfast.batch', 1)
    assert.deepEqual(more, [])
    assert.ok(batch !== undefined)
    assert.equal(batch.attributes['messaging.batch.message_count'], 3)
    const seen = [batch.parentSpanId, ...batch.links.map(({ spanId }) => spanId)]
    assert.deepEqual(seen.sort(), requests.map(({ spanId }) => spanId).sort())
  })

  test('several batches in one request: the attempt is of one trace, linked to the others, told to all', async (t) => {
    const { receiver, sink, holdfast } = await opened(t, {}, { batch: { linger: '500ms' } })
    await Promise.all(
      [1, 2, 3].map((it) =>
        sent(holdfast, { service: `shop-${it}`, traceparent: traceparentOf(it) }),
      ),
    )
    const batches = await spansNamed(receiver, 'holdfast.batch', 3)
    const [attempt] = await postsOf(receiver, 'client', 1)
    assert.ok(attempt !== undefined)
    assert.equal(sink.requests.length, 1)
    assert.deepEqual(batches.map(({ traceId }) => traceId).sort(), [1, 2, 3].map(traceOf))
    const seen = [attempt.parentSpanId, ...attempt.links.map(({ spanId }) => spanId)]
    assert.deepEqual(seen.sort(), batches.map(({ spanId }) => spanId).sort())
    for (const { events } of batches) assert.deepEqual(namesOf(events), ['holdfast.attempt'])
  })

  test('a redirect while a send is in flight is seen in the trace: superseded, answered, sent again', async (t) => {
    const { receiver, sink, holdfast } = await opened(t)
    const answered = Promise.withResolvers<void>()
    t.after(() => answered.resolve())
    let isOut = false
    sink.behave(() => {
      isOut = true
      return { kind: 'status', after: answered.promise, status: 503 }
    })
    const other = await openTestSink(t)
    await sent(holdfast, { traceparent: traceparentOf(1) })
    await until(
      () => isOut,
      (out) => out,
    )
    assert.equal((await holdfast.redirect(other.url)).status, 202)
    await until(
      () => receiver.events(),
      (events) => events.some(({ attributes }) => attributes['holdfast.endpoint.epoch'] === 2),
    )
    answered.resolve()
    const [batch] = await spansNamed(receiver, 'holdfast.batch', 1)
    const [first, second] = (await postsOf(receiver, 'client', 2)).toSorted(
      (one, two) => one.startMs - two.startMs,
    )
    assert.ok(first !== undefined && second !== undefined && batch !== undefined)
    const story = (span: SeenSpan) =>
      span.events.map(({ name, attributes }) => [name, attributes['holdfast.endpoint.epoch']])
    assert.deepEqual(story(first), [['holdfast.endpoint.assigned', 2]])
    assert.equal(first.attributes['holdfast.attempt.superseded'], true)
    assert.equal(first.attributes['http.response.status_code'], 503)
    assert.equal(second.attributes['holdfast.endpoint.epoch'], 2)
    assert.equal(second.attributes['holdfast.attempt.superseded'], undefined)
    assert.deepEqual(story(batch), [
      ['holdfast.endpoint.assigned', 2],
      ['holdfast.attempt', 1],
      ['holdfast.attempt', 2],
    ])
    assert.equal(batch.attributes['holdfast.batch.outcome'], 'delivered')
    assert.equal(other.requests[0]?.headers['traceparent'], `00-${traceOf(1)}-${second.spanId}-01`)
    const assigned = receiver
      .events()
      .filter(({ name }) => name === 'holdfast.endpoint.assigned')
      .map(({ attributes }) => attributes['holdfast.endpoint.by'])
    assert.deepEqual(assigned, ['configuration', 'operator'])
  })

  test('what is held at a stop ends as held; after the restart it goes on in a trace of its own', async (t) => {
    const { receiver, sink, holdfast, folder } = await opened(t)
    sink.behave(() => ({ kind: 'status', status: 503 }))
    await sent(holdfast, { traceparent: traceparentOf(1) })
    assert.equal(await holdfast.kill('SIGTERM'), 0)
    const [held] = await spansNamed(receiver, 'holdfast.batch', 1)
    assert.equal(held?.attributes['holdfast.batch.outcome'], 'held')
    sink.behave(() => ({ kind: 'accept' }))
    await using again = await startHoldfast(
      folder.path,
      { endpoint: { url: sink.url } },
      exportedTo(receiver.url),
    )
    await settledAccountOf(again)
    const [, resumed] = await spansNamed(receiver, 'holdfast.batch', 2)
    assert.equal(resumed?.attributes['holdfast.batch.id'], held?.attributes['holdfast.batch.id'])
    assert.equal(resumed?.attributes['holdfast.batch.resumed'], true)
    assert.equal(resumed?.attributes['holdfast.batch.outcome'], 'delivered')
    assert.notEqual(resumed?.traceId, held?.traceId)
    assert.equal(Math.round(resumed?.startMs ?? 0), Math.round(held?.startMs ?? 1))
  })

  test('what a client decided against is not traced, and the endpoint is told so', async (t) => {
    const { receiver, sink, holdfast } = await opened(t)
    await sent(holdfast, { traceparent: traceparentOf(1).replace(/01$/, '00') })
    await settledAccountOf(holdfast)
    assert.equal(await holdfast.kill('SIGTERM'), 0)
    assert.deepEqual(receiver.spans(), [])
    assert.match(
      String(sink.requests[0]?.headers['traceparent']),
      /^00-[\da-f]{32}-[\da-f]{16}-00$/,
    )
  })
})
