/** Records of one stream that follow one another, and share what became of them. */

/**
 * `mixed`: some of them were dropped and the others delivered, and nobody knows which. `inferred`:
 * delivered, as the ledger's counts say; when and how was not seen. `missing`: accepted, and neither
 * held nor ended. `settled`: ended; what became of them stands in totals of their time.
 */
export type IntervalState =
  | 'pending'
  | 'delivered'
  | 'dropped'
  | 'mixed'
  | 'inferred'
  | 'missing'
  | 'settled'

/** Times are milliseconds since 1970, both ends inclusive; 0 where they are not known. */
export type Interval = {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly state: IntervalState
  /** Of a mixed one. */
  readonly mixedDropped: number
  readonly acceptedFromMs: number
  readonly acceptedToMs: number
  /** The records' own times. */
  readonly eventFromMs: number
  readonly eventToMs: number
  readonly endedFromMs: number
  readonly endedToMs: number
  /** The longest that one of them waited from its acceptance to its delivery. */
  readonly waitMsMax: number
}

export const hourMs = 3_600_000
/** From here on a delivery is called late. */
export const lateAfterMs = 60_000

export const sizeOfInterval = ({ firstSeq, lastSeq }: Interval): number => lastSeq - firstSeq + 1

export type Counts = {
  readonly accepted: number
  readonly delivered: number
  readonly dropped: number
  readonly pending: number
}

/** What an interval adds to the sums of its stream. */
export const countsOf = (interval: Interval): Counts => {
  const accepted = sizeOfInterval(interval)
  const none = { accepted, delivered: 0, dropped: 0, pending: 0 }
  switch (interval.state) {
    case 'pending':
      return { ...none, pending: accepted }
    case 'delivered':
    case 'inferred':
      return { ...none, delivered: accepted }
    case 'dropped':
      return { ...none, dropped: accepted }
    case 'mixed': {
      const dropped = Math.min(interval.mixedDropped, accepted)
      return { ...none, dropped, delivered: accepted - dropped }
    }
    case 'missing':
      return none
    case 'settled':
      return { ...none, accepted: 0 }
  }
}

export const isLate = ({ state, waitMsMax }: Interval): boolean =>
  (state === 'delivered' || state === 'mixed') && waitMsMax >= lateAfterMs

/**
 * One for two neighbours, or undefined: whoever asks about an hour must not be answered with a day, nor
 * with what was in time where some was late.
 */
export const joined = (one: Interval, next: Interval): Interval | undefined => {
  if (one.lastSeq + 1 !== next.firstSeq || one.state !== next.state) return undefined
  if (one.state === 'settled') return { ...one, lastSeq: next.lastSeq }
  if (one.state === 'mixed' || isLate(one) !== isLate(next)) return undefined
  if (hourOf(one.acceptedFromMs) !== hourOf(next.acceptedFromMs)) return undefined
  if (hourOf(one.endedFromMs) !== hourOf(next.endedFromMs)) return undefined
  const eventFromMs = earliest(one.eventFromMs, next.eventFromMs)
  const eventToMs = Math.max(one.eventToMs, next.eventToMs)
  const widthMs = Math.max(hourMs, widthOf(one), widthOf(next))
  if ((one.eventFromMs === 0) !== (next.eventFromMs === 0)) return undefined
  if (eventToMs - eventFromMs > widthMs) return undefined
  return {
    ...one,
    lastSeq: next.lastSeq,
    acceptedFromMs: earliest(one.acceptedFromMs, next.acceptedFromMs),
    acceptedToMs: Math.max(one.acceptedToMs, next.acceptedToMs),
    eventFromMs,
    eventToMs,
    endedFromMs: earliest(one.endedFromMs, next.endedFromMs),
    endedToMs: Math.max(one.endedToMs, next.endedToMs),
    waitMsMax: Math.max(one.waitMsMax, next.waitMsMax),
  }
}

export const hourOf = (ms: number): number => Math.floor(ms / hourMs)

const widthOf = ({ eventFromMs, eventToMs }: Interval): number => eventToMs - eventFromMs
const earliest = (a: number, b: number): number => (a === 0 ? b : b === 0 ? a : Math.min(a, b))
