import type { Clock } from '../infra/clock/clock.ts'
import type { Intake } from '../infra/sources/intake.ts'
import { openIntake } from '../infra/sources/intake-queue.ts'
import { instant } from '../schemas/brand.ts'
import type { Config } from './config/config.ts'
import { priorityBy } from './config/priorities.ts'

const mebibyte = 1024 * 1024
const queueBytesMax = 64 * mebibyte
const queueRequestsMax = 4_096

export const openConfiguredIntake = ({ batch, cache }: Config, clock: Clock): Intake =>
  openIntake({
    ...batch,
    queueBytesMax,
    queueRequestsMax,
    priorityOf: priorityBy(cache.priorities),
    now: clock.now,
    after: (delayMs, call) => clock.at(instant(clock.now() + delayMs), call),
  })
