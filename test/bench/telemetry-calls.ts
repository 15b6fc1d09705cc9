/**
 * What the calls to the telemetry cost by themselves, in microseconds of CPU, exports included: a request,
 * and a request with its batch, its attempt and its end.
 *
 *     node test/bench/telemetry-calls.ts [RATIO]      of traces that are sampled; default 0.01
 */
import { openLog } from '../../infra/telemetry/log.ts'
import { telemetrySettings } from '../../infra/telemetry/otel/environment.ts'
import { openTelemetry } from '../../infra/telemetry/otel/open-telemetry.ts'
import { batchId, epoch, instant, seq } from '../../schemas/brand.ts'
import type { Assignment, Held } from '../../schemas/messages.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'

const [calls, rounds, breath] = [100_000, 5, 500]
const [ratio = '0.01'] = process.argv.slice(2)
const receiver = await openOtlpReceiver()
const settings = telemetrySettings({
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  OTEL_TRACES_SAMPLER_ARG: ratio,
})
if (settings === undefined) throw new Error('The endpoint was not understood.')
const log = openLog({ write: () => undefined, level: 'error', now: Date.now })
const telemetry = await openTelemetry(settings, { version: '0', log })

const head = { method: 'POST', route: '/v1/logs', headers: {} }
const url = 'http://127.0.0.1:4319'
const atMs = instant(Date.now())
const assignment: Assignment = { url, epoch: epoch(1), by: 'configuration', reason: '', atMs }
const heldOf = (number: number): Held => {
  const range = {
    producer: 'p',
    tenant: 't',
    service: 's',
    firstSeq: seq(number),
    lastSeq: seq(number),
  }
  const times = { fromMs: atMs, toMs: atMs, acceptedAtMs: atMs }
  const batch = { ...range, ...times, id: batchId(range), bytes: 1, priority: 'normal' } as const
  return { batch, at: { segment: 1, offset: number } }
}
const request = (): void => telemetry.request(head).ended(200)
const whole = (number: number): void => {
  const held = heldOf(number)
  const { place, ended } = telemetry.request(head)
  telemetry.accepted([held], [[place]])
  ended(200)
  const attempt = { sendId: 's', attempt: 1, assignment, piece: { held: [held], cut: null } }
  telemetry.attempt(attempt).ended({ verdict: { kind: 'accepted' }, by: 'answer' })
  telemetry.settled([{ held, delivered: 1, drops: [] }])
}

for (const [name, call] of Object.entries({ request, whole })) {
  const costs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage()
    for (let number = 0; number < calls; number += 1) {
      call(number)
      if (number % breath === 0) await new Promise(setImmediate)
    }
    const { user, system } = process.cpuUsage(before)
    costs.push((user + system) / calls)
  }
  process.stdout.write(`${name}: ${costs.map((it) => it.toFixed(1)).join(', ')} µs\n`)
}
await telemetry.close()
await receiver.close()
