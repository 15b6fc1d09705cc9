/** An intake in time that stands still until it is told to pass. */
import type { Part } from '../../../../actors/collector/protocol.ts'
import type { Kept, Refused } from '../../../../infra/sources/intake.ts'
import { openIntake } from '../../../../infra/sources/intake-queue.ts'

export type Group = { readonly appendId: number; readonly parts: readonly Part[] }

export const intakeInTime = (changes: Partial<Parameters<typeof openIntake>[0]> = {}) => {
  const clock = { nowMs: 1_000 }
  const timers: { atMs: number; call: () => void }[] = []
  const intake = openIntake({
    recordsMax: 1_000,
    bytesMax: 1_048_576,
    queueBytesMax: 64 * 1_048_576,
    queueRequestsMax: 1_000,
    lingerMs: 0,
    priorityOf: (_, service) => (service === 'auth' ? 'high' : 'normal'),
    now: () => clock.nowMs,
    after: (delayMs, call) => {
      const timer = { atMs: clock.nowMs + delayMs, call }
      timers.push(timer)
      return () => {
        timers.splice(timers.indexOf(timer), 1)
      }
    },
    ...changes,
  })
  const groups: Group[] = []
  const take = () => intake.take((group) => groups.push(group))
  const passMs = (ms: number) => {
    clock.nowMs += ms
    for (const timer of timers.filter(({ atMs }) => atMs <= clock.nowMs)) {
      timers.splice(timers.indexOf(timer), 1)
      timer.call()
    }
  }
  return { intake, groups, take, passMs, timers }
}

export const settled = (offers: readonly Promise<Kept | Refused>[]) =>
  Promise.all(offers.map((offered) => offered.then((outcome) => outcome.kind)))
