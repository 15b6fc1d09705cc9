import type { Clock } from '../infra/clock/clock.ts'
import { instant } from '../schemas/brand.ts'

/** Does something again and again, never twice at a time. */
export const repeat = (
  given: {
    readonly clock: Pick<Clock, 'at' | 'now'>
    readonly everyMs: number
    readonly failed: (cause: unknown) => void
  },
  work: () => Promise<void>,
): { readonly stop: () => Promise<void> } => {
  const { clock, everyMs, failed } = given
  let callOff: () => void
  let working: Promise<void> = Promise.resolve()
  const wait = (): void => {
    callOff = clock.at(instant(clock.now() + everyMs), () => {
      working = work().then(wait, failed)
    })
  }
  wait()
  return {
    stop: async () => {
      callOff()
      await working
      callOff()
    },
  }
}
