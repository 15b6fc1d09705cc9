/** What a dispatcher has out, what it may start, and when it tries again. All functions of values. */
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type {
  Assignment,
  AttemptMoved,
  BatchesLeased,
  Held,
  ReturnReason,
  SendEnded,
} from '../../schemas/messages.ts'
import type { DispatcherEffects, DispatcherInput } from './protocol.ts'

export type DispatcherContext = DispatcherInput & {
  readonly assignment: Assignment | null
  readonly sends: Readonly<Record<string, Send>>
  /** Leased to this dispatcher and not on their way yet. */
  readonly pending: readonly Pending[]
  readonly nextSend: number
  /** How much the cache was last told that this dispatcher takes. */
  readonly window: WindowSize
  readonly round: number
  /** Failed sends in a row under this assignment, counted once per backoff. */
  readonly failures: number
  /** No send starts before this moment; 0: none has failed. */
  readonly retryAtMs: InstantMs
  /** Nor before this one: the endpoint has asked so, and whatever else it takes does not change it. */
  readonly askedUntilMs: InstantMs
  readonly intent: 'run' | 'suspend' | 'drain'
  /** The epoch that was last reported as healthy. */
  readonly healthyEpoch: number
  readonly dueMs: InstantMs
}

export type Send = {
  /** Of its latest attempt. */
  readonly epoch: number
  /** Tenant and service of each batch, where order counts. */
  readonly streams: readonly string[]
  readonly untilMs: InstantMs
}
export type Pending = { readonly held: Held; readonly untilMs: InstantMs }

/** closed: nothing; probe: one request, to see whether the endpoint is back; open: all that fits. */
export type WindowSize = 'closed' | 'probe' | 'open'

export type Start = DispatcherEffects['startSend']

/**
 * How long after its lease a send may still be silent before it counts as lost: its last attempt ends
 * with the lease, and to make the ends of its batches durable may take up to half of this.
 */
export const silenceMsMax = 60_000

/** Until when nothing starts. */
export const blockedUntilMs = ({ retryAtMs, askedUntilMs }: DispatcherContext): InstantMs =>
  instant(Math.max(retryAtMs, askedUntilMs))

const isBlocked = (context: DispatcherContext, nowMs: InstantMs): boolean =>
  blockedUntilMs(context) > nowMs

/** An attempt is out under an assignment that has been superseded. */
const isSupersededOut = ({ sends, assignment }: DispatcherContext): boolean =>
  assignment !== null && Object.values(sends).some(({ epoch }) => epoch < assignment.epoch)

export type Running = 'redirectInFlight' | 'suspended' | 'backingOff' | 'sending' | 'idle'

/** The state that a running dispatcher belongs in. */
export const runningState = (context: DispatcherContext, nowMs: InstantMs): Running => {
  if (isSupersededOut(context)) return 'redirectInFlight'
  if (context.intent === 'suspend') return 'suspended'
  if (isBlocked(context, nowMs)) return 'backingOff'
  return Object.keys(context.sends).length > 0 ? 'sending' : 'idle'
}

export const windowFor = (context: DispatcherContext, nowMs: InstantMs): WindowSize => {
  if (context.assignment === null || context.intent !== 'run') return 'closed'
  if (isBlocked(context, nowMs)) return 'closed'
  return context.failures > 0 ? 'probe' : 'open'
}

/** Why what was leased goes back while the window is closed. */
export const returnReason = ({ assignment, intent }: DispatcherContext): ReturnReason => {
  if (intent === 'drain') return 'draining'
  return assignment === null ? 'no_endpoint' : 'unreachable'
}

/** What a window of a size holds, in batches and in payload bytes. */
export const creditOf = (
  context: DispatcherInput,
  size: WindowSize,
): { readonly batchesMax: number; readonly bytesMax: number } => {
  if (size === 'closed') return { batchesMax: 0, bytesMax: 0 }
  const requests = size === 'probe' ? 1 : context.concurrency
  return {
    batchesMax: requests * context.requestBatchesMax,
    bytesMax: Math.min(requests * context.requestBytesMax, context.leasedBytesMax),
  }
}

export const leased = (
  context: DispatcherContext,
  { held, untilMs }: BatchesLeased,
): DispatcherContext => ({
  ...context,
  pending: [...context.pending, ...held.map((it) => ({ held: it, untilMs }))],
})

/** Starts as many sends as may be out, oldest batch first, each with batches of one tenant. */
export const started = (
  context: DispatcherContext,
  nowMs: InstantMs,
): { readonly context: DispatcherContext; readonly starts: readonly Start[] } => {
  const size = windowFor(context, nowMs)
  const outMax = size === 'open' ? context.concurrency : size === 'probe' ? 1 : 0
  const starts: Start[] = []
  // What was leased too long ago the cache takes back by itself.
  let next = { ...context, pending: context.pending.filter(({ untilMs }) => untilMs > nowMs) }
  while (Object.keys(next.sends).length < outMax) {
    const request = gathered(next)
    if (request.length === 0 || next.assignment === null) break
    // A dispatcher that is started anew must not take a send of its former life for one of its own.
    const sendId = `${next.dispatcher}-${next.startedAtMs.toString(36)}-${next.nextSend}`
    const taken = new Set(request)
    const held = request.map((it) => it.held)
    const leaseUntilMs = instant(Math.min(...request.map(({ untilMs }) => untilMs)))
    const streams = next.ordering === 'stream' ? request.map(({ held: it }) => streamOf(it)) : []
    const send: Send = { epoch: next.assignment.epoch, streams, untilMs: leaseUntilMs }
    starts.push({
      sendId,
      held,
      assignment: next.assignment,
      leaseUntilMs,
      nowMs,
      provenEpoch: next.healthyEpoch,
    })
    next = {
      ...next,
      nextSend: next.nextSend + 1,
      sends: { ...next.sends, [sendId]: send },
      pending: next.pending.filter((it) => !taken.has(it)),
    }
  }
  return { context: next, starts }
}

