/** How batches go to dispatchers and come back. All functions of values. */
import { type BatchId, type InstantMs, instant } from '../../schemas/brand.ts'
import type { BatchesLeased, Held, Priority, Settlement } from '../../schemas/messages.ts'
import { type CacheContext, type Lease, priorities, type Window } from './context.ts'
import { compare, type Lane, loading, settledIn } from './lane.ts'

/**
 * Leases what is ready to whoever has room in its window, oldest first over all priorities, and never
 * more than the window holds: credit, not push.
 */
export const offered = (
  context: CacheContext,
  nowMs: InstantMs,
): { readonly context: CacheContext; readonly leased: readonly BatchesLeased[] } => {
  const leased: BatchesLeased[] = []
  let next = context
  for (const window of context.windows) {
    const untilMs = instant(nowMs + context.leaseMs)
    const { held, lanes } = taken(next, window)
    if (held.length === 0) continue
    const lease = next.nextLease
    const leases = held.map(
      (it): Lease => ({ lease, dispatcher: window.dispatcher, held: it, untilMs }),
    )
    next = { ...next, lanes, leases: [...next.leases, ...leases], nextLease: lease + 1 }
    leased.push({ type: 'batches.leased', lease, held, untilMs })
  }
  return { context: next, leased }
}

const taken = (
  { lanes, leases }: CacheContext,
  window: Window,
): { readonly held: readonly Held[]; readonly lanes: CacheContext['lanes'] } => {
  const mine = leases.filter(({ dispatcher }) => dispatcher === window.dispatcher)
  let batches = window.batchesMax - mine.length
  let bytes = window.bytesMax - mine.reduce((sum, { held }) => sum + held.batch.bytes, 0)
  const heads: Record<Priority, number> = { high: 0, normal: 0, low: 0 }
  const held: Held[] = []
  while (batches > 0) {
    const next = oldest(lanes, heads)
    if (next === undefined) break
    // A batch larger than the whole window goes alone: it must go some time.
    if (next.batch.bytes > bytes && (held.length > 0 || mine.length > 0)) break
    heads[next.batch.priority] += 1
    held.push(next)
    batches -= 1
    bytes -= next.batch.bytes
  }
  if (held.length === 0) return { held, lanes }
  const rest = (priority: Priority): Lane => ({
    ...lanes[priority],
    ready: lanes[priority].ready.slice(heads[priority]),
  })
  return { held, lanes: { high: rest('high'), normal: rest('normal'), low: rest('low') } }
}

const oldest = (
  lanes: CacheContext['lanes'],
  heads: Readonly<Record<Priority, number>>,
): Held | undefined => {
  let first: Held | undefined
  for (const priority of priorities) {
    const candidate = lanes[priority].ready[heads[priority]]
    if (candidate === undefined) continue
    if (first === undefined || candidate.batch.acceptedAtMs <= first.batch.acceptedAtMs) {
      first = candidate
    }
  }
  return first
}

/** The lanes in which it is time to look up what comes next, marked as loading. */
export const loadsDue = (
  context: CacheContext,
): { readonly context: CacheContext; readonly due: readonly Priority[] } => {
  const due = priorities.filter((priority) => {
    const { behind, ready } = context.lanes[priority]
    return behind === 'some' && ready.length <= context.readyMax / 4
  })
  if (due.length === 0) return { context, due }
  const lanes = { ...context.lanes }
  for (const priority of due) lanes[priority] = loading(lanes[priority])
  return { context: { ...context, lanes }, due }
}

/** Takes settled batches out, wherever they are: leased, or taken back and ready again. */
export const settled = (
  context: CacheContext,
  settlements: readonly Settlement[],
): CacheContext => {
  const ended = new Map(settlements.map((settlement) => [settlement.batchId, settlement]))
  const gone = [
    ...context.leases.map(({ held }) => held),
    ...priorities.flatMap((priority) => context.lanes[priority].ready),
  ].filter(({ batch }) => ended.has(batch.id))
  if (gone.length === 0) return context
  const lanes = { ...context.lanes }
  for (const priority of priorities) {
    const ours = gone.filter(({ batch }) => batch.priority === priority)
    if (ours.length > 0) lanes[priority] = settledIn(lanes[priority], ours)
  }
  const leases = context.leases.filter(({ held }) => !ended.has(held.batch.id))
  return { ...context, lanes, leases }
}

/**
 * Takes leased batches back, behind what is ready, so that one that is never taken holds up nothing
 * else; with `ordering: stream` to where they were, since there order is what was asked for.
 */
export const returned = (context: CacheContext, held: readonly Held[]): CacheContext =>
  takenBack(context, new Set(held.map(({ batch }) => batch.id)))

/** Takes back what was leased until a moment that has passed. */
export const leasesEnded = (context: CacheContext, nowMs: InstantMs): CacheContext =>
  takenBack(
    context,
    new Set(
      context.leases.filter(({ untilMs }) => untilMs <= nowMs).map(({ held }) => held.batch.id),
    ),
  )

const takenBack = (context: CacheContext, ids: ReadonlySet<BatchId>): CacheContext => {
  const back = context.leases.filter(({ held }) => ids.has(held.batch.id)).map(({ held }) => held)
  if (back.length === 0) return context
  const lanes = { ...context.lanes }
  for (const held of back.sort((a, b) => compare(a.at, b.at))) {
    const lane = lanes[held.batch.priority]
    lanes[held.batch.priority] = { ...lane, ready: [...lane.ready, held] }
  }
  if (context.ordering === 'stream') {
    for (const priority of priorities) {
      const lane = lanes[priority]
      lanes[priority] = { ...lane, ready: lane.ready.toSorted((a, b) => compare(a.at, b.at)) }
    }
  }
  const leases = context.leases.filter(({ held }) => !ids.has(held.batch.id))
  return { ...context, lanes, leases }
}
