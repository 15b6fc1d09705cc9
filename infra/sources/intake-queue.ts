import type { Refusal } from '../../actors/collector/protocol.ts'
import type { Priority } from '../../schemas/messages.ts'
import { formGroup, type Group, payloadsOf, type Waiting } from './group.ts'
import { type HoldBack, openHoldBack } from './hold-back.ts'
import type { Intake, Kept, Refused, Request } from './intake.ts'

export type IntakeOptions = {
  /** Of a batch. */
  readonly recordsMax: number
  readonly bytesMax: number
  /** Of what waits for the next group. A request that finds the queue empty is always let in. */
  readonly queueBytesMax: number
  readonly queueRequestsMax: number
  /**
   * How long the first request of a group may wait for others. 0: only for clients that were answered
   * just now, for a moment.
   */
  readonly lingerMs: number
  readonly priorityOf: (tenant: string, service: string) => Priority
  readonly now: () => number
  /** Calls back once, later; answers how to call it off. By default, with a timer of Node's. */
  readonly after?: (delayMs: number, call: () => void) => () => void
}

/** A group is one append: more than this is left for the next one. A larger request goes alone. */
export const groupBytesMax = 8 * 1024 * 1024
/** What a client is told to wait when the queue is full: an append or two. */
export const queueRetryAfterMs = 1_000

type State = {
  readonly queue: Waiting[]
  queuedBytes: number
  queuedRecords: number
  /** The collector's callback, while it waits for a group. */
  offered: Parameters<Intake['take']>[0] | undefined
  /** Groups that are out, until they are acknowledged or refused. */
  readonly groups: Map<number, Group>
  lastAppendId: number
  closed: Refusal | undefined
  cancelLinger: (() => void) | undefined
  readonly holdBack: HoldBack
}

/**
 * Where requests wait for the collector, in memory and bounded. While one group is out, what
 * arrives is joined for the next: so many clients share one append. A request is in one group as a
 * whole, so it is kept or refused as a whole, and every offer is answered.
 */
export const openIntake = (options: IntakeOptions): Intake => {
  const state: State = {
    queue: [],
    queuedBytes: 0,
    queuedRecords: 0,
    offered: undefined,
    groups: new Map(),
    lastAppendId: 0,
    closed: undefined,
    cancelLinger: undefined,
    holdBack: openHoldBack(options.after ?? afterMs),
  }
  return {
    offer: (request) => offer(state, options, request),
    take: (offered) => {
      state.offered = offered
      offerGroup(state, options)
    },
    acknowledge: (appendId) => {
      // A group that is not out was refused as overdue before; its clients have their answer.
      const answered = state.groups.get(appendId)?.waiting.length ?? 0
      state.holdBack.answered({ answered, waiting: state.queue.length })
      letGo(state, appendId, { kind: 'kept' })
    },
    refuse: (appendId, refusal) =>
      letGo(state, appendId, { kind: 'refused', by: 'collector', ...refusal }),
    close: (refusal) => {
      state.closed = refusal
      const refused = take(state, state.queue.length)
      for (const { settle } of refused) settle({ kind: 'refused', by: 'collector', ...refusal })
    },
    open: () => {
      state.closed = undefined
    },
    payloads: (appendId, batches) => payloadsOf(state.groups.get(appendId), { appendId, batches }),
    places: (appendId) => state.groups.get(appendId)?.places ?? [],
  }
}

const offer = (state: State, options: IntakeOptions, request: Request): Promise<Kept | Refused> => {
  if (state.closed !== undefined)
    return Promise.resolve({ kind: 'refused', by: 'collector', ...state.closed })
  let bytes = 0
  let records = 0
  for (const part of request.parts) {
    bytes += part.bytes
    records += part.records
  }
  if (records === 0) return Promise.resolve({ kind: 'kept' })
  const full =
    state.queue.length >= options.queueRequestsMax ||
    (state.queue.length > 0 && state.queuedBytes + bytes > options.queueBytesMax)
  if (full)
    return Promise.resolve({
      kind: 'refused',
      by: 'queue',
      reason: 'overdue',
      retryAfterMs: queueRetryAfterMs,
    })
  const { promise, resolve } = Promise.withResolvers<Kept | Refused>()
  state.queue.push({ request, bytes, records, arrivedAtMs: options.now(), settle: resolve })
  state.queuedBytes += bytes
  state.queuedRecords += records
  offerGroup(state, options)
  return promise
}

/**
 * Hands the next group over, if the collector waits for one and it has waited for others enough.
 */
const offerGroup = (state: State, options: IntakeOptions): void => {
  const [first] = state.queue
  if (first === undefined || state.offered === undefined) return
  const waitMs = first.arrivedAtMs + options.lingerMs - options.now()
  const small = state.queuedRecords < options.recordsMax && state.queuedBytes < options.bytesMax
  if (waitMs > 0 && small) {
    state.cancelLinger ??= (options.after ?? afterMs)(waitMs, () => {
      state.cancelLinger = undefined
      offerGroup(state, options)
    })
    return
  }
  // Half a batch gains little by company, and where a linger is set, company has been waited for.
  const isHeld =
    state.queuedRecords < options.recordsMax / 2 &&
    state.queuedBytes < options.bytesMax / 2 &&
    options.lingerMs === 0 &&
    state.holdBack.holds(state.queue.length, () => offerGroup(state, options))
  if (isHeld) return
  const { offered } = state
  state.offered = undefined
  state.lastAppendId += 1
  const group = formGroup(take(state, groupCount(state.queue)), options)
  state.groups.set(state.lastAppendId, group)
  offered({ appendId: state.lastAppendId, parts: group.parts })
}

/** How many requests from the front of the queue make a group: at least one. */
const groupCount = (queue: readonly Waiting[]): number => {
  let bytes = 0
  let count = 0
  for (const waiting of queue) {
    bytes += waiting.bytes
    if (count > 0 && bytes > groupBytesMax) break
    count += 1
  }
  return count
}

/** Takes requests from the front of the queue. */
const take = (state: State, count: number): readonly Waiting[] => {
  state.cancelLinger?.()
  state.cancelLinger = undefined
  state.holdBack.letGo()
  const taken = state.queue.splice(0, count)
  for (const { bytes, records } of taken) {
    state.queuedBytes -= bytes
    state.queuedRecords -= records
  }
  return taken
}

/** Answers a group's clients and forgets its payloads. */
const letGo = (state: State, appendId: number, outcome: Kept | Refused): void => {
  const group = state.groups.get(appendId)
  state.groups.delete(appendId)
  for (const { settle } of group?.waiting ?? []) settle(outcome)
}

const afterMs = (delayMs: number, call: () => void): (() => void) => {
  const timer = setTimeout(call, delayMs)
  return () => clearTimeout(timer)
}
