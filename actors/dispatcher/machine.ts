/** The dispatcher of one pipeline: it takes from the cache what it can send, and sends it. */
import { instant } from '../../schemas/brand.ts'
import { ignore, total } from '../kit/state.ts'
import { targets } from '../kit/targets.ts'
import { machine, noteEnd, proceed, request, state, tellSends, waits } from './actions.ts'
import type { DispatcherInbox } from './protocol.ts'

export type DispatcherState =
  | 'awaitingEndpoint'
  | 'idle'
  | 'sending'
  | 'redirectInFlight'
  | 'backingOff'
  | 'suspended'
  | 'draining'
  | 'stopped'

const to = targets<DispatcherState>()

/** How every state takes part in the flow of batches, sends and assignments. */
const flow = state({
  on: {
    'endpoint.assigned': [
      {
        guard: { type: 'isNewer', params: ({ event }) => event },
        actions: [{ type: 'adopt', params: ({ event }) => event }, tellSends, proceed],
      },
      ignore('an older assignment: the newest wins'),
    ],
    'redirect.refused': [
      {
        guard: { type: 'isOut', params: ({ event }) => event },
        actions: {
          type: 'tell',
          params: ({ event: { nowMs: _, ...message } }) => ({
            to: 'delivery',
            sendId: message.sendId,
            message,
          }),
        },
      },
      ignore('the send has ended'),
    ],
    'batches.leased': { actions: [{ type: 'take', params: ({ event }) => event }, proceed] },
    'attempt.moved': { actions: { type: 'noteEpoch', params: ({ event }) => event } },
    'send.ended': [
      {
        guard: { type: 'isOut', params: ({ event }) => event },
        actions: [noteEnd, proceed],
      },
      ignore('a send that was given up for lost'),
    ],
    'dispatch.suspended': { actions: ['suspend', proceed] },
    'dispatch.resumed': { actions: ['resume', proceed] },
    'drain.requested': {
      target: to('draining'),
      actions: [{ type: 'drain', params: ({ event }) => event }, proceed],
    },
  },
}).on

/** Where a running dispatcher belongs follows from what is out: each state names its ways out. */
const running = ['redirectInFlight', 'suspended', 'backingOff', 'sending', 'idle'] as const
const when: Record<(typeof running)[number], string> = {
  redirectInFlight: 'an attempt is out under a superseded assignment',
  suspended: 'an operator has suspended it',
  backingOff: 'the endpoint failed',
  sending: 'a send is out',
  idle: 'nothing is out',
}
const waysOut = (self: (typeof running)[number]) =>
  running
    .filter((other) => other !== self)
    .map(
      (other) =>
        ({
          guard: { type: 'belongsIn', params: { state: other } },
          description: when[other],
          target: to(other),
          actions: 'setWatch',
        }) as const,
    )

/** A send that its lease has outlived is lost: its batches are back in the cache. */
const watch = <const Self extends DispatcherState>(self: Self) =>
  [
    {
      guard: 'someSilent',
      target: to(self),
      reenter: true,
      actions: [
        'forgetSilent',
        { type: 'fault', params: { why: 'a send said nothing until after its lease' } },
        proceed,
        'setWatch',
      ],
    },
    { target: to(self), reenter: true, actions: [proceed, 'setWatch'] },
  ] as const

const awaitingEndpoint = waits({
  on: 'endpoint-manager',
  until: 'dueMs',
  late: { target: to('awaitingEndpoint'), reenter: true, actions: 'askLater' },
  state: state({
    entry: request,
    on: {
      ...flow,
      'endpoint.assigned': {
        target: to('idle'),
        actions: [{ type: 'adopt', params: ({ event }) => event }, proceed],
      },
    },
  }),
})

const idle = state({
  always: waysOut('idle'),
  on: { ...flow, 'timer.fired': ignore('a timer of a state that was left') },
})

const sending = waits({
  on: 'delivery',
  until: 'dueMs',
  late: watch('sending'),
  state: state({ always: waysOut('sending'), on: flow }),
})

/**
 * At least one attempt is still out under an assignment that has been superseded. New sends go out
 * under the newest one all the while; the old attempts end by their own answers or deadlines.
 */
const redirectInFlight = waits({
  on: 'delivery',
  until: 'dueMs',
  late: watch('redirectInFlight'),
  state: state({
    always: [
      ...waysOut('redirectInFlight'),
      // The newest endpoint may fail meanwhile: then it is tried again in time, not with the watch.
      {
        guard: 'isDueSooner',
        target: to('redirectInFlight'),
        reenter: true,
        actions: 'setWatch',
      },
    ],
    on: flow,
  }),
})

/** The endpoint failed: nothing is leased and nothing starts until it is time to try again. */
const backingOff = waits({
  on: 'outside',
  until: 'dueMs',
  late: watch('backingOff'),
  state: state({ always: waysOut('backingOff'), on: flow }),
})

/** An operator said stop. What is out ends by itself. */
const suspended = waits({
  on: 'delivery',
  until: 'dueMs',
  late: watch('suspended'),
  state: state({ always: waysOut('suspended'), on: flow }),
})

const isDraining = ignore('it is draining, and nothing starts any more')

/** The process is going. What does not end in time stays in the cache, and is sent in the next life. */
const draining = waits({
  on: 'delivery',
  until: 'dueMs',
  late: { target: to('stopped') },
  state: state({
    always: { guard: 'nothingOut', target: to('stopped') },
    on: {
      ...flow,
      'dispatch.suspended': isDraining,
      'dispatch.resumed': isDraining,
      'drain.requested': isDraining,
    },
  }),
})

export const dispatcher = machine.createMachine({
  id: 'dispatcher',
  context: ({ input }) => ({
    ...input,
    assignment: null,
    sends: {},
    pending: [],
    nextSend: 1,
    window: 'closed',
    // The cache goes by the highest round, and a dispatcher that is started anew has to be heard.
    round: input.startedAtMs,
    failures: 0,
    retryAtMs: instant(0),
    askedUntilMs: instant(0),
    intent: 'run',
    healthyEpoch: -1,
    dueMs: instant(input.startedAtMs + input.assignmentTimeoutMs),
  }),
  initial: to('awaitingEndpoint'),
  states: total<DispatcherInbox>()({
    awaitingEndpoint,
    idle,
    sending,
    redirectInFlight,
    backingOff,
    suspended,
    draining,
    stopped: { type: 'final' },
  }),
})
