/** One send, from its first attempt to the end of its batches. It never forgets one of them. */
import { assign, setup } from 'xstate'
import { instant } from '../../schemas/brand.ts'
import type { EndpointAssigned, RedirectRefused, Settlement } from '../../schemas/messages.ts'
import { effect, timer } from '../kit/port.ts'
import { ignore, impossible, type StateMeta, total, waiting } from '../kit/state.ts'
import { targets } from '../kit/targets.ts'
import type { Tell } from '../kit/tell.ts'
import {
  attemptDeadline,
  attemptingAgain,
  type DeliveryContext,
  judged,
  type Outcome,
  type Way,
} from './judgement.ts'
import { fatesOf } from './pieces.ts'
import type { DeliveryEffects, DeliveryInbox, DeliveryInput } from './protocol.ts'

export type DeliveryState =
  | 'attempting'
  | 'awaitingAssignment'
  | 'recording'
  | 'settled'
  | 'returned'

const to = targets<DeliveryState>()

const machine = setup({
  types: {
    input: {} as DeliveryInput,
    context: {} as DeliveryContext,
    events: {} as DeliveryInbox,
    meta: {} as StateMeta,
  },
  actors: { timer },
  guards: {
    leadsTo: ({ context, event }, { way, outcome }: { way: Way; outcome: Outcome }) =>
      judged(context, outcome, event.nowMs).way === way,
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
        judged(context, outcome, event.nowMs).context,
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

const state = machine.createStateConfig
const waits = waiting<'delivery', DeliveryContext>()

/** Sends the first piece out, and says so when it is under another assignment than the one before. */
const attempt = machine.enqueueActions(({ context, enqueue }) => {
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

const recordFates = {
  type: 'recordFates',
  params: ({ context }: { context: DeliveryContext }) => ({
    sendId: context.sendId,
    fates: fatesOf(context.held, context.progress),
  }),
} as const

/** Tells what has ended, what has not, and that nothing is out any more. */
const finish = machine.enqueueActions(({ context, event, enqueue }) => {
  const { sendId, under, failure } = context
  const settlements = event.type === 'fates.recorded' ? event.settlements : []
  const ended = new Set(settlements.map(({ batchId }) => batchId))
  const held = context.held.filter(({ batch }) => !ended.has(batch.id))
  const reason = failure?.reason ?? (held.length > 0 ? 'unsettled' : null)
  if (settlements.length > 0) {
    enqueue({ type: 'tell', params: { to: 'cache', message: { type: 'batches.settled', settlements } } }) // biome-ignore format: one line
  }
  if (held.length > 0 && reason !== null) {
    enqueue({ type: 'tell', params: { to: 'cache', message: { type: 'batches.returned', held, reason } } }) // biome-ignore format: one line
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

const report = machine.enqueueActions(({ context, event, enqueue }) => {
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

/** Every way on from an outcome; `of` reads the outcome from the event. */
const waysOn = <Event>(of: (event: Event) => Outcome) => {
  const judge = { type: 'judge', params: ({ event }: { event: Event }) => ({ outcome: of(event) }) } as const // biome-ignore format: one line
  const leadsTo = <const To extends Way>(way: To) =>
    ({
      type: 'leadsTo',
      params: ({ event }: { event: Event }) => ({ way, outcome: of(event) }),
    }) as const
  return [
    { guard: leadsTo('again'), target: to('attempting'), reenter: true, actions: [judge] },
    {
      guard: leadsTo('record'),
      target: to('recording'),
      actions: [judge, 'setRecordDeadline', recordFates],
    },
    {
      guard: leadsTo('ask'),
      target: to('awaitingAssignment'),
      actions: [judge, 'setAssignmentDeadline', report],
    },
    { target: to('returned'), actions: [judge, finish] },
  ] as const
}

const noteNewest = [
  {
    guard: { type: 'isNewer', params: ({ event }: { event: EndpointAssigned }) => event },
    actions: { type: 'noteNewest', params: ({ event }: { event: EndpointAssigned }) => event },
  },
  ignore('an older assignment'),
] as const
const lateAnswer = ignore('a late answer to an attempt that was abandoned; its batch id tells')
const ofBefore = ignore('it was for an attempt that has ended')
const timedOut = waysOn(() => ({ kind: 'timedOut', jitter: 0.5 }))

/** A request is out. It ends by its answer or by its deadline, never by a redirect. */
const attempting = waits({
  on: 'outside',
  until: 'dueMs',
  late: timedOut.map((way) => ({ ...way, actions: [abandon(), ...way.actions] })),
  state: state({
    entry: attempt,
    on: {
      'attempt.answered': [
        { guard: { type: 'isLate', params: ({ event }) => event }, ...lateAnswer },
        ...waysOn((event: Extract<DeliveryInbox, { type: 'attempt.answered' }>) => ({
          ...event.verdict,
          jitter: event.jitter,
        })),
      ],
      'endpoint.assigned': noteNewest,
      'redirect.refused': ofBefore,
      'fates.recorded': impossible('no ends were handed in yet'),
      'fates.failed': impossible('no ends were handed in yet'),
    },
  }),
})

/** The endpoint said where else to go. Whoever may decide that is asked; the answer is an assignment. */
const awaitingAssignment = waits({
  on: 'endpoint-manager',
  until: 'dueMs',
  late: waysOn(() => ({ kind: 'redirectFailed', detail: 'the redirect was not answered', jitter: 0.5 })), // biome-ignore format: one line
  state: state({
    on: {
      'endpoint.assigned': [
        {
          guard: { type: 'isNewer', params: ({ event }) => event },
          target: to('attempting'),
          actions: [{ type: 'noteNewest', params: ({ event }) => event }, 'goOn'],
        },
        ignore('an older assignment'),
      ],
      'redirect.refused': [
        { guard: { type: 'isOfBefore', params: ({ event }) => event }, ...ofBefore },
        ...waysOn((event: Extract<DeliveryInbox, { type: 'redirect.refused' }>) => ({
          kind: 'redirectFailed',
          detail: event.reason,
          jitter: 0.5,
        })),
      ],
      'attempt.answered': lateAnswer,
      'fates.recorded': impossible('no ends were handed in yet'),
      'fates.failed': impossible('no ends were handed in yet'),
    },
  }),
})

const notRecorded = (detail: string) =>
  ({
    target: to('returned'),
    actions: [{ type: 'failToRecord', params: { detail } }, finish],
  }) as const

/** The ends of batches are being made durable. Until they are, nobody lets go of one. */
const recording = waits({
  on: 'outside',
  until: 'dueMs',
  late: notRecorded('the ledger did not answer'),
  state: state({
    on: {
      'fates.recorded': [
        {
          guard: { type: 'endsAll', params: ({ event }) => event },
          target: to('settled'),
          actions: finish,
        },
        { target: to('returned'), actions: finish },
      ],
      'fates.failed': notRecorded('the ledger could not keep it'),
      'endpoint.assigned': noteNewest,
      'redirect.refused': ofBefore,
      'attempt.answered': lateAnswer,
    },
  }),
})

export const delivery = machine.createMachine({
  id: 'delivery',
  context: ({ input }) => ({
    ...input,
    newest: input.assignment,
    under: input.assignment,
    attempt: 1,
    pieces: [{ held: input.held, cut: null }],
    progress: {},
    failure: null,
    dueMs: attemptDeadline(input, input.startedAtMs),
  }),
  initial: to('attempting'),
  states: total<DeliveryInbox>()({
    attempting,
    awaitingAssignment,
    recording,
    settled: { type: 'final' },
    returned: { type: 'final' },
  }),
})

function abandon() {
  return {
    type: 'abandon',
    params: ({ context }: { context: DeliveryContext }) => ({
      sendId: context.sendId,
      attempt: context.attempt,
    }),
  } as const
}
