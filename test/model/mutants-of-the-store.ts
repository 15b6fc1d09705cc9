/** Mistakes in how records are taken in, kept, and let go of. */
import { assign, enqueueActions } from 'xstate'
import { proceed as proceedCache, sweep, tellOpened } from '../../actors/cache/actions.ts'
import type { CacheContext } from '../../actors/cache/context.ts'
import { settled } from '../../actors/cache/leasing.ts'
import { cache } from '../../actors/cache/machine.ts'
import type { CollectorContext } from '../../actors/collector/context.ts'
import { collector } from '../../actors/collector/machine.ts'
import { proceed } from '../../actors/dispatcher/actions.ts'
import { dispatcher } from '../../actors/dispatcher/machine.ts'
import type { DemandRaised, Held, Settlement } from '../../schemas/messages.ts'
import type { Mutant } from './mutant-run.ts'
import { edited, forPatience, ignored, provided, withoutAction } from './mutation.ts'
import { batchBytes, part, type Scene, scene } from './scene.ts'

const one = [[part()]]
const two = [[part()], [part()]]
const three = [[part()], [part()], [part()]]
const route = [
  'endpoint-manager>dispatcher',
  'dispatcher>endpoint-manager',
  'dispatcher>delivery',
  'delivery>dispatcher',
  'delivery>endpoint-manager',
]
const under = (left: Scene['left'], more: Partial<Scene> = {}): Scene =>
  scene({ name: 'the mutant’s own', groups: one, prompt: route, left, ...more })

type InCache = { readonly context: CacheContext }