const streamOf = ({ batch }: Held): string => JSON.stringify([batch.tenant, batch.service])

/** The next request: the oldest batch that may go, and others of its tenant as far as they fit. */
const gathered = (context: DispatcherContext): readonly Pending[] => {
  const busy = new Set(Object.values(context.sends).flatMap(({ streams }) => streams))
  const request: Pending[] = []
  let bytes = 0
  for (const candidate of context.pending) {
    const { batch } = candidate.held
    const tenant = request[0]?.held.batch.tenant ?? batch.tenant
    if (batch.tenant !== tenant) continue
    if (context.ordering === 'stream') {
      const stream = streamOf(candidate.held)
      if (busy.has(stream)) continue
      busy.add(stream)
    }
    if (request.length > 0 && bytes + batch.bytes > context.requestBytesMax) break
    request.push(candidate)
    bytes += batch.bytes
    if (request.length >= context.requestBatchesMax) break
  }
  return request
}

/** A new assignment: what failed before failed elsewhere. */
export const adopted = (context: DispatcherContext, assignment: Assignment): DispatcherContext => ({
  ...context,
  assignment,
  failures: 0,
  retryAtMs: instant(0),
  askedUntilMs: instant(0),
})

/** The endpoint took all that it was sent, or said for good that it would not. */
export const isSuccess = ({ outcome, reason }: SendEnded): boolean =>
  outcome === 'settled' && reason === null

/**
 * A failure under a superseded assignment says nothing about the newest one. A send of which the last
 * batches have expired has settled them all, and has failed all the same.
 */
export const isFailure = (context: DispatcherContext, ended: SendEnded): boolean =>
  !isSuccess(ended) && ended.reason !== 'draining' && ended.epoch === context.assignment?.epoch

export const ended = (
  context: DispatcherContext,
  event: SendEnded,
  nowMs: InstantMs,
): DispatcherContext => {
  const { [event.sendId]: _, ...sends } = context.sends
  const next = { ...context, sends }
  if (isSuccess(event) && event.epoch === context.assignment?.epoch) {
    return { ...next, failures: 0, retryAtMs: instant(0) }
  }
  if (!isFailure(context, event)) return next
  // Sends that were out together fail together: that is one failure, not eight.
  const failures = isBlocked(context, nowMs) ? context.failures : context.failures + 1
  const waitMs = backoffMs(context, failures, event.jitter)
  return {
    ...next,
    failures,
    retryAtMs: instant(Math.max(context.retryAtMs, nowMs + waitMs)),
    askedUntilMs: instant(Math.max(context.askedUntilMs, nowMs + (event.retryAfterMs ?? 0))),
  }
}

/** Exponential, between half and all of the step, so that many agents do not come back at once. */
const backoffMs = (
  { backoff: { initialMs, maxMs } }: DispatcherInput,
  failures: number,
  jitter: number,
): number => {
  const step = Math.min(maxMs, initialMs * 2 ** Math.min(failures - 1, 30))
  return Math.ceil(step / 2 + (step / 2) * jitter)
}

/** A send has gone on under another assignment. A word of an older one may come late. */
export const moved = (
  context: DispatcherContext,
  { sendId, epoch }: AttemptMoved,
): DispatcherContext => {
  const send = context.sends[sendId]
  if (send === undefined || send.epoch >= epoch) return context
  return { ...context, sends: { ...context.sends, [sendId]: { ...send, epoch } } }
}

/** Sends that have said nothing for too long after their lease: the cache has taken them back. */
export const silentSends = (context: DispatcherContext, nowMs: InstantMs): readonly string[] =>
  Object.entries(context.sends)
    .filter(([, { untilMs }]) => untilMs + silenceMsMax <= nowMs)
    .map(([sendId]) => sendId)

export const forgotten = (
  context: DispatcherContext,
  sendIds: readonly string[],
): DispatcherContext => ({
  ...context,
  sends: Object.fromEntries(
    Object.entries(context.sends).filter(([sendId]) => !sendIds.includes(sendId)),
  ),
})

/** The next moment at which something is due without a message: a retry, or a send that is silent. */
export const nextDueMs = (context: DispatcherContext, nowMs: InstantMs): InstantMs => {
  const silent = Object.values(context.sends).map(({ untilMs }) => untilMs + silenceMsMax)
  const retry = isBlocked(context, nowMs) ? [blockedUntilMs(context)] : []
  return instant(Math.min(...silent, ...retry, nowMs + context.assignmentTimeoutMs))
}
