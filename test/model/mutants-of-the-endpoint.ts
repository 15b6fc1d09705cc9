/** Mistakes in who says where to send, under which epoch, and what of it is durable. */
import { assign } from 'xstate'
import type { EndpointManagerContext } from '../../actors/endpoint-manager/context.ts'
import { endpointManager } from '../../actors/endpoint-manager/machine.ts'
import { resumption } from '../../actors/endpoint-manager/resumption.ts'
import type { Mutant } from './mutant-run.ts'
import { edited, ignored, provided } from './mutation.ts'
import { part, type Scene, scene, urls } from './scene.ts'

const one = [[part()]]
const two = [[part()], [part()]]
const intake = ['intake>collector', 'cache>collector', 'collector>cache']
const under = (left: Scene['left'], more: Partial<Scene> = {}): Scene =>
  scene({ name: 'the mutant’s own', groups: one, prompt: intake, left, ...more })

export const endpointMutants: readonly Mutant[] = [
  {
    name: 'what the journal holds is not looked at after a restart',
    breaks: 'a restart knows every assignment that anybody was told of',
    scene: under({ crashes: 1, commands: 1 }),
    system: { resumption: (former, given) => resumption(former, { ...given, assignments: [] }) },
  },
  {
    name: 'an endpoint that was rolled back to is left again for the other',
    breaks: 'an endpoint is rolled back from once for each time that one was gone to',
    scene: under({ commands: 1, failures: -1 }, { groups: two, dispatcher: { concurrency: 1 } }),
    system: {
      machines: {
        'endpoint-manager': edited(endpointManager, (state) => {
          state('probation').entry = assign(({ context }: { context: EndpointManagerContext }) => ({
            lastGood:
              context.lastGood ??
              (context.current?.url === urls.a && context.current.by !== 'configuration'
                ? urls.b
                : null),
          }))
        }),
      },
    },
  },
  {
    name: 'a command that comes while an assignment is written is lost',
    breaks: 'every command is answered',
    scene: under({ commands: 2 }),
    system: {
      machines: {
        'endpoint-manager': edited(endpointManager, (state) => {
          state('assigning').on['endpoint.commanded'] = ignored
        }),
      },
    },
  },
  {
    name: 'an assignment is told before it is durable',
    breaks: 'what is told is in the journal',
    scene: under({ commands: 1 }),
    system: {
      machines: {
        'endpoint-manager': edited(endpointManager, (state) => {
          state('assigning').on['endpoint.requested'] = {
            actions: {
              type: 'tell',
              params: ({ context: { writing } }: { context: EndpointManagerContext }) => ({
                to: 'dispatcher',
                message: { type: 'endpoint.assigned', assignment: { ...writing?.draft, epoch: 9 } },
              }),
            },
          }
        }),
      },
    },
  },
  {
    name: 'an answer of the journal is taken for one to the write that is out',
    breaks: 'what is told is in the journal',
    scene: under({ commands: 1, early: 1 }),
    system: { journalAnswers: 'to the write that is out' },
  },
  {
    name: 'pinned before anything was assigned, the endpoint manager rests',
    breaks: 'there is a way on from every state',
    scene: under({ pins: 1, faults: 1 }),
    system: {
      machines: {
        'endpoint-manager': provided(endpointManager, { guards: { isUnassigned: () => false } }),
      },
    },
  },
  {
    name: 'an assignment that is written twice has failed when one write has',
    breaks: 'the newest assignment that is durable is adopted',
    scene: under({ commands: 1, faults: 1, early: 1 }),
    system: {
      machines: {
        'endpoint-manager': provided(endpointManager, { guards: { isWrittenAgain: () => false } }),
      },
    },
  },
]
