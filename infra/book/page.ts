/**
 * What was told since the last page, in memory and as short as it can be: neighbours become one as they
 * come, so that a stream takes a few intervals an hour however fast it is.
 */
import type { InstantMs } from '../../schemas/brand.ts'
import type { Batch, Drop } from '../../schemas/messages.ts'
import type { AccountBook, BatchEnd, Refusal } from './account-book.ts'
import { hourMs, hourOf, type Interval, joined, sizeOfInterval } from './interval.ts'

/** What a book is written from, in one transaction. */
export type Page = {
  readonly streams: readonly StreamPage[]
  readonly drops: readonly Drop[]
  readonly refusals: readonly (Refusal & { readonly hourFromMs: number })[]
  /** Up to where its writer has seen, in words of its own; it is handed back when the book is opened. */
  readonly position: string
  readonly atMs: number
}
export type StreamName = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
}
export type StreamPage = StreamName & {
  /** Accepted; of what ended since, only where the end does not say when it was accepted. */
  readonly accepted: readonly Interval[]
  readonly ended: readonly Interval[]
}

export type OpenPage = AccountBook & {
  /** The page so far; the next one begins. */
  readonly cut: (given: Pick<Page, 'position' | 'atMs'>) => Page
  /** The drop events so far. The page goes on without them. */
  readonly takeDrops: () => readonly Drop[]
  /** Intervals, drop events and refusals in it. */
  readonly size: () => number
}

type Lines = StreamName & { accepted: Interval[]; ended: Interval[] }

/** Answers come out of order where many sends are out: so far back a neighbour is looked for. */
const lookBackMax = 16

export const openPage = (): OpenPage => {
  let streams = new Map<string, Lines>()
  let drops: Drop[] = []
  let refusals = new Map<string, Refusal & { readonly hourFromMs: number }>()
  let size = 0

  const linesOf = ({ producer, tenant, service }: StreamName): Lines => {
    const key = `${producer.length}:${tenant.length}:${producer}${tenant}${service}`
    const known = streams.get(key)
    if (known !== undefined) return known
    const lines: Lines = { producer, tenant, service, accepted: [], ended: [] }
    streams.set(key, lines)
    return lines
  }
  const put = (intervals: Interval[], interval: Interval): void => {
    const before = intervals.length
    place(intervals, interval)
    size += intervals.length - before
  }
  const drop = (event: Drop): void => {
    drops.push(event)
    size += 1
  }
  return {
    accepted: (kept) => {
      for (const { batch } of kept) put(linesOf(batch).accepted, acceptedInterval(batch))
    },
    ended: (ends, atMs) => {
      for (const end of ends) {
        const { ended } = linesOf(end.batch)
        for (const interval of endedIntervals(end, atMs)) put(ended, interval)
        for (const event of end.drops) drop(event)
      }
    },
    dropped: (events) => {
      for (const event of events) {
        put(linesOf(event).ended, droppedInterval(event))
        drop(event)
      }
    },
    refused: (parts, atMs) => {
      const hourFromMs = hourOf(atMs) * hourMs
      for (const { tenant, service, records } of parts) {
        const key = `${hourFromMs}:${tenant.length}:${tenant}${service}`
        const known = refusals.get(key)
        if (known === undefined) size += 1
        const sum = (known?.records ?? 0) + records
        refusals.set(key, { tenant, service, records: sum, hourFromMs })
      }
    },
    takeDrops: () => {
      const taken = drops
      drops = []
      size -= taken.length
      return taken
    },
    size: () => size,
    cut: (given) => {
      const page: Page = {
        ...given,
        streams: [...streams.values()].map(shortened),
        drops,
        refusals: [...refusals.values()],
      }
      streams = new Map()
      drops = []
      refusals = new Map()
      size = 0
      return page
    },
  }
}

/** Joined with one it may touch another, so it is looked for again. */
const place = (intervals: Interval[], interval: Interval): void => {
  let placed = interval
  for (let at = neighbourOf(intervals, placed); at >= 0; at = neighbourOf(intervals, placed)) {
    const [known] = intervals.splice(at, 1)
    if (known !== undefined) placed = joined(known, placed) ?? joined(placed, known) ?? placed
  }
  intervals.push(placed)
}

const neighbourOf = (intervals: readonly Interval[], interval: Interval): number => {
  const oldest = Math.max(0, intervals.length - lookBackMax)
  for (let index = intervals.length - 1; index >= oldest; index -= 1) {
    const known = intervals[index]
    if (known === undefined) continue
    const isBefore = known.lastSeq + 1 === interval.firstSeq
    const isBehind = interval.lastSeq + 1 === known.firstSeq
    if (isBefore && joined(known, interval) !== undefined) return index
    if (isBehind && joined(interval, known) !== undefined) return index
  }
  return -1
}

