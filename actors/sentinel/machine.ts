/** One thing that is watched: whether it gets on, what was done about it, and whether that helped. */
import { assign, setup } from 'xstate'
import { type InstantMs, instant } from '../../schemas/brand.ts'
import { effect } from '../kit/port.ts'
import { ignore, total } from '../kit/state.ts'
import { targets } from '../kit/targets.ts'
import type { ProgressSeen, SentinelEffects, SentinelInbox, SentinelInput } from './protocol.ts'

export type SentinelState = 'watching' | 'suspecting' | 'stalled' | 'recovering' | 'failing'

export type SentinelContext = SentinelInput & {
  readonly progress: number
  /** When it last got on, or had nothing to do. */
  readonly sinceMs: InstantMs
  /** Held at most since then. */
  readonly records: number
  /** Until when the restart, or what comes of it, is waited for. */
  readonly dueMs: InstantMs
}

const to = targets<SentinelState>()

const machine = setup({
  types: {
    input: {} as SentinelInput,
    context: {} as SentinelContext,
    events: {} as SentinelInbox,
  },
  guards: {
    getsOn: ({ context }, seen: ProgressSeen) =>
      seen.work === 'none' || seen.progress !== context.progress,
    isStalled: ({ context, event }) => event.nowMs - context.sinceMs >= context.stallAfterMs,
    isDue: ({ context, event }) => event.nowMs >= context.dueMs,
  },
  actions: {
    announce: effect<SentinelEffects['announce']>('announce'),
    restart: effect<SentinelEffects['restart']>('restart'),
    note: assign(({ event }, { progress, records }: ProgressSeen) => ({
      progress,
      records,
      sinceMs: event.nowMs,
    })),
    measure: assign({
      records: ({ context }, { records }: ProgressSeen) => Math.max(context.records, records),
    }),
    setDeadline: assign({
      dueMs: ({ context, event }) => instant(event.nowMs + context.stallAfterMs),
    }),
  },
})

const state = machine.createStateConfig
type Facts = { readonly context: SentinelContext; readonly event: { readonly nowMs: InstantMs } }
const measured = ({ context, event }: Facts) => ({
  stalledMs: event.nowMs - context.sinceMs,
  records: context.records,
})
const announceStall = {
  type: 'announce',
  params: (facts: Facts) => ({ kind: 'stalled' as const, ...measured(facts) }),
} as const
const announceEnd = {
  type: 'announce',
  params: (facts: Facts) => ({ kind: 'recovered' as const, ...measured(facts) }),
} as const
const giveUp = (detail: string) =>
  ({
    type: 'announce',
    params: (facts: Facts) => ({ kind: 'givenUp' as const, detail, ...measured(facts) }),
  }) as const

const seen = ({ event }: { readonly event: ProgressSeen }): ProgressSeen => event
const getsOn = { type: 'getsOn', params: seen } as const
const note = { type: 'note', params: seen } as const
const measure = { type: 'measure', params: seen } as const
/** What was held up is counted with what came in meanwhile. */
const recovered = {
  guard: getsOn,
  target: to('watching'),
  actions: [measure, announceEnd, note],
} as const

const answered = ignore('it was answered before')
const tooLate = ignore('it got on, or was given up, before the restart was done')

const watching = state({
  on: {
    'progress.seen': [
      { guard: getsOn, actions: note },
      { target: to('suspecting'), actions: measure },
    ],
    'restart.done': tooLate,
    'restart.refused': tooLate,
  },
})

/** There is work, and since a sample or more nothing was done: which may mean nothing yet. */
const suspecting = state({
  on: {
    'progress.seen': [
      { guard: getsOn, target: to('watching'), actions: note },
      {
        guard: 'isStalled',
        target: to('stalled'),
        actions: [measure, announceStall, 'setDeadline'],
      },
      { actions: measure },
    ],
    'restart.done': tooLate,
    'restart.refused': tooLate,
  },
})

/** A stall. It is being started anew, if that can be done without the rest of the process. */
const stalled = state({
  entry: machine.enqueueActions(({ context, enqueue }) => {
    if (context.remedy === 'restart') enqueue('restart')
  }),
  always: {
    guard: ({ context }) => context.remedy === 'none',
    target: to('failing'),
    actions: giveUp('it cannot be started anew by itself'),
  },
  on: {
    'progress.seen': [
      recovered,
      {
        guard: 'isDue',
        target: to('failing'),
        actions: [measure, giveUp('nobody answered that it was started anew')],
      },
      { actions: measure },
    ],
    'restart.done': { target: to('recovering'), actions: 'setDeadline' },
    'restart.refused': {
      target: to('failing'),
      actions: {
        type: 'announce',
        params: ({ context, event }) => ({
          kind: 'givenUp' as const,
          detail: event.detail,
          ...measured({ context, event }),
        }),
      },
    },
  },
})

/** It was started anew, and has not done anything yet. */
const recovering = state({
  on: {
    'progress.seen': [
      recovered,
      {
        guard: 'isDue',
        target: to('failing'),
        actions: [measure, giveUp('it was started anew, and that did not help')],
      },
      { actions: measure },
    ],
    'restart.done': answered,
    'restart.refused': answered,
  },
})

/** Nothing is left but to start the process anew. Should it get on after all, that is said. */
const failing = state({
  on: {
    'progress.seen': [recovered, { actions: measure }],
    'restart.done': tooLate,
    'restart.refused': tooLate,
  },
})

export const sentinel = machine.createMachine({
  id: 'sentinel',
  context: ({ input }) => ({
    ...input,
    progress: 0,
    sinceMs: input.startedAtMs,
    records: 0,
    dueMs: input.startedAtMs,
  }),
  initial: to('watching'),
  states: total<SentinelInbox>()({ watching, suspecting, stalled, recovering, failing }),
})
