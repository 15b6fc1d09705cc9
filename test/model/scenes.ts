/** What is explored. Each scene lets some things go wrong, so that all of it can be looked at. */
import { batchBytes, part, type Scene, scene, urls } from './scene.ts'

const one = [[part()]]
const two = [[part()], [part()]]
const three = [[part()], [part()], [part()]]
/** What reaches its recipient at once, where a scene is about something else. */
const intake = ['intake>collector', 'cache>collector', 'collector>cache']
const leasing = ['cache>dispatcher', 'dispatcher>cache', 'delivery>cache']
const route = [
  'endpoint-manager>dispatcher',
  'dispatcher>endpoint-manager',
  'dispatcher>delivery',
  'delivery>dispatcher',
  'delivery>endpoint-manager',
]
const oneSend = { concurrency: 1 } as const
const everyVerdict = ['rejected', 'partial', 'tooLarge', 'unreadable'] as const
const everyFailure = ['failed', 'throttled', 'unreachable'] as const
/** What any actor may hear twice, or late, without being wrong. A lease that comes twice is none. */
const idempotent = [
  'cache.opened',
  'cache.filled',
  'demand.raised',
  'endpoint.assigned',
  'batches.returned',
  'batches.settled',
  'attempt.moved',
  'send.ended',
  'redirect.reported',
  'redirect.refused',
  'attempt.reported',
  'endpoint.requested',
  'append.done',
  'append.refused',
]

/** Smallest first: what one does not use of the bound on states is left to those behind it. */
export const scenes: readonly Scene[] = [
  scene({ name: 'nothing goes wrong', groups: three }),
  scene({
    name: 'the collector hears twice',
    groups: two,
    left: { doubles: 2, faults: 1, early: 1 },
    restless: idempotent,
    prompt: ['intake>collector', ...route, ...leasing],
  }),
  scene({
    name: 'an operator pins and commands while timers of former states fire',
    groups: one,
    left: { pins: 1, late: 1, faults: 1, commands: 1 },
    prompt: [...intake, ...leasing, ...route],
  }),
  scene({
    name: 'order is kept, whatever fails and wherever it goes',
    groups: two,
    left: { failures: 1, redirects: 1, early: 1 },
    dispatcher: { ordering: 'stream' },
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'words of the cache are lost, and the collector has to help itself',
    groups: two,
    left: { losses: 2, faults: 1, early: 1 },
    restless: ['cache.opened', 'cache.filled'],
    prompt: route,
  }),
  scene({
    name: 'groups of clients cross with words of the cache',
    groups: [...two, ...two],
    left: { early: 2, drains: 1 },
    cache: { capacityBytes: batchBytes, whenFull: 'refuse' },
    dispatcher: oneSend,
    prompt: ['collector>cache', ...route, ...leasing],
  }),
  scene({
    name: 'leases end while their batches are out',
    groups: two,
    left: { slips: 2, early: 2 },
    dispatcher: oneSend,
    prompt: intake,
  }),
  scene({
    name: 'redirect upon redirect while two sends are in flight',
    groups: two,
    left: { redirects: 2 },
    urls: [urls.b, urls.c],
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'the process dies while room is short',
    groups: two,
    left: { crashes: 1, faults: 1, early: 1 },
    cache: { capacityBytes: batchBytes },
    dispatcher: oneSend,
    prompt: [...route, ...leasing, 'intake>collector'],
  }),
  scene({
    name: 'records grow too old while an endpoint is down',
    groups: two,
    left: { failures: 2, early: 2 },
    failures: everyFailure,
    delivery: { ageMsMax: 50 },
    dispatcher: oneSend,
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'deadlines pass early, answers come late, timers of former states fire',
    groups: one,
    left: { early: 1, late: 1, redirects: 1, commands: 1 },
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'the process is stopped in order, whatever is under way',
    groups: two,
    left: { drains: 1, failures: 1, faults: 1, early: 1, suspensions: 1 },
    cache: { capacityBytes: batchBytes },
    dispatcher: oneSend,
    prompt: [...route, ...leasing, 'collector>cache'],
  }),
  scene({
    name: 'a cache that refuses runs full, on a disk that fails',
    groups: three,
    left: { faults: 2, early: 2 },
    cache: { capacityBytes: 2 * batchBytes, whenFull: 'refuse' },
    fileBatchesMax: 2,
    dispatcher: oneSend,
    prompt: [...route, ...leasing, 'intake>collector'],
  }),
  scene({
    name: 'messages come twice, and before others that were sent earlier',
    groups: one,
    left: { doubles: 1, redirects: 1, commands: 1, faults: 1 },
    restless: idempotent,
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'an endpoint is down for as long as it likes',
    groups: two,
    left: { failures: -1, early: 1 },
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'the process is stopped while a redirect is in flight',
    groups: one,
    left: { drains: 1, redirects: 1, commands: 1, failures: 1, suspensions: 1 },
    prompt: [...intake, 'dispatcher>cache', 'delivery>cache'],
  }),
  scene({
    name: 'a cache that overwrites runs full, on a disk that fails',
    groups: [[part('auth', 1, 'high')], [part('web', 1, 'low')], [part('web', 1, 'low')]],
    left: { faults: 2, early: 2 },
    cache: { capacityBytes: 2 * batchBytes },
    dispatcher: oneSend,
    prompt: [...route, ...leasing, 'intake>collector'],
  }),
  scene({
    name: 'endpoints refuse: 400, 413, partial success, and payloads that cannot be read',
    groups: [[part('auth', 2), part('web', 1)]],
    left: { refusals: 2, failures: 1, early: 1, suspensions: 1 },
    refusals: everyVerdict,
    dispatcher: { requestBatchesMax: 2, concurrency: 1 },
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'the journal fails and is slow while redirects and commands come',
    groups: one,
    left: { faults: 2, early: 1, commands: 2, pins: 1 },
    prompt: [...intake, ...leasing, 'delivery>dispatcher'],
  }),
  scene({
    name: 'endpoints fail until they are rolled back from, and redirect back',
    groups: two,
    left: { commands: 1, redirects: 1, failures: -1 },
    dispatcher: oneSend,
    prompt: intake,
  }),
  scene({
    name: 'the process dies at any moment, and once more',
    groups: one,
    left: { crashes: 2, commands: 1, faults: 1 },
    dispatcher: oneSend,
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'an operator pins, unpins, suspends and commands, and endpoints redirect',
    groups: one,
    left: { pins: 2, suspensions: 2, commands: 1, redirects: 1, failures: 1 },
    prompt: [...intake, ...leasing],
  }),
  scene({
    name: 'a cache that overwrites runs full, on a disk that is slow',
    groups: [[part()], [part()], [part()], [part()]],
    left: { faults: 1, early: 2 },
    cache: { capacityBytes: 2 * batchBytes },
    dispatcher: oneSend,
    prompt: [...route, ...leasing, ...intake],
  }),
  scene({
    name: 'more is held than the cache knows by name, and room is short',
    groups: [[part(), part('web')], [part()], [part()]],
    left: { faults: 1, early: 1 },
    cache: { readyMax: 1, capacityBytes: 3 * batchBytes },
    dispatcher: oneSend,
    prompt: [...route, ...intake, ...leasing],
  }),
  scene({
    name: 'a bit of everything',
    groups: two,
    left: {
      commands: 1,
      redirects: 1,
      failures: 1,
      refusals: 1,
      faults: 1,
      early: 1,
      slips: 1,
      late: 1,
      crashes: 1,
      drains: 1,
      pins: 1,
      suspensions: 1,
    },
  }),
]
