/** Mistakes in how batches are sent, and where to: the incident's own comes first. */
import { assign } from 'xstate'
import {
  attemptingAgain,
  type DeliveryContext,
  judged,
  type Outcome,
  type Way,
} from '../../actors/delivery/judgement.ts'
import { delivery } from '../../actors/delivery/machine.ts'
import { proceed, request, tellSends } from '../../actors/dispatcher/actions.ts'
import type { DispatcherContext } from '../../actors/dispatcher/books.ts'
import { dispatcher } from '../../actors/dispatcher/machine.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Assignment } from '../../schemas/messages.ts'
import type { Mutant } from './mutant-run.ts'
import {
  defer,
  edited,
  forPatience,
  ignored,
  provided,
  transitionsOf,
  withoutAction,
} from './mutation.ts'
import { part, type Scene, scene } from './scene.ts'

const one = [[part()]]
const two = [[part()], [part()]]
const intake = ['intake>collector', 'cache>collector', 'collector>cache']
const under = (left: Scene['left'], more: Partial<Scene> = {}): Scene =>
  scene({ name: 'the mutant’s own', groups: one, prompt: intake, left, ...more })

type Args = { readonly context: DeliveryContext; readonly event: { readonly nowMs: InstantMs } }
/** An endpoint that fails is taken for one that refuses for good. */
const twisted = (outcome: Outcome): Outcome =>
  outcome.kind === 'failed'
    ? { kind: 'rejected', status: outcome.status, message: '', jitter: outcome.jitter }
    : outcome

