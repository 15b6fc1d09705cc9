/** The cache of one pipeline: what is held, who has it, and what must go. It knows no endpoint. */
import { defer, impossible, total } from '../kit/state.ts'
import { targets } from '../kit/targets.ts'
import {
  evictOne,
  machine,
  proceed,
  refuseAppend,
  removeOne,
  state,
  sweep,
  tellOpened,
  waits,
  writeToLog,
} from './actions.ts'
import { books } from './books.ts'
import { type CacheContext, initialContext } from './context.ts'
import type { CacheInbox } from './protocol.ts'

export type CacheState =
  | 'recovering'
  | 'open'
  | 'appending'
  | 'evicting'
  | 'removing'
  | 'full'
  | 'stopped'

const to = targets<CacheState>()

const theAppend = ({ context }: { context: CacheContext }) => context.append
const isRecoveredOnce = impossible('the record log is recovered once, first')
const nothingIsOut = impossible('no append is with the record log')
const nothingWasAsked = impossible('the record log was asked to recover, and nothing else')
const noAppendIsOut = {
  'log.appended': nothingIsOut,
  'log.failed': nothingIsOut,
  'log.recovered': isRecoveredOnce,
} as const

const recovering = waits({
  on: 'outside',
  until: 'dueMs',
  late: {
    target: to('recovering'),
    reenter: true,
    actions: [
      'setDiskDeadline',
      { type: 'fault', params: { why: 'the record log takes long to recover' } },
    ],
  },
  state: state({
    entry: 'recover',
    on: {
      'log.recovered': {
        target: to('open'),
        actions: [{ type: 'recovered', params: ({ event }) => event }, sweep, proceed, tellOpened],
      },
      'append.requested': defer,
      'demand.raised': defer,
      'batches.settled': defer,
      'batches.returned': defer,
      'drain.requested': defer,
      'batches.loaded': nothingWasAsked,
      'log.appended': nothingIsOut,
      'log.failed': nothingIsOut,
      'eviction.recorded': nothingWasAsked,
      'eviction.failed': nothingWasAsked,
      'segment.removed': nothingWasAsked,
      'removal.failed': nothingWasAsked,
    },
  }),
})

/** Takes appends. It waits, if for anything, for dispatchers to settle what they were leased. */
const open = waits({
  on: 'dispatcher',
  until: 'sweepAtMs',
  late: {
    target: to('open'),
    reenter: true,
    actions: [sweep, proceed],
  },
  state: state({
    on: {
      ...books,
      'append.requested': [
        {
          guard: { type: 'fits', params: ({ event }) => event },
          target: to('appending'),
          actions: [{ type: 'take', params: ({ event }) => event }, 'setDiskDeadline', writeToLog],
        },
        {
          guard: { type: 'canRemove', params: ({ event }) => event },
          target: to('removing'),
          actions: [{ type: 'take', params: ({ event }) => event }, 'setDiskDeadline', removeOne],
        },
        {
          guard: { type: 'canEvict', params: ({ event }) => event },
          target: to('evicting'),
          actions: [{ type: 'take', params: ({ event }) => event }, 'setDiskDeadline', evictOne],
        },
        {
          target: to('full'),
          actions: [{ type: 'take', params: ({ event }) => event }, refuseAppend, 'setRetry'],
        },
      ],
      'drain.requested': to('stopped'),
      ...noAppendIsOut,
    },
  }),
})

const appending = waits({
  on: 'outside',
  until: 'dueMs',
  late: {
    target: to('appending'),
    reenter: true,
    actions: [
      'setDiskDeadline',
      { type: 'fault', params: { why: 'the disk takes long to keep an append' } },
      sweep,
      proceed,
    ],
  },
  state: state({
    on: {
      ...books,
      'log.appended': {
        target: to('open'),
        actions: [
          { type: 'index', params: ({ event }) => event },
          {
            type: 'tell',
            params: ({ event }) => ({
              to: 'collector',
              message: { type: 'append.done', appendId: event.appendId },
            }),
          },
          'letGo',
          // While append follows append, `open` is left before its own timer can fire.
          sweep,
          proceed,
        ],
      },
      // A full disk may need just the space of a segment in which nothing is pending any more.
      'log.failed': { target: to('full'), actions: [refuseAppend, proceed, 'setRetry'] },
      'append.requested': defer,
      'drain.requested': defer,
      'log.recovered': isRecoveredOnce,
    },
  }),
})

const giveUp = { target: to('full'), actions: [refuseAppend, 'setRetry'] } as const

/** The drop events of a segment are being made durable. Not a byte of it is gone. */
const evicting = waits({
  on: 'outside',
  until: 'dueMs',
  late: giveUp,
  state: state({
    on: {
      ...books,
      'eviction.recorded': [
        {
          guard: { type: 'isVictim', params: ({ event }) => event.eviction },
          target: to('removing'),
          actions: [
            { type: 'noteRecorded', params: ({ event }) => event },
            { type: 'removeEvicted', params: ({ event }) => ({ eviction: event.eviction }) },
            'setDiskDeadline',
          ],
        },
        books['eviction.recorded'],
      ],
      'eviction.failed': [
        { guard: { type: 'isVictim', params: ({ event }) => event }, ...giveUp },
        books['eviction.failed'],
      ],
      'append.requested': defer,
      'drain.requested': defer,
      ...noAppendIsOut,
    },
  }),
})

/** A segment is being deleted, to make room for the append at hand. */
const removing = waits({
  on: 'outside',
  until: 'dueMs',
  late: giveUp,
  state: state({
    on: {
      ...books,
      'eviction.failed': [
        { guard: { type: 'isVictim', params: ({ event }) => event }, ...giveUp },
        books['eviction.failed'],
      ],
      'removal.failed': [
        { guard: { type: 'isVictim', params: ({ event }) => event }, ...giveUp },
        books['removal.failed'],
      ],
      'append.requested': defer,
      'drain.requested': defer,
      ...noAppendIsOut,
    },
    always: [
      {
        guard: { type: 'fits', params: theAppend },
        target: to('appending'),
        actions: ['setDiskDeadline', writeToLog],
      },
      {
        guard: { type: 'canRemove', params: theAppend },
        target: to('removing'),
        reenter: true,
        actions: ['setDiskDeadline', removeOne],
      },
      {
        guard: { type: 'canEvict', params: theAppend },
        target: to('evicting'),
        actions: ['setDiskDeadline', evictOne],
      },
      { ...giveUp, guard: 'victimIsGone' },
    ],
  }),
})

/** Takes no appends: it says so to whoever asks, and when that has ended. */
const full = waits({
  on: 'dispatcher',
  until: 'dueMs',
  late: [
    {
      guard: 'mayBeTriedAgain',
      target: to('open'),
      actions: [sweep, proceed, 'forgetRefusal', tellOpened],
    },
    {
      target: to('full'),
      reenter: true,
      actions: ['setRetry', sweep, proceed],
    },
  ],
  state: state({
    always: {
      guard: 'isRoomyAgain',
      target: to('open'),
      actions: ['forgetRefusal', tellOpened],
    },
    on: {
      ...books,
      'append.requested': {
        actions: [{ type: 'take', params: ({ event }) => event }, refuseAppend],
      },
      'drain.requested': to('stopped'),
      ...noAppendIsOut,
    },
  }),
})

export const cache = machine.createMachine({
  id: 'cache',
  context: ({ input }) => initialContext(input),
  initial: to('recovering'),
  states: total<CacheInbox>()({
    recovering,
    open,
    appending,
    evicting,
    removing,
    full,
    stopped: { type: 'final' },
  }),
})
