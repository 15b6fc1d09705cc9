/** The endpoint of one route: who it is now, under which epoch, and who may change that. */
import { ignore, impossible, total } from '../kit/state.ts'
import { targets } from '../kit/targets.ts'
import {
  adopt,
  confirm,
  failCommand,
  machine,
  refuseCommand,
  refuseRedirect,
  rollBack,
  state,
  tellCurrent,
  waits,
  write,
} from './actions.ts'
import { initialContext } from './context.ts'
import type { EndpointManagerInbox } from './protocol.ts'

export type EndpointManagerState = 'unassigned' | 'assigning' | 'probation' | 'active' | 'pinned'

const to = targets<EndpointManagerState>()

const answeredLate = ignore('it was written twice, or given up: it says nothing any more')
const ofAnOlder = ignore('of an older assignment')

/** What every endpoint in use answers, however much it is trusted. */
const inUse = state({
  on: {
    'endpoint.commanded': [
      {
        guard: { type: 'isAllowed', params: ({ event }) => event },
        target: to('assigning'),
        actions: { type: 'command', params: ({ event }) => event },
      },
      { actions: refuseCommand },
    ],
    'endpoint.requested': { actions: tellCurrent },
    'redirect.reported': [
      {
        guard: { type: 'isFollowed', params: ({ event }) => event },
        target: to('assigning'),
        actions: { type: 'redirect', params: ({ event }) => event },
      },
      { guard: { type: 'isCurrent', params: ({ event }) => event }, actions: refuseRedirect },
      // Its sender waits for the newest, which was told; should that be lost, it is told again here.
      { actions: tellCurrent },
    ],
    'assignment.journaled': answeredLate,
    'journal.failed': answeredLate,
    'timer.fired': ignore('a timer of a state that was left'),
  },
}).on

/** Not even the configured endpoint could be made durable. It is tried again, or commanded. */
const unassigned = waits({
  on: 'outside',
  until: 'dueMs',
  late: { target: to('assigning'), actions: 'writeConfigured' },
  state: state({
    on: {
      'endpoint.commanded': inUse['endpoint.commanded'],
      'endpoint.pinned': { actions: 'pin' },
      'endpoint.unpinned': { actions: 'unpin' },
      'endpoint.requested': ignore('there is none yet; it will be told'),
      'redirect.reported': impossible('nothing was assigned yet'),
      'attempt.reported': impossible('nothing was assigned yet'),
      'assignment.journaled': answeredLate,
      'journal.failed': answeredLate,
    },
  }),
})

/** An assignment is with the journal. Nobody is told of it before it is durable; others queue. */
const assigning = waits({
  on: 'outside',
  until: 'dueMs',
  late: {
    target: to('assigning'),
    reenter: true,
    actions: [
      'writeLater',
      { type: 'fault', params: { why: 'the journal takes long to keep an assignment' } },
    ],
  },
  state: state({
    entry: write,
    on: {
      'assignment.journaled': [
        { guard: { type: 'isOfBefore', params: ({ event }) => event }, ...answeredLate },
        {
          guard: 'hasCommand',
          target: to('assigning'),
          reenter: true,
          actions: [adopt, 'commandNext'],
        },
        { guard: 'isPinned', target: to('pinned'), actions: adopt },
        { target: to('probation'), actions: adopt },
      ],
      'journal.failed': [
        { guard: { type: 'isOfBefore', params: ({ event }) => event }, ...answeredLate },
        // Given up now, it could still be kept, and be what the next life begins with.
        { guard: 'isWrittenAgain', actions: 'countFailedWrite' },
        {
          guard: 'hasCommand',
          target: to('assigning'),
          reenter: true,
          actions: [failCommand, 'commandNext'],
        },
        // Pinned or not: without an assignment, only its own deadline leads on from here.
        { guard: 'isUnassigned', target: to('unassigned'), actions: [failCommand, 'writeLater'] },
        { guard: 'isPinned', target: to('pinned'), actions: failCommand },
        { guard: 'isProven', target: to('active'), actions: failCommand },
        { target: to('probation'), actions: failCommand },
      ],
      'endpoint.commanded': [
        {
          guard: { type: 'mayQueue', params: ({ event }) => event },
          actions: { type: 'queue', params: ({ event }) => event },
        },
        { actions: refuseCommand },
      ],
      'endpoint.pinned': { actions: 'pin' },
      'endpoint.unpinned': { actions: 'unpin' },
      'endpoint.requested': { actions: tellCurrent },
      'redirect.reported': ignore('an assignment is on its way that supersedes it'),
      'attempt.reported': [
        { guard: { type: 'isGood', params: ({ event }) => event }, actions: 'prove' },
        ignore('the endpoint is being left'),
      ],
    },
  }),
})

/** A new endpoint has to prove itself. If it only fails, the one before it is assigned again. */
const probation = state({
  on: {
    ...inUse,
    'attempt.reported': [
      {
        guard: { type: 'isGood', params: ({ event }) => event },
        target: to('active'),
        actions: ['prove', confirm],
      },
      {
        guard: { type: 'isLastStraw', params: ({ event }) => event },
        target: to('assigning'),
        actions: rollBack,
      },
      { guard: { type: 'isFailure', params: ({ event }) => event }, actions: 'countFailure' },
      ofAnOlder,
    ],
    'endpoint.pinned': { target: to('pinned'), actions: 'pin' },
    'endpoint.unpinned': ignore('it was not pinned'),
  },
})

/** The endpoint has taken something. Failures from here on are an outage, not a reason to leave it. */
const active = state({
  on: {
    ...inUse,
    'attempt.reported': ignore('the endpoint has proved itself'),
    'endpoint.pinned': { target: to('pinned'), actions: 'pin' },
    'endpoint.unpinned': ignore('it was not pinned'),
  },
})

/** An operator said: here, whatever redirects and failures say. Commands are still taken. */
const pinned = state({
  on: {
    ...inUse,
    'attempt.reported': [
      { guard: { type: 'isGood', params: ({ event }) => event }, actions: 'prove' },
      ignore('an operator has pinned the endpoint'),
    ],
    'endpoint.pinned': ignore('it was pinned'),
    'endpoint.unpinned': [
      { guard: 'isProven', target: to('active'), actions: 'unpin' },
      { target: to('probation'), actions: 'unpin' },
    ],
  },
})

export const endpointManager = machine.createMachine({
  id: 'endpoint-manager',
  context: ({ input }) => initialContext(input),
  initial: to('assigning'),
  states: total<EndpointManagerInbox>()({ unassigned, assigning, probation, active, pinned }),
})
