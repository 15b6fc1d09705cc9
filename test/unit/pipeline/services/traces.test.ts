import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '../../../../infra/telemetry/log.ts'
import { telemetrySettings } from '../../../../infra/telemetry/otel/environment.ts'
import { openTelemetry } from '../../../../infra/telemetry/otel/open-telemetry.ts'
import type { Telemetry } from '../../../../infra/telemetry/telemetry.ts'
import { type Role, roles } from '../../../../pipeline/services/role.ts'
import { realWorld } from '../../../../pipeline/world.ts'
import { openMemoryKafka } from '../../../support/memory-kafka.ts'
import { openOtlpReceiver } from '../../../support/otlp-receiver.ts'
import { openTestSink } from '../../../support/route.ts'
import { type Started, startRoles } from '../../../support/service-process.ts'
import {
  exportedTo,
  postsOf,
  sent,
  spansNamed,
  traceOf,
  traceparentOf,
} from '../../../support/told-pipeline.ts'

test("a client's trace goes on from service to service, through the batch, to the endpoint", async (t) => {
  const receiver = await openOtlpReceiver()
  const sink = await openTestSink(t)
  const settings = telemetrySettings(exportedTo(receiver.url).environment)
  assert.ok(settings !== undefined)
  const log = openLog({ write: () => undefined, level: 'error', now: Date.now })
  const kafka = openMemoryKafka(2)
  const started: {
    readonly role: Role
    readonly service: Started
    readonly telemetry: Telemetry
  }[] = []
  for (const role of roles) {
    const telemetry = await openTelemetry(settings, { version: 'test', log })
    const config = { endpoint: { url: sink.url } }
    const service = await startRoles(kafka.client(), [role], config, realWorld, telemetry)
    started.push({ role, service, telemetry })
  }
  t.after(async () => {
    for (const { service, telemetry } of started.toReversed()) {
      await service.stop()
      await telemetry.close()
    }
    await receiver.close()
  })
  const collector = started.find(({ role }) => role === 'collector')?.service
  await sent({ otlp: collector?.sources['otlp_http'] ?? '' }, { traceparent: traceparentOf(1) })
  const [batch] = await spansNamed(receiver, 'holdfast.batch', 1)
  const [request] = await postsOf(receiver, 'server', 1)
  const [attempt] = await postsOf(receiver, 'client', 1)
  assert.ok(batch !== undefined && request !== undefined && attempt !== undefined)
  for (const span of [batch, request, attempt]) assert.equal(span.traceId, traceOf(1))
  assert.deepEqual([batch.parentSpanId, attempt.parentSpanId], [request.spanId, batch.spanId])
  const [arrived] = sink.requests
  assert.equal(arrived?.headers['traceparent'], `00-${traceOf(1)}-${attempt.spanId}-01`)
  assert.equal(batch.attributes['holdfast.batch.outcome'], 'delivered')
  const [stored] = kafka.messages('records')
  assert.equal(stored?.traceparent, `00-${traceOf(1)}-${request.spanId}-01`)
})
