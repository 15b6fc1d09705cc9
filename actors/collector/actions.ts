/** What the collector decides by and does: its guards, its effects. `machine.ts` says when. */
import { assign, setup } from 'xstate'
import { type InstantMs, instant } from '../../schemas/brand.ts'
import { effect, timer } from '../kit/port.ts'
import { type StateMeta, waiting } from '../kit/state.ts'
import type { Tell } from '../kit/tell.ts'
import { type CollectorContext, refusalOf, renewed } from './context.ts'
import { number } from './numbering.ts'
import type {
  CollectorInbox,
  CollectorInput,
  GroupOffered,
  IntakeEffects,
  Refusal,
} from './protocol.ts'

export const machine = setup({
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
    giveNumbersBack: assign(({ context }, { reason }: Pick<Refusal, 'reason'>) =>
      reason === 'storage_failed' ? renewed(context) : { open: null },
    ),
    setDeadline: assign({ dueMs: (_, { dueMs }: { dueMs: InstantMs }) => dueMs }),
    noteRefusal: assign({
      refusal: (_, { reason, retryAfterMs }: Refusal) => ({ reason, retryAfterMs }),
    }),
    forgetRefusal: assign({ refusal: null }),
  },
})

export const state = machine.createStateConfig
export const waits = waiting<'collector', CollectorContext>()

type Args = { context: CollectorContext; event: CollectorInbox }

export const appendDeadline = {
  type: 'setDeadline',
  params: ({ context, event }: Args) => ({ dueMs: instant(event.nowMs + context.appendTimeoutMs) }),
} as const
export const retryDeadline = {
  type: 'setDeadline',
  params: ({ context, event }: Args) => ({ dueMs: instant(event.nowMs + context.retryAfterMs) }),
} as const
export const drainDeadline = {
  type: 'setDeadline',
  params: ({ event }: { event: { deadlineMs: InstantMs } }) => ({ dueMs: event.deadlineMs }),
} as const

export const requestAppend = {
  type: 'tell',
  params: ({ context, event }: { context: CollectorContext; event: GroupOffered }) => ({
    to: 'cache' as const,
    message: {
      type: 'append.requested' as const,
      appendId: event.appendId,
      batches: context.open?.batches ?? [],
    },
  }),
} as const

/** Its numbers are free again, unless the log may have kept it all the same. */
export const giveNumbersBack = {
  type: 'giveNumbersBack',
  params: ({ event }: { event: Refusal }) => event,
} as const

export const close = {
  type: 'closeIntake',
  params: ({ context }: Args) => refusalOf(context),
} as const
export const refuseOpen = (reason: Refusal['reason'] | 'as the cache says') =>
  ({
    type: 'refuse',
    params: ({ context }: Args) => ({
      ...refusalOf(context),
      ...(reason === 'as the cache says' ? {} : { reason }),
      appendId: context.open?.appendId ?? -1,
    }),
  }) as const

/** A group that crossed with a closed intake: nothing of it was numbered. */
export const refuseGroup = {
  actions: {
    type: 'refuse',
    params: ({ context, event }: { context: CollectorContext; event: GroupOffered }) => ({
      ...refusalOf(context),
      appendId: event.appendId,
    }),
  },
} as const
export const noteFilled = {
  actions: { type: 'noteRefusal', params: ({ event }: { event: Refusal }) => event },
} as const
