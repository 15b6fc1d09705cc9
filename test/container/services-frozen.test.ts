/** Each kind of service is frozen for longer than `stall_after`: it is named, and does no harm afterwards. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { roles } from '../../pipeline/services/role.ts'
import { until } from '../support/holdfast-process.ts'
import { withoutDocker } from './docker.ts'
import { startKafka, type TestKafka } from './kafka.ts'
import { openPlant } from './plant.ts'
import type { Service } from './service.ts'

const stallAfterMs = 5_000
/** What is promised besides `stall_after`, and what a machine that has much to do may add. */
const noticedMsMax = stallAfterMs + 2_000
const busyMs = 8_000

const told = (by: Service, event: string, role: string) =>
  by.logged().filter((line) => line.event === event && line['role'] === role)

describe('a service that is frozen', { skip: withoutDocker }, () => {
  let kafka: TestKafka & AsyncDisposable
  before(async () => {
    kafka = await startKafka()
  })
  after(() => kafka?.[Symbol.asyncDispose]())

  test('is named by the others within its time, whatever it is, and when it is back', async (t) => {
    await using plant = await openPlant({ brokers: kafka.addresses })
    const { services, promisedMore } = plant
    const sending = plant.send()
    await promisedMore(100)
    for (const role of roles) {
      const frozen = services[role]
      // The auditor tells of all others; of the auditor any other does.
      const watcher = role === 'auditor' ? services.dispatcher : services.auditor
      const startedAtMs = Date.now()
      await frozen.pause()
      try {
        await until(
          () => told(watcher, 'service.silent', role),
          (lines) => lines.length > 0,
          noticedMsMax + busyMs,
        )
        t.diagnostic(`${role}: named after ${Date.now() - startedAtMs} ms`)
        if (role !== 'auditor') {
          const names = (await watcher.unready()).map(({ reason }) => reason)
          assert.ok(
            names.some((reason) => reason.includes(role)),
            JSON.stringify(names),
          )
        }
      } finally {
        await frozen.unpause()
      }
      await until(
        () => told(watcher, 'service.heard', role),
        (lines) => lines.length > 0,
      )
      // One that was frozen itself has nothing to say of the others.
      const accused = frozen.logged().filter(({ event }) => event === 'service.silent')
      assert.ok(
        accused.every((line) => roles.indexOf(line['role'] as never) < roles.indexOf(role)),
        JSON.stringify(accused),
      )
    }
    await promisedMore(100)
    await sending.stop()
    const totals = await plant.balanced()
    assert.equal(totals.dropped, 0)
    await until(
      () => services.auditor.unready(),
      (reasons) => reasons.length === 0,
    )
    for (const service of Object.values(services)) assert.equal(await service.stop(), 0)
  })
})
