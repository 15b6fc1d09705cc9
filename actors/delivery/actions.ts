/** What a send decides by and does. `machine.ts` says when. */
import { assign, setup } from 'xstate'
import { instant } from '../../schemas/brand.ts'
import type { EndpointAssigned, RedirectRefused, Settlement } from '../../schemas/messages.ts'
import { effect, timer } from '../kit/port.ts'
import { type StateMeta, waiting } from '../kit/state.ts'
import type { Tell } from '../kit/tell.ts'
import {
  attemptingAgain,
  type DeliveryContext,
  judged,
  type Outcome,
  type Way,
} from './judgement.ts'
import { fatesOf } from './pieces.ts'
import type { DeliveryEffects, DeliveryInbox, DeliveryInput } from './protocol.ts'

type Judgement = ReturnType<typeof judged>
const judgements = new WeakMap<DeliveryInbox, Judgement & { readonly of: DeliveryContext }>()

/** Each guard asks for it, and the transition that they let through: it is worked out for the first. */
const judgement = (context: DeliveryContext, event: DeliveryInbox, outcome: Outcome): Judgement => {
  const known = judgements.get(event)
  if (known?.of === context) return known
  const made = { ...judged(context, outcome, event.nowMs), of: context }
  judgements.set(event, made)
  return made
}

export const machine = setup({
  types: {
    input: {} as DeliveryInput,
    context: {} as DeliveryContext,
    events: {} as DeliveryInbox,
    meta: {} as StateMeta,
  },
  actors: { timer },
  guards: {
    leadsTo: ({ context, event }, { way, outcome }: { way: Way; outcome: Outcome }) =>
      judgement(context, event, outcome).way === way,
    isLate: ({ context }, { attempt }: { attempt: number }) => attempt !== context.attempt,
    isNewer: ({ context }, { assignment }: EndpointAssigned) =>
      assignment.epoch > context.newest.epoch,
    isOfBefore: ({ context }, { epoch }: RedirectRefused) => epoch !== context.under.epoch,
    endsAll: ({ context }, { settlements }: { settlements: readonly Settlement[] }) =>
      settlements.length === context.held.length,
  },
  actions: {
    tell: effect<Tell<'cache' | 'dispatcher' | 'endpoint-manager'>>('tell'),
    attempt: effect<DeliveryEffects['attempt']>('attempt'),
    abandon: effect<DeliveryEffects['abandon']>('abandon'),
    recordFates: effect<DeliveryEffects['recordFates']>('recordFates'),
    defer: effect('defer'),
    fault: effect<{ why: string }>('fault'),
    judge: assign(
      ({ context, event }, { outcome }: { outcome: Outcome }) =>
        judgement(context, event, outcome).context,
    ),
    noteNewest: assign({ newest: (_, { assignment }: EndpointAssigned) => assignment }),
    goOn: assign(({ context, event }) => attemptingAgain(context, event.nowMs)),
    setAssignmentDeadline: assign({
      dueMs: ({ context, event }) =>
        instant(Math.min(event.nowMs + context.assignmentTimeoutMs, context.leaseUntilMs)),
    }),
    setRecordDeadline: assign({
      dueMs: ({ context, event }) => instant(event.nowMs + context.recordTimeoutMs),
    }),
    failToRecord: assign({
      failure: ({ context: { failure } }, { detail }: { detail: string }) => ({
        reason: 'unsettled' as const,
        detail,
        retryAfterMs: failure?.retryAfterMs ?? null,
        jitter: failure?.jitter ?? 0.5,
      }),
    }),
  },
})

export const state = machine.createStateConfig
export const waits = waiting<'delivery', DeliveryContext>()

/** Sends the first piece out, and says so when it is under another assignment than the one before. */
export const attempt = machine.enqueueActions(({ context, enqueue }) => {
  const { sendId, under, pieces, dueMs } = context
  const [piece] = pieces
  if (piece === undefined) return
  const message = { type: 'attempt.moved', sendId, epoch: under.epoch } as const
  if (context.attempt > 1) enqueue({ type: 'tell', params: { to: 'dispatcher', message } })
  enqueue({
    type: 'attempt',
    params: { sendId, attempt: context.attempt, assignment: under, piece, deadlineMs: dueMs },
  })
})

export const recordFates = {
  type: 'recordFates',
  params: ({ context }: { context: DeliveryContext }) => ({
    sendId: context.sendId,
    fates: fatesOf(context.held, context.progress),
  }),
} as const

/** Tells what has ended, what has not, and that nothing is out any more. */
export const finish = machine.enqueueActions(({ context, event, enqueue }) => {
  const { sendId, under, failure } = context
  const settlements = event.type === 'fates.recorded' ? event.settlements : []
  const ended = new Set(settlements.map(({ batchId }) => batchId))
  const held = context.held.filter(({ batch }) => !ended.has(batch.id))
  const reason = failure?.reason ?? (held.length > 0 ? 'unsettled' : null)
  if (settlements.length > 0) {
    enqueue({
      type: 'tell',
      params: { to: 'cache', message: { type: 'batches.settled', settlements } },
    })
  }
  if (held.length > 0 && reason !== null) {
    enqueue({
      type: 'tell',
      params: { to: 'cache', message: { type: 'batches.returned', held, reason } },
    })
  }
  enqueue({
    type: 'tell',
    params: {
      to: 'dispatcher',
      message: {
        type: 'send.ended',
        sendId,
        epoch: under.epoch,
        outcome: held.length > 0 ? 'returned' : 'settled',
        delivered: settlements.reduce((sum, { delivered }) => sum + delivered, 0),
        reason,
        retryAfterMs: failure?.retryAfterMs ?? null,
        detail: failure?.detail ?? '',
        jitter: failure?.jitter ?? 0,
      },
    },
  })
})

export const report = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'attempt.answered' || event.verdict.kind !== 'redirected') return
  const { status, location } = event.verdict
  const { sendId, under } = context
  enqueue({
    type: 'tell',
    params: {
      to: 'endpoint-manager',
      message: { type: 'redirect.reported', sendId, epoch: under.epoch, status, location },
    },
  })
})

/** Gives an attempt up: its client may finish it all the same. */
export const abandon = {
  type: 'abandon',
  params: ({ context }: { context: DeliveryContext }) => ({
    sendId: context.sendId,
    attempt: context.attempt,
  }),
} as const
