/**
 * Whether the next group waits a moment for clients that have just been answered. Who sends one request
 * after the other is back within a fraction of a millisecond. A group that goes without them leaves them
 * to the next, and so on for good: half of the clients are in each, and twice as many groups cost a sync,
 * a request to the endpoint and all the messages of the actors.
 */
export type HoldBack = {
  /** A group of so many requests was answered while so many waited: all may be in the next one. */
  readonly answered: (requests: { readonly answered: number; readonly waiting: number }) => void
  /** Whether a group of so many is to wait. If it is, `over` is called when that ends; asked again, it goes. */
  readonly holds: (waiting: number, over: () => void) => boolean
  /** The group goes, whatever it was to wait for. */
  readonly letGo: () => void
}

/** As long as a group waits at most: some times what a client on the same network takes. */
export const holdMsMax = 1
/** Where clients do not come back in time, one group of so many is held at least, to see whether they do now. */
const skipsMax = 64

export const openHoldBack = (
  after: (delayMs: number, call: () => void) => () => void,
): HoldBack => {
  let expected = 0
  let held: 'no' | 'over' | { readonly callOff: () => void } = 'no'
  /** Groups that were held for nothing, less those that were not. */
  let misses = 0
  /** Groups that are not held, since it was of no use before. */
  let skips = 0

  const isOver = (): void => {
    held = 'over'
    // One miss is nothing; from then on twice as many groups go at once each time.
    skips = Math.min(2 ** misses, skipsMax) - 1
    misses = Math.min(misses + 1, Math.log2(skipsMax))
  }
  return {
    answered: ({ answered, waiting }) => {
      expected = answered + waiting
    },
    holds: (waiting, over) => {
      if (held === 'over' || skips > 0 || waiting >= expected) return false
      if (held === 'no')
        held = {
          callOff: after(holdMsMax, () => {
            isOver()
            over()
          }),
        }
      return true
    },
    letGo: () => {
      if (typeof held === 'object') {
        held.callOff()
        misses = Math.max(0, misses - 1)
      } else if (held === 'no') skips = Math.max(0, skips - 1)
      held = 'no'
    },
  }
}
