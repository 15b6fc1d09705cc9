import type { Clock } from '../../infra/clock/clock.ts'
import { instant } from '../../schemas/brand.ts'
import type { Timeline } from '../simulation/timeline.ts'
import type { Chance } from '../support/chance.ts'

/**
 * A clock that calls back late where nothing happens, so that a month takes seconds: a clock only
 * promises not to call back too early. Delays within the interesting times are exact.
 */
export const lazyClock = (given: {
  readonly timeline: Timeline
  readonly chance: Chance
  /** What virtual time begins with. */
  readonly epochMs: number
  /** To how many milliseconds a callback at this moment is rounded up. */
  readonly grainMs: (atMs: number) => number
}): Clock => {
  const { timeline, chance, epochMs, grainMs } = given
  const nowMs = (): number => Math.floor(timeline.nowUs() / 1_000)
  return {
    now: () => instant(epochMs + nowMs()),
    at: (atMs, callback) => {
      const wantedMs = Math.max(atMs - epochMs, nowMs())
      const grain = grainMs(wantedMs)
      const servedMs = Math.ceil(wantedMs / grain) * grain
      return timeline.after(servedMs * 1_000 - timeline.nowUs(), callback)
    },
    chance: chance.next,
  }
}
