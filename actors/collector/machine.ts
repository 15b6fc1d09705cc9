/** One collector in one life: it numbers what sources take in, and answers for it being kept. */
import { defer, ignore, impossible, total } from '../kit/state.ts'
import { targets } from '../kit/targets.ts'
import {
  appendDeadline,
  close,
  drainDeadline,
  giveNumbersBack,
  machine,
  noteFilled,
  refuseGroup,
  refuseOpen,
  requestAppend,
  retryDeadline,
  state,
  waits,
} from './actions.ts'
import { initialContext } from './context.ts'
import type { CollectorInbox } from './protocol.ts'

export type CollectorState =
  | 'starting'
  | 'accepting'
  | 'appending'
  | 'overdue'
  | 'refusing'
  | 'draining'
  | 'stopped'

const to = targets<CollectorState>()

const drain = {
  target: to('draining'),
  actions: [
    drainDeadline,
    { type: 'closeIntake', params: { reason: 'draining', retryAfterMs: 1_000 } },
  ],
} as const
const stop = { ...drain, target: to('stopped') } as const
const otherAppend = ignore('an answer to an append that ended before')
const nothingAppended = impossible('nothing was appended yet')

/** Clients wait, for a while. A cache that opened in a former life of ours will not say so again. */
const starting = waits({
  on: 'cache',
  until: 'dueMs',
  late: { target: to('refusing'), actions: [retryDeadline, close] },
  state: state({
    on: {
      'cache.opened': { target: to('accepting'), actions: ['forgetRefusal', 'openIntake'] },
      'cache.filled': noteFilled,
      'group.offered': refuseGroup,
      'append.done': nothingAppended,
      'append.refused': nothingAppended,
      'drain.requested': stop,
    },
  }),
})

const accepting = state({
  entry: 'takeGroup',
  on: {
    'group.offered': {
      target: to('appending'),
      actions: [
        { type: 'takeNumbers', params: ({ event }) => event },
        appendDeadline,
        requestAppend,
      ],
    },
    'cache.filled': {
      target: to('refusing'),
      actions: [{ type: 'noteRefusal', params: ({ event }) => event }, retryDeadline, close],
    },
    'cache.opened': ignore('it was open'),
    'append.done': otherAppend,
    'append.refused': otherAppend,
    'drain.requested': stop,
    'timer.fired': ignore('a timer of a state that was left'),
  },
})

const appending = waits({
  on: 'cache',
  until: 'dueMs',
  late: {
    target: to('overdue'),
    actions: [refuseOpen('overdue'), appendDeadline, close],
  },
  state: state({
    on: {
      'append.done': [
        {
          guard: { type: 'isOpen', params: ({ event }) => event },
          target: to('accepting'),
          actions: [
            { type: 'acknowledge', params: ({ event }) => event },
            'keepNumbers',
            'forgetRefusal',
          ],
        },
        otherAppend,
      ],
      'append.refused': [
        {
          guard: { type: 'isOpen', params: ({ event }) => event },
          target: to('refusing'),
          actions: [
            { type: 'noteRefusal', params: ({ event }) => event },
            refuseOpen('as the cache says'),
            giveNumbersBack,
            retryDeadline,
            close,
          ],
        },
        otherAppend,
      ],
      'cache.filled': noteFilled,
      'cache.opened': { actions: 'forgetRefusal' },
      'group.offered': defer,
      'drain.requested': drain,
    },
  }),
})

/** The clients were told 503, but the append may still be done: no number is used twice. */
const overdue = waits({
  on: 'cache',
  until: 'dueMs',
  late: {
    target: to('overdue'),
    reenter: true,
    actions: [
      { type: 'fault', params: { why: 'the cache leaves an append unanswered' } },
      appendDeadline,
    ],
  },
  state: state({
    on: {
      'append.done': [
        {
          guard: { type: 'isOpen', params: ({ event }) => event },
          target: to('accepting'),
          actions: ['keepNumbers', 'forgetRefusal', 'openIntake'],
        },
        otherAppend,
      ],
      'append.refused': [
        {
          guard: { type: 'isOpen', params: ({ event }) => event },
          target: to('refusing'),
          actions: [
            { type: 'noteRefusal', params: ({ event }) => event },
            giveNumbersBack,
            retryDeadline,
          ],
        },
        otherAppend,
      ],
      'cache.filled': noteFilled,
      'cache.opened': { actions: 'forgetRefusal' },
      'group.offered': refuseGroup,
      // Its clients have their answer already; that of the cache is for nobody.
      'drain.requested': stop,
    },
  }),
})

/** The cache said no. It says when that ends; if that word is lost, the next append asks again. */
const refusing = waits({
  on: 'cache',
  until: 'dueMs',
  late: { target: to('accepting'), actions: ['forgetRefusal', 'openIntake'] },
  state: state({
    on: {
      'cache.opened': { target: to('accepting'), actions: ['forgetRefusal', 'openIntake'] },
      'cache.filled': noteFilled,
      'group.offered': refuseGroup,
      'append.done': otherAppend,
      'append.refused': otherAppend,
      'drain.requested': stop,
    },
  }),
})

const draining = waits({
  on: 'cache',
  until: 'dueMs',
  late: { target: to('stopped'), actions: [refuseOpen('draining')] },
  state: state({
    on: {
      'append.done': [
        {
          guard: { type: 'isOpen', params: ({ event }) => event },
          target: to('stopped'),
          actions: [{ type: 'acknowledge', params: ({ event }) => event }, 'keepNumbers'],
        },
        otherAppend,
      ],
      'append.refused': [
        {
          guard: { type: 'isOpen', params: ({ event }) => event },
          target: to('stopped'),
          actions: [refuseOpen('draining'), giveNumbersBack],
        },
        otherAppend,
      ],
      'cache.filled': ignore('nothing more will be appended'),
      'cache.opened': ignore('nothing more will be appended'),
      'group.offered': refuseGroup,
      'drain.requested': ignore('it is draining'),
    },
  }),
})

export const collector = machine.createMachine({
  id: 'collector',
  context: ({ input }) => initialContext(input),
  initial: to('starting'),
  states: total<CollectorInbox>()({
    starting,
    accepting,
    appending,
    overdue,
    refusing,
    draining,
    stopped: { type: 'final' },
  }),
})
