/** One collector in one life: it numbers what sources take in, and answers for it being kept. */
import { assign, setup } from 'xstate'
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { Batch } from '../../schemas/messages.ts'
import { effect, timer } from '../kit/port.ts'
import { defer, ignore, impossible, type StateMeta, total, waiting } from '../kit/state.ts'
import { targets } from '../kit/targets.ts'
import type { Tell } from '../kit/tell.ts'
import { emptyBook, number, type SeqBook } from './numbering.ts'
import type { CollectorInbox, CollectorInput, GroupOffered, IntakeEffects, Refusal } from './protocol.ts' // biome-ignore format: one line

export type CollectorState =
  | 'starting'
  | 'accepting'
  | 'appending'
  | 'overdue'
  | 'refusing'
  | 'draining'
  | 'stopped'

type CollectorContext = CollectorInput & {
  /** Numbers that are taken. */
  readonly book: SeqBook
  /** The append under way, and the numbers that are taken once it is done. */
  readonly open: {
    readonly appendId: number
    readonly batches: readonly Batch[]
    readonly book: SeqBook
  } | null
  /** Why the cache takes nothing, while it does not. */
  readonly refusal: Refusal | null
  readonly dueMs: InstantMs
}

const to = targets<CollectorState>()

const machine = setup({
  types: {
    input: {} as CollectorInput,
    context: {} as CollectorContext,
    events: {} as CollectorInbox,
    meta: {} as StateMeta,
  },
  actors: { timer },
  guards: {
    isOpen: ({ context }, { appendId }: { appendId: number }) =>
      context.open?.appendId === appendId,
  },
  actions: {
    tell: effect<Tell<'cache'>>('tell'),
    takeGroup: effect('takeGroup'),
    acknowledge: effect<IntakeEffects['acknowledge']>('acknowledge'),
    refuse: effect<IntakeEffects['refuse']>('refuse'),
    closeIntake: effect<IntakeEffects['closeIntake']>('closeIntake'),
    openIntake: effect('openIntake'),
    defer: effect('defer'),
    fault: effect<{ why: string }>('fault'),
    takeNumbers: assign({
      open: ({ context }, { appendId, parts }: GroupOffered) => ({
        appendId,
        ...number(parts, context),
      }),
    }),
    keepNumbers: assign({ book: ({ context }) => context.open?.book ?? context.book, open: null }),
    giveNumbersBack: assign({ open: null }),
    setDeadline: assign({ dueMs: (_, { dueMs }: { dueMs: InstantMs }) => dueMs }),
    noteRefusal: assign({ refusal: (_, refusal: Refusal) => refusal }),
    forgetRefusal: assign({ refusal: null }),
  },
})

const state = machine.createStateConfig
const waits = waiting<'collector', CollectorContext>()

const appendDeadline = {
  type: 'setDeadline',
  params: ({ context, event }: Args) => ({ dueMs: instant(event.nowMs + context.appendTimeoutMs) }),
} as const
const retryDeadline = {
  type: 'setDeadline',
  params: ({ context, event }: Args) => ({ dueMs: instant(event.nowMs + context.retryAfterMs) }),
} as const
const close = {
  type: 'closeIntake',
  params: ({ context }: Args) => refusalOf(context),
} as const
const refuseOpen = (reason: Refusal['reason'] | 'as the cache says') =>
  ({
    type: 'refuse',
    params: ({ context }: Args) => ({
      ...refusalOf(context),
      ...(reason === 'as the cache says' ? {} : { reason }),
      appendId: context.open?.appendId ?? -1,
    }),
  }) as const
type Args = { context: CollectorContext; event: CollectorInbox }

/** A group that crossed with a closed intake: nothing of it was numbered. */
const refuseGroup = {
  actions: {
    type: 'refuse',
    params: ({ context, event }: { context: CollectorContext; event: GroupOffered }) => ({
      ...refusalOf(context),
      appendId: event.appendId,
    }),
  },
} as const
const noteFilled = {
  actions: { type: 'noteRefusal', params: ({ event }: { event: Refusal }) => event },
} as const
const drain = {
  target: to('draining'),
  actions: [
    { type: 'setDeadline', params: ({ event }: { event: { deadlineMs: InstantMs } }) => ({ dueMs: event.deadlineMs }) }, // biome-ignore format: one line
    { type: 'closeIntake', params: { reason: 'draining', retryAfterMs: 1_000 } },
  ],
} as const
const otherAppend = ignore('an answer to an append that ended before')

const starting = waits({
  on: 'cache',
  until: 'dueMs',
  late: { target: to('starting'), reenter: true, actions: [retryDeadline] },
  state: state({
    on: {
      'cache.opened': { target: to('accepting'), actions: ['forgetRefusal', 'openIntake'] },
      'cache.filled': noteFilled,
      'group.offered': refuseGroup,
      'append.done': impossible('nothing was appended yet'),
      'append.refused': impossible('nothing was appended yet'),
      'drain.requested': { ...drain, target: to('stopped') },
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
        {
          type: 'tell',
          params: ({ context, event }) => ({
            to: 'cache',
            message: {
              type: 'append.requested',
              appendId: event.appendId,
              batches: context.open?.batches ?? [],
            },
          }),
        },
      ],
    },
    'cache.filled': {
      target: to('refusing'),
      actions: [{ type: 'noteRefusal', params: ({ event }) => event }, retryDeadline, close],
    },
    'cache.opened': ignore('it was open'),
    'append.done': otherAppend,
    'append.refused': otherAppend,
    'drain.requested': { ...drain, target: to('stopped') },
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
          actions: [{ type: 'acknowledge', params: ({ event }) => event }, 'keepNumbers'],
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
            'giveNumbersBack',
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
    actions: [{ type: 'fault', params: { why: 'the cache leaves an append unanswered' } }, appendDeadline], // biome-ignore format: one line
  },
  state: state({
    on: {
      'append.done': [
        {
          guard: { type: 'isOpen', params: ({ event }) => event },
          target: to('accepting'),
          actions: ['keepNumbers', 'openIntake'],
        },
        otherAppend,
      ],
      'append.refused': [
        {
          guard: { type: 'isOpen', params: ({ event }) => event },
          target: to('refusing'),
          actions: [{ type: 'noteRefusal', params: ({ event }) => event }, 'giveNumbersBack', retryDeadline], // biome-ignore format: one line
        },
        otherAppend,
      ],
      'cache.filled': noteFilled,
      'cache.opened': { actions: 'forgetRefusal' },
      'group.offered': refuseGroup,
      'drain.requested': drain,
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
      'drain.requested': { ...drain, target: to('stopped') },
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
          actions: [refuseOpen('draining'), 'giveNumbersBack'],
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
  context: ({ input }) => ({
    ...input,
    book: emptyBook,
    open: null,
    refusal: null,
    dueMs: instant(input.startedAtMs + input.appendTimeoutMs),
  }),
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

const refusalOf = ({ refusal, retryAfterMs }: CollectorContext): Refusal =>
  refusal ?? { reason: 'overdue', retryAfterMs }