export const routeMutants: readonly Mutant[] = [
  {
    name: 'the incident: an assignment waits until no send is out, a send until it is assigned',
    breaks: 'there is a way on from every state',
    scene: under({ redirects: 1 }),
    system: {
      machines: {
        dispatcher: edited(dispatcher, (state) => {
          for (const busy of ['sending', 'redirectInFlight', 'backingOff'])
            state(busy).on['endpoint.assigned'] = defer
        }),
        delivery: edited(delivery, (state) => forPatience(state('awaitingAssignment'))),
      },
    },
  },
  {
    name: 'no demand is raised when a backoff is over',
    breaks: 'there is a way on from every state',
    scene: under({ failures: 1 }),
    system: {
      machines: {
        dispatcher: edited(dispatcher, (state) => {
          const { on } = state('backingOff')
          on['timer.fired'] = withoutAction(on['timer.fired'], proceed)
        }),
      },
    },
  },
  {
    name: 'an assignment that is older is taken over',
    breaks: 'epochs only grow',
    scene: under({ commands: 1 }, { restless: ['endpoint.assigned'] }),
    system: { machines: { dispatcher: provided(dispatcher, { guards: { isNewer: () => true } }) } },
  },
  {
    name: 'the deadline of an attempt is gone',
    breaks: 'there is a way on from every state',
    scene: under({ hangs: 1 }),
    system: {
      machines: { delivery: edited(delivery, (state) => forPatience(state('attempting'))) },
    },
  },
  {
    name: 'a redirect aborts the sends that are out, and forgets them',
    breaks: 'what is leased is in somebody’s hands',
    scene: under({ commands: 1 }),
    system: {
      machines: {
        delivery: edited(delivery, (state) => {
          state('attempting').on['endpoint.assigned'] = { target: 'returned' }
        }),
      },
    },
  },
  {
    name: 'a send goes on under the assignment that was superseded',
    breaks: 'no attempt goes out under an older assignment than its send knows',
    scene: under({ redirects: 1 }),
    system: {
      machines: {
        delivery: provided(delivery, {
          actions: {
            goOn: assign((({ context, event }: Args) => ({
              ...attemptingAgain(context, event.nowMs),
              under: context.under,
            })) as never),
          },
        }),
      },
    },
  },
  {
    name: 'a send starts under the assignment before the newest',
    breaks: 'no send starts under an assignment that its dispatcher knows to be superseded',
    scene: under({ commands: 1 }),
    system: {
      machines: {
        dispatcher: provided(dispatcher, {
          actions: {
            adopt: assign(
              (
                { context }: { context: DispatcherContext },
                { assignment }: { assignment: Assignment },
              ) => ({
                assignment: { ...assignment, epoch: context.assignment?.epoch ?? assignment.epoch },
              }),
            ),
          },
        }),
      },
    },
  },
  {
    name: 'a failed try counts as the end of a batch',
    breaks: 'nothing is dropped without a reason',
    scene: under({ failures: 1, drains: 1 }, { refusals: [] }),
    system: {
      machines: {
        delivery: provided(delivery, {
          actions: {
            judge: assign(
              (({ context, event }: Args, { outcome }: { outcome: Outcome }): DeliveryContext =>
                judged(context, twisted(outcome), event.nowMs).context) as never,
            ),
          },
          guards: {
            leadsTo: ({ context, event }: Args, { way, outcome }: { way: Way; outcome: Outcome }) =>
              judged(context, twisted(outcome), event.nowMs).way === way,
          },
        }),
      },
    },
  },
  {
    name: 'a batch is let go of before its end is durable',
    breaks: 'the end of what is let go of is durable',
    scene: under({}),
    system: {
      machines: {
        delivery: edited(delivery, (state) => {
          state('recording').entry = {
            type: 'tell',
            params: ({ context: { held } }: { context: DeliveryContext }) => ({
              to: 'cache',
              message: {
                type: 'batches.settled',
                settlements: held.map(({ batch, at }) => ({
                  batchId: batch.id,
                  at,
                  delivered: 1,
                  dropped: 0,
                })),
              },
            }),
          }
        }),
      },
    },
  },
  {
    name: 'a send counts as moved when its dispatcher has heard of the assignment',
    breaks: 'redirectInFlight, exactly while an older attempt is out',
    scene: under({ commands: 1 }),
    system: {
      machines: {
        dispatcher: provided(dispatcher, {
          actions: {
            adopt: assign(
              (
                { context }: { context: DispatcherContext },
                { assignment }: { assignment: Assignment },
              ) => ({
                assignment,
                sends: Object.fromEntries(
                  Object.entries(context.sends).map(([id, it]) => [
                    id,
                    { ...it, epoch: assignment.epoch },
                  ]),
                ),
              }),
            ),
          },
        }),
      },
    },
  },
  {
    name: 'while a redirect is in flight, no send is heard to end',
    breaks: 'there is a way on from every state',
    scene: under({ commands: 1 }),
    system: {
      machines: {
        dispatcher: edited(dispatcher, (state) => {
          state('redirectInFlight').on['send.ended'] = ignored
        }),
      },
    },
  },
  {
    name: 'sends are not told of a new assignment',
    breaks: 'there is a way on from every state',
    scene: under({ redirects: 1 }),
    system: {
      machines: {
        dispatcher: edited(dispatcher, (state) => {
          for (const name of ['sending', 'redirectInFlight'])
            state(name).on['endpoint.assigned'] = transitionsOf(
              withoutAction(state(name).on['endpoint.assigned'], tellSends),
            )
        }),
        delivery: edited(delivery, (state) => forPatience(state('awaitingAssignment'))),
      },
    },
  },
  {
    name: 'an assignment that is known already is asked for again',
    breaks: 'nothing goes on for ever',
    scene: under({ doubles: 1 }, { restless: ['endpoint.assigned'] }),
    system: {
      machines: {
        dispatcher: edited(dispatcher, (state) => {
          const [newer] = transitionsOf(state('idle').on['endpoint.assigned'])
          state('idle').on['endpoint.assigned'] = [newer, { actions: request }]
        }),
      },
    },
  },
  {
    name: 'two batches of a stream go out at once where order was asked for',
    breaks: 'with ordering: stream, one batch of a stream in flight',
    scene: under({}, { groups: two, dispatcher: { ordering: 'stream' } }),
    system: {
      machines: {
        dispatcher: edited(dispatcher, (_, config) => {
          const context = config['context'] as (args: unknown) => object
          config['context'] = (args: unknown) => ({ ...context(args), ordering: 'none' })
        }),
      },
    },
  },
  {
    name: 'while a send is out, an assignment that is known already is asked for again',
    breaks: 'nothing goes on for ever',
    scene: under({ doubles: 1 }, { restless: ['endpoint.assigned'] }),
    system: {
      machines: {
        dispatcher: edited(dispatcher, (state) => {
          const [newer] = transitionsOf(state('sending').on['endpoint.assigned'])
          state('sending').on['endpoint.assigned'] = [newer, { actions: request }]
        }),
      },
    },
  },
]