export const storeMutants: readonly Mutant[] = [
  {
    name: 'a segment is removed before its loss is durable',
    breaks: 'no removal without a durable eviction',
    scene: under({}, { groups: two, cache: { capacityBytes: batchBytes } }),
    system: {
      machines: {
        cache: provided(cache, {
          actions: {
            recordEviction: enqueueActions(({ enqueue }, { segment }: { segment: number }) => {
              const eviction = { segment, batches: 0, dropped: 0 }
              enqueue({ type: 'removeEvicted', params: { eviction } } as never)
            }),
          },
        }),
      },
    },
  },
  {
    name: 'a segment is retired with a batch pending',
    breaks: 'what is retired has ended',
    scene: under({}, { groups: three, fileBatchesMax: 2 }),
    system: {
      machines: {
        cache: provided(cache, {
          actions: {
            settle: assign(
              ({ context }: InCache, { settlements }: { settlements: readonly Settlement[] }) => {
                const next = settled(context, settlements)
                const segments = next.lanes.normal.segments.map((it) => ({ ...it, batches: 0 }))
                return {
                  ...next,
                  lanes: { ...next.lanes, normal: { ...next.lanes.normal, segments } },
                }
              },
            ),
          },
        }),
      },
    },
  },
  {
    name: 'batches that come back are lost',
    breaks: 'what is pending is known to the cache',
    scene: under({ failures: 1 }),
    system: {
      machines: {
        cache: provided(cache, {
          actions: {
            takeBack: assign(({ context }: InCache, { held }: { held: readonly Held[] }) => ({
              leases: context.leases.filter(
                (it) => !held.some(({ batch }) => batch.id === it.held.batch.id),
              ),
            })),
          },
        }),
      },
    },
  },
  {
    name: 'demand is counted up, instead of replaced',
    breaks: 'no more is leased than was asked for',
    scene: under(
      { doubles: 1 },
      { groups: three, restless: ['demand.raised'], dispatcher: { concurrency: 1 } },
    ),
    system: {
      machines: {
        cache: provided(cache, {
          actions: {
            setWindow: assign(
              (
                { context }: InCache,
                { dispatcher: name, round, batchesMax, bytesMax }: DemandRaised,
              ) => ({
                windows: [
                  {
                    dispatcher: name,
                    round,
                    bytesMax,
                    batchesMax: batchesMax + (context.windows[0]?.batchesMax ?? 0),
                  },
                ],
              }),
            ),
          },
        }),
      },
    },
  },
  {
    name: 'a lease never ends',
    breaks: 'there is a way on from every state',
    scene: under({ losses: 1, failures: 1 }, { restless: ['batches.returned'] }),
    system: {
      machines: {
        cache: edited(cache, (state) => {
          for (const name of ['open', 'full', 'appending'])
            state(name).on['timer.fired'] = withoutAction(state(name).on['timer.fired'], sweep)
          state('appending').on['log.appended'] = withoutAction(
            state('appending').on['log.appended'],
            sweep,
          )
        }),
      },
    },
  },
  {
    name: 'what is put off is never handed over again',
    breaks: 'there is a way on from every state',
    scene: under({}),
    system: {
      machines: {
        cache: edited(cache, (state) => {
          state('recovering').on['demand.raised'] = ignored
        }),
      },
    },
  },
  {
    name: 'at the start the cache waits for demand, and the dispatcher for a lease',
    breaks: 'there is a way on from every state',
    scene: under({}),
    system: {
      machines: {
        cache: edited(cache, (state) => {
          const { on } = state('recovering')
          on['log.recovered'] = {
            actions: [{ type: 'recovered', params: ({ event }: { event: object }) => event }],
          }
          on['demand.raised'] = {
            target: 'open',
            actions: [
              { type: 'setWindow', params: ({ event }: { event: object }) => event },
              proceedCache,
              tellOpened,
            ],
          }
        }),
        dispatcher: edited(dispatcher, (state) => {
          const { on } = state('awaitingEndpoint')
          on['endpoint.assigned'] = withoutAction(on['endpoint.assigned'], proceed)
        }),
      },
    },
  },
  {
    name: 'a cache that is full waits to be told that it is not',
    breaks: 'there is a way on from every state',
    scene: under({}, { groups: two, cache: { capacityBytes: batchBytes, whenFull: 'refuse' } }),
    system: {
      machines: {
        cache: edited(cache, (state) => {
          forPatience(state('full'))
          delete state('full').always
        }),
      },
    },
  },
  {
    name: 'a cache that cannot evict keeps the append for ever',
    breaks: 'every client is answered',
    scene: under({ faults: 1 }, { groups: two, cache: { capacityBytes: batchBytes } }),
    system: {
      machines: {
        cache: edited(cache, (state) => {
          forPatience(state('evicting'))
          state('evicting').on['eviction.failed'] = ignored
        }),
      },
    },
  },
  {
    name: 'a group is acknowledged before it is kept',
    breaks: 'a 200 only after durable',
    scene: under({}),
    system: {
      machines: {
        collector: edited(collector, (state) => {
          state('appending').entry = {
            type: 'acknowledge',
            params: ({ context }: { context: CollectorContext }) => ({
              appendId: context.open?.appendId ?? -1,
            }),
          }
        }),
      },
    },
  },
  {
    name: 'the numbers of a refused append stay taken',
    breaks: 'no number of a stream is left out',
    scene: under({ faults: 1 }, { groups: two }),
    system: {
      machines: {
        collector: provided(collector, {
          actions: {
            giveNumbersBack: assign(({ context }: { context: CollectorContext }) => ({
              book: context.open?.book ?? context.book,
              open: null,
            })),
          },
        }),
      },
    },
  },
  {
    name: 'the collector opens again only when it is told to',
    breaks: 'there is a way on from every state',
    scene: under({ losses: 1, faults: 1 }, { groups: two, restless: ['cache.opened'] }),
    system: {
      machines: { collector: edited(collector, (state) => forPatience(state('refusing'))) },
    },
  },
  {
    name: 'two ends of one batch are both counted',
    breaks: 'accepted = delivered + dropped + pending',
    scene: under({ early: 1 }),
    system: { secondEnd: 'counted' },
  },
]
