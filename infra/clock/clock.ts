import { randomInt } from 'node:crypto'
import { fromCallback } from 'xstate'
import type { Timer } from '../../actors/kit/port.ts'
import { type InstantMs, instant } from '../../schemas/brand.ts'

/** Time and chance, as everything that acts gets them: a simulation puts its own in this place. */
export type Clock = {
  readonly now: () => InstantMs
  /** Calls back once, not before `atMs`; the answer calls it off. */
  readonly at: (atMs: InstantMs, callback: () => void) => () => void
  /** From 0 up to, not including, 1. */
  readonly chance: () => number
}

/** The longest that one `setTimeout` can be set for; a later instant takes several. */
const timeoutMsMax = 2 ** 31 - 1
const chanceMax = 2 ** 47

/**
 * The time of day that never goes back: where the machine's clock is set back, it goes on at the pace of
 * the steady one. A deadline that has passed must not lie ahead again.
 */
function steadyNow(): () => InstantMs {
  let lastMs = Date.now()
  let lastSteadyMs = performance.now()
  return () => {
    const steadyMs = performance.now()
    lastMs = Math.max(Date.now(), lastMs + steadyMs - lastSteadyMs)
    lastSteadyMs = steadyMs
    return instant(Math.floor(lastMs))
  }
}

/** The clock of the machine. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: steadyNow(),
  at: (atMs, callback) => {
    let timeout: NodeJS.Timeout
    let last: NodeJS.Immediate | undefined
    const wait = (): void => {
      const leftMs = atMs - systemClock.now()
      // What has arrived by then is read first: a busy process would else take for late what was in time.
      // It is due now, so it counts as work: for one that does not, the loop would not leave its waiting.
      if (leftMs <= 0) last = setImmediate(callback)
      else timeout = setTimeout(wait, Math.min(leftMs, timeoutMsMax)).unref()
    }
    timeout = setTimeout(
      wait,
      Math.min(Math.max(0, atMs - systemClock.now()), timeoutMsMax),
    ).unref()
    return () => {
      clearTimeout(timeout)
      clearImmediate(last)
    }
  },
  // Nobody may guess what comes next: a salt made of it tells our frames from a client's bytes.
  chance: () => randomInt(chanceMax) / chanceMax,
}

/**
 * Fills the machines' timer port. `deliver` hands the event to the actor that waits, through its mailbox.
 */
export const timerOn = (
  clock: Clock,
  deliver: (actor: string, event: { type: 'timer.fired' }) => void,
): Timer =>
  fromCallback(({ input, self }) =>
    clock.at(input.deadlineMs, () => deliver(self._parent?.id ?? '', { type: 'timer.fired' })),
  )
