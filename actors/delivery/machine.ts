/** One send, from its first attempt to the end of its batches. It never forgets one of them. */
import type { EndpointAssigned } from '../../schemas/messages.ts'
import { ignore, impossible, total } from '../kit/state.ts'
import { targets } from '../kit/targets.ts'
import { abandon, attempt, finish, machine, recordFates, report, state, waits } from './actions.ts'
import { attemptDeadline, type Outcome, type Way } from './judgement.ts'
import type { DeliveryInbox } from './protocol.ts'

export type DeliveryState =
  | 'attempting'
  | 'awaitingAssignment'
  | 'recording'
  | 'settled'
  | 'returned'

const to = targets<DeliveryState>()

/** Every way on from an outcome; `of` reads the outcome from the event. */
const waysOn = <Event>(of: (event: Event) => Outcome) => {
  const judge = {
    type: 'judge',
    params: ({ event }: { event: Event }) => ({ outcome: of(event) }),
  } as const
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
  late: timedOut.map((way) => ({ ...way, actions: [abandon, ...way.actions] })),
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
  late: waysOn(() => ({
    kind: 'redirectFailed',
    detail: 'the redirect was not answered',
    jitter: 0.5,
  })),
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