const shortened = ({ accepted, ended, ...name }: Lines): StreamPage => {
  const ends = inOrder(ended)
  const dated = ends.filter(({ acceptedFromMs }) => acceptedFromMs > 0)
  return { ...name, accepted: without(inOrder(accepted), dated), ended: ends }
}

const inOrder = (intervals: readonly Interval[]): readonly Interval[] => {
  const ordered: Interval[] = []
  for (const interval of intervals.toSorted((a, b) => a.firstSeq - b.firstSeq)) {
    const last = ordered.at(-1)
    const one = last === undefined ? undefined : joined(last, interval)
    if (one === undefined) ordered.push(interval)
    else ordered[ordered.length - 1] = one
  }
  return ordered
}

/** Both in order. What is left of the first where the second is taken away. */
const without = (from: readonly Interval[], ended: readonly Interval[]): readonly Interval[] => {
  const rest: Interval[] = []
  let at = 0
  for (const interval of from) {
    let next = interval.firstSeq
    while (at > 0 && (ended[at - 1]?.lastSeq ?? 0) >= next) at -= 1
    for (let end = ended[at]; end !== undefined; end = ended[at]) {
      if (end.firstSeq > interval.lastSeq) break
      if (end.firstSeq > next) rest.push({ ...interval, firstSeq: next, lastSeq: end.firstSeq - 1 })
      next = Math.max(next, end.lastSeq + 1)
      at += 1
    }
    if (next <= interval.lastSeq) rest.push({ ...interval, firstSeq: next })
  }
  return rest
}

const nothing = { mixedDropped: 0, endedFromMs: 0, endedToMs: 0, waitMsMax: 0 }

export const acceptedInterval = (batch: Batch): Interval => ({
  ...nothing,
  firstSeq: batch.firstSeq,
  lastSeq: batch.lastSeq,
  state: 'pending',
  acceptedFromMs: batch.acceptedAtMs,
  acceptedToMs: batch.acceptedAtMs,
  eventFromMs: batch.fromMs,
  eventToMs: batch.toMs,
})

const endedIntervals = (
  { batch, delivered, drops }: BatchEnd,
  atMs: InstantMs,
): readonly Interval[] => {
  const ended = { ...acceptedInterval(batch), endedFromMs: atMs, endedToMs: atMs }
  const waitMsMax = Math.max(0, atMs - batch.acceptedAtMs)
  const whole: Interval = { ...ended, state: 'delivered', waitMsMax }
  if (drops.length === 0) return [whole]
  const lost = drops
    .map((drop): Interval => {
      const { firstSeq, lastSeq, records } = drop
      const isWhole = records === lastSeq - firstSeq + 1
      return isWhole
        ? { ...ended, firstSeq, lastSeq, state: 'dropped' }
        : { ...ended, firstSeq, lastSeq, state: 'mixed', mixedDropped: records, waitMsMax }
    })
    .toSorted((a, b) => a.firstSeq - b.firstSeq)
  const parts = [...without([whole], lost), ...lost]
  const isExact = deliveredIn(parts) === delivered && areApart(lost)
  if (isExact) return parts
  const mixedDropped = sizeOfInterval(whole) - delivered
  return [{ ...whole, state: 'mixed', mixedDropped }]
}

const deliveredIn = (parts: readonly Interval[]): number =>
  parts.reduce((sum, part) => {
    const dropped = part.state === 'dropped' ? sizeOfInterval(part) : part.mixedDropped
    return sum + sizeOfInterval(part) - dropped
  }, 0)

const areApart = (intervals: readonly Interval[]): boolean =>
  intervals.every(({ firstSeq }, index) => (intervals[index - 1]?.lastSeq ?? -1) < firstSeq)

/** When what it was accepted at is not said: the book knows, or nobody does. */
export const droppedInterval = (drop: Drop): Interval => {
  const { firstSeq, lastSeq, records } = drop
  const isWhole = records === lastSeq - firstSeq + 1
  return {
    ...nothing,
    firstSeq,
    lastSeq,
    state: isWhole ? 'dropped' : 'mixed',
    mixedDropped: isWhole ? 0 : records,
    acceptedFromMs: 0,
    acceptedToMs: 0,
    eventFromMs: drop.fromMs,
    eventToMs: drop.toMs,
    endedFromMs: drop.atMs,
    endedToMs: drop.atMs,
  }
}
