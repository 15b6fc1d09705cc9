/** What the dispatcher decides by and does. `machine.ts` says when. */
import { assign, setup } from 'xstate'
import { instant } from '../../schemas/brand.ts'
import type {
  AttemptMoved,
  BatchesLeased,
  DrainRequested,
  EndpointAssigned,
  SendEnded,
} from '../../schemas/messages.ts'
import { effect, timer } from '../kit/port.ts'
import { type StateMeta, waiting } from '../kit/state.ts'
import type { Tell } from '../kit/tell.ts'
import {
  adopted,
  creditOf,
  type DispatcherContext,
  ended,
  forgotten,
  isSuccess,
  leased,
  moved,
  nextDueMs,
  type Running,
  returnReason,
  runningState,
  silentSends,
  started,
  windowFor,
} from './books.ts'
import type { DispatcherEffects, DispatcherInbox, DispatcherInput } from './protocol.ts'

export const machine = setup({
  types: {
    input: {} as DispatcherInput,
    context: {} as DispatcherContext,
    events: {} as DispatcherInbox,
    meta: {} as StateMeta,
  },
  actors: { timer },
  guards: {
    isNewer: ({ context }, { assignment }: EndpointAssigned) =>
      context.assignment === null || assignment.epoch > context.assignment.epoch,
    isOut: ({ context }, { sendId }: { sendId: string }) => sendId in context.sends,
    belongsIn: ({ context, event }, { state }: { state: Running }) =>
      runningState(context, event.nowMs) === state,
    nothingOut: ({ context }) => Object.keys(context.sends).length === 0,
    isDueSooner: ({ context, event }) => nextDueMs(context, event.nowMs) < context.dueMs,
    someSilent: ({ context, event }) => silentSends(context, event.nowMs).length > 0,
  },
  actions: {
    tell: effect<Tell<'cache' | 'delivery' | 'endpoint-manager'>>('tell'),
    startSend: effect<DispatcherEffects['startSend']>('startSend'),
    defer: effect('defer'),
    fault: effect<{ why: string }>('fault'),
    adopt: assign(({ context }, { assignment }: EndpointAssigned) => adopted(context, assignment)),
    take: assign(({ context }, event: BatchesLeased) => leased(context, event)),
    noteEpoch: assign(({ context }, event: AttemptMoved) => moved(context, event)),
    suspend: assign({ intent: 'suspend' }),
    resume: assign({ intent: 'run' }),
    drain: assign({
      intent: 'drain',
      dueMs: (_, { deadlineMs }: DrainRequested) => deadlineMs,
    }),
    askLater: assign({
      dueMs: ({ context, event }) => instant(event.nowMs + context.assignmentTimeoutMs),
    }),
    setWatch: assign({ dueMs: ({ context, event }) => nextDueMs(context, event.nowMs) }),
    forgetSilent: assign(({ context, event }) =>
      forgotten(context, silentSends(context, event.nowMs)),
    ),
  },
})

export const state = machine.createStateConfig
export const waits = waiting<'dispatcher', DispatcherContext>()

/** Starts what may start, and keeps the cache informed of how much this dispatcher takes. */
export const proceed = machine.enqueueActions(({ context, event, enqueue }) => {
  const { context: next, starts } = started(context, event.nowMs)
  const window = windowFor(next, event.nowMs)
  const round = window === context.window ? context.round : context.round + 1
  const back = window === 'closed' ? next.pending : []
  enqueue.assign({ ...next, window, round, pending: window === 'closed' ? [] : next.pending })
  for (const start of starts) enqueue({ type: 'startSend', params: start })
  if (round !== context.round) {
    const { dispatcher } = context
    const message = { type: 'demand.raised', dispatcher, round, ...creditOf(next, window) } as const
    enqueue({ type: 'tell', params: { to: 'cache', message } })
  }
  if (back.length > 0) {
    const held = back.map((it) => it.held)
    const message = { type: 'batches.returned', held, reason: returnReason(context) } as const
    enqueue({ type: 'tell', params: { to: 'cache', message } })
  }
})

/** Hands a new assignment to every send that is out; none of them is stopped by it. */
export const tellSends = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'endpoint.assigned') return
  const message = { type: 'endpoint.assigned', assignment: event.assignment } as const
  for (const sendId of Object.keys(context.sends)) {
    enqueue({ type: 'tell', params: { to: 'delivery', sendId, message } })
  }
})

/** Counts a send as ended, and tells the endpoint manager how the newest endpoint is doing. */
export const noteEnd = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'send.ended') return
  // An endpoint that rejects whatever it gets answers, but has not shown that it takes anything.
  const healthy = event.delivered > 0 && isSuccess(event) && event.epoch !== context.healthyEpoch
  const next = ended(context, event, event.nowMs)
  enqueue.assign({ ...next, ...(healthy ? { healthyEpoch: event.epoch } : {}) })
  // One that is counted: what fails together is one failure, and must not be taken for several in a
  // row. That the ledger could not keep an end is a reason to wait, but no fault of the endpoint.
  const isItsFault = next.failures > context.failures && event.reason !== 'unsettled'
  if (healthy || isItsFault) enqueue({ type: 'tell', params: reportOf(event) })
})

const reportOf = (event: SendEnded) => {
  const { epoch, detail } = event
  const message = { type: 'attempt.reported', epoch, healthy: isSuccess(event), detail } as const
  return { to: 'endpoint-manager', message } as const
}

export const request = {
  type: 'tell',
  params: ({ context }: { context: DispatcherContext }) => ({
    to: 'endpoint-manager' as const,
    message: { type: 'endpoint.requested' as const, dispatcher: context.dispatcher },
  }),
} as const
