/** What may happen next on a route, and what must be true of it at any time. */
import assert from 'node:assert/strict'
import type { AnyMachineSnapshot } from 'xstate'
import type { Verdict } from '../../actors/delivery/protocol.ts'
import { type Move, numberOf } from './explore.ts'
import { leasedUntil, urls } from './route-parts.ts'
import {
  type Bounds,
  type openRoute,
  type RouteWorld,
  recordedFor,
  stateOf,
} from './route-world.ts'

type Route = ReturnType<typeof openRoute>
/** Leases here outlive all sends. */
const leaseMs = 1_000_000

export const movesOf =
  (route: Route) =>
  (world: RouteWorld): readonly Move<RouteWorld>[] => [
    ...deliveries(route, world),
    ...leases(route, world),
    ...operator(route, world),
    ...journal(route, world),
    ...timers(route, world),
    ...Object.keys(world.sends).flatMap((sendId) => answers(route, world, sendId)),
  ]

/** A message arrives. */
const deliveries = (route: Route, world: RouteWorld): readonly Move<RouteWorld>[] =>
  Object.entries(world.channels).flatMap(([name, messages]) => {
    const arrives = (at: number, left: readonly { readonly type: string }[]): RouteWorld => {
      const { [name]: _, ...others } = world.channels
      const channels = left.length === 0 ? others : { ...world.channels, [name]: left }
      const to = name.slice(name.indexOf('>') + 1)
      return route.told({ ...world, channels }, to, messages[at] ?? { type: 'nothing' })
    }
    const moves: Move<RouteWorld>[] = []
    for (const [at, { type }] of messages.entries()) {
      moves.push([`${name}: ${type}`, () => arrives(at, messages.toSpliced(at, 1))])
      if (route.inputs.order === 'kept') return moves
      // A lease that comes twice is a batch that is sent twice: its channel must not do that.
      if (type !== 'batches.leased')
        moves.push([`${name}: ${type}, to come again`, () => arrives(at, messages)])
    }
    return moves
  })

/** The cache leases its first batch, if the window has room for one more. */
const leases = (route: Route, world: RouteWorld): readonly Move<RouteWorld>[] => {
  const leased = Object.values(world.batches).filter((it) => it === 'leased').length
  const [id] = Object.entries(world.batches).find(([, it]) => it === 'held') ?? []
  const held = id === undefined ? undefined : route.batchOf.get(id)
  if (id === undefined || held === undefined || leased >= world.window.batchesMax) return []
  const message = leasedUntil((Math.floor(world.nowMs / leaseMs) + 2) * leaseMs, held)
  const next = (): RouteWorld => ({
    ...world,
    batches: { ...world.batches, [id]: 'leased' },
    channels: {
      ...world.channels,
      'cache>dispatcher': [...(world.channels['cache>dispatcher'] ?? []), message],
    },
  })
  return [[`the cache leases ${id}`, next]]
}

const operator = (route: Route, world: RouteWorld): readonly Move<RouteWorld>[] => {
  if (world.left.commands === 0) return []
  const commandId = `k${world.left.commands}`
  const message = { type: 'endpoint.commanded', commandId, url: urls.b, reason: '' }
  const next = (): RouteWorld =>
    route.told(
      { ...route.spent(world, 'commands'), open: [...world.open, commandId] },
      'endpoint-manager',
      message,
    )
  return [[`the operator commands ${urls.b}`, next]]
}

const journal = (route: Route, world: RouteWorld): readonly Move<RouteWorld>[] => {
  const [first, ...writes] = world.writes
  if (first === undefined) return []
  const { write, url } = first
  const after = [...world.journal, url]
  const kept = { type: 'assignment.journaled', write, epoch: after.length }
  const failed = { type: 'journal.failed', write, detail: 'the journal failed' }
  const moves: Move<RouteWorld>[] = [
    [
      `journaled as ${after.length}`,
      () => route.told({ ...world, writes, journal: after }, 'endpoint-manager', kept),
    ],
  ]
  if (world.left.journalFaults > 0) {
    const next = (): RouteWorld =>
      route.told({ ...route.spent(world, 'journalFaults'), writes }, 'endpoint-manager', failed)
    moves.push(['the journal fails', next])
  }
  return moves
}

const isWaiting = ({ snapshot }: { readonly snapshot: unknown }): boolean =>
  Object.keys((snapshot as AnyMachineSnapshot).getMeta()).length > 0
const dueMsOf = ({ snapshot }: { readonly snapshot: unknown }): number =>
  (snapshot as AnyMachineSnapshot).context.dueMs

/** A deadline passes, and time with it. */
const timers = (route: Route, world: RouteWorld): readonly Move<RouteWorld>[] => {
  const actors = Object.entries({
    dispatcher: world.dispatcher,
    'endpoint-manager': world.manager,
    ...world.sends,
  }).filter(([, at]) => isWaiting(at))
  const earliestMs = Math.min(...actors.map(([, at]) => dueMsOf(at)))
  return actors.flatMap(([who, at]) => {
    const bound = boundOf(route, world, who)
    if (bound === 'never' || (bound !== 'free' && world.left[bound] === 0)) return []
    if (route.inputs.time === 'real' && dueMsOf(at) > earliestMs) return []
    const from = (): RouteWorld => (bound === 'free' ? world : route.spent(world, bound))
    const next = (): RouteWorld => route.told(from(), who, { type: 'timer.fired' }, dueMsOf(at))
    return [[`${who} is due while ${stateOf(at)}`, next]]
  })
}

/** What a passing deadline is counted as, so that it does not go on for ever. */
const boundOf = (
  { inputs }: Route,
  world: RouteWorld,
  who: string,
): keyof Bounds | 'free' | 'never' => {
  if (inputs.time === 'real') return 'free'
  if (who === 'dispatcher') {
    // The watch over sends repeats itself; what counts is the moment of the next try.
    return dueMsOf(world.dispatcher) <= world.nowMs + 1 ? 'free' : 'never'
  }
  if (who === 'endpoint-manager') {
    return stateOf(world.manager) === 'assigning' ? 'journalFaults' : 'free'
  }
  const send = world.sends[who]
  const state = send === undefined ? '' : stateOf(send)
  if (state === 'recording') return 'failures'
  // Where nothing else can happen any more, it is free: somebody would wait for ever.
  return state === 'awaitingAssignment' && isStill(world) ? 'free' : 'hangs'
}

const answers = (route: Route, world: RouteWorld, sendId: string): readonly Move<RouteWorld>[] => {
  const send = world.sends[sendId]
  if (send === undefined) return []
  const { context } = send.snapshot
  if (stateOf(send) === 'recording') {
    const recorded = recordedFor(send)
    return [[`the ledger has the ends of ${sendId}`, () => route.told(world, sendId, recorded)]]
  }
  if (stateOf(send) !== 'attempting') return []
  const answer = (verdict: Verdict, from = world): RouteWorld =>
    route.told(from, sendId, {
      type: 'attempt.answered',
      attempt: context.attempt,
      verdict,
      jitter: 0,
    } as never)
  const moves: Move<RouteWorld>[] = [
    [`${sendId} is answered 200`, () => answer({ kind: 'accepted' })],
  ]
  if (world.left.failures > 0) {
    const failed = { kind: 'failed', status: 500, detail: '' } as const
    moves.push([`${sendId} is answered 500`, () => answer(failed, route.spent(world, 'failures'))])
  }
  if (world.left.redirects > 0) {
    for (const location of [urls.a, urls.b]) {
      const redirected = { kind: 'redirected', status: 307, location } as const
      const next = (): RouteWorld => answer(redirected, route.spent(world, 'redirects'))
      moves.push([`${sendId} is answered 307 to ${location}`, next])
    }
  }
  return moves
}

/** Equal worlds have equal keys. */
export const keyOf = (world: RouteWorld): string => {
  let key = `${world.dispatcher.id} ${world.manager.id} ${world.nowMs} ${world.journal}`
  for (const sendId in world.sends) key += ` ${sendId} ${world.sends[sendId]?.id}`
  for (const name of Object.keys(world.channels).sort()) {
    key += ` ${name}`
    for (const message of world.channels[name] ?? []) key += ` ${numberOf(message)}`
  }
  for (const id in world.batches) key += ` ${world.batches[id]}`
  for (const what in world.left) key += ` ${world.left[what as keyof Bounds]}`
  return `${key} ${world.window.round} ${world.open} ${world.writes.map(({ write, url }) => write + url)}`
}

/** What is true at any time. */
export const checkOf =
  (route: Route) =>
  (world: RouteWorld): void => {
    const { context } = world.dispatcher.snapshot
    const epoch = context.assignment?.epoch ?? -1
    const state = stateOf(world.dispatcher)
    const isOlderOut = Object.values(context.sends).some((send) => send.epoch < epoch)
    assert.equal(
      state === 'redirectInFlight',
      isOlderOut,
      'redirectInFlight, and nothing older is out, or not',
    )
    for (const [sendId, { snapshot }] of Object.entries(world.sends)) {
      assert.ok(sendId in context.sends, `${sendId} is out, and the dispatcher does not know it`)
      assert.ok(snapshot.context.newest.epoch <= epoch, `${sendId} knows more than the dispatcher`)
      if (snapshot.context.under.epoch < epoch)
        assert.equal(state, 'redirectInFlight', `${sendId} is out under an older epoch`)
    }
    const { current } = world.manager.snapshot.context
    if (current !== null)
      assert.equal(
        current.url,
        world.journal[current.epoch - 1],
        'an assignment that is not in the journal',
      )
    checkHands(world)
    if (isStill(world)) checkStill(route, world)
  }

/** Every leased batch is in one place: on its way to the dispatcher, with it, or with one send. */
const checkHands = (world: RouteWorld): void => {
  const leasing = (world.channels['cache>dispatcher'] ?? []) as unknown as readonly {
    held: readonly { batch: { id: string } }[]
  }[]
  const hands = [
    ...leasing.flatMap(({ held }) => held),
    ...world.dispatcher.snapshot.context.pending.map(({ held }) => held),
    ...Object.values(world.sends).flatMap(({ snapshot }) => snapshot.context.held),
  ].map(({ batch }) => batch.id as string)
  const leased = Object.keys(world.batches).filter((id) => world.batches[id] === 'leased')
  assert.deepEqual(hands.sort(), leased.sort(), 'leased, and in no hands or in two')
}

/** No message is on its way and no assignment is being written. */
const isStill = ({ channels, writes, manager }: RouteWorld): boolean =>
  Object.keys(channels).length === 0 && writes.length === 0 && stateOf(manager) !== 'assigning'

const checkStill = ({ inputs }: Route, world: RouteWorld): void => {
  const { current } = world.manager.snapshot.context
  const { assignment, sends, failures } = world.dispatcher.snapshot.context
  assert.deepEqual(assignment, current, 'the newest assignment is not adopted')
  assert.deepEqual(world.open, [], 'a command that nobody answers')
  assert.deepEqual(
    Object.keys(sends).sort(),
    Object.keys(world.sends).sort(),
    'a send that has ended is still in the books',
  )
  const isOlderOut = Object.values(world.sends).some(
    ({ snapshot }) => snapshot.context.under.epoch < (assignment?.epoch ?? -1),
  )
  assert.equal(
    stateOf(world.dispatcher) === 'redirectInFlight',
    isOlderOut,
    'redirectInFlight, and no older attempt is out, or not',
  )
  if (assignment !== null && failures === 0)
    assert.ok(world.window.batchesMax > 1, 'the window is closed for no reason')
  for (const [sendId, { snapshot }] of Object.entries(world.sends)) {
    assert.equal(
      snapshot.context.newest.epoch,
      assignment?.epoch,
      `${sendId} was not told the newest`,
    )
    // An assignment that the journal did not take is no answer to a redirect; the deadline is.
    if (world.left.journalFaults < inputs.bounds.journalFaults) continue
    assert.notEqual(
      snapshot.value,
      'awaitingAssignment',
      `nobody answers the redirect of ${sendId}`,
    )
  }
}

export const isSettled = (world: RouteWorld): boolean =>
  Object.values(world.batches).every((it) => it === 'settled') &&
  isStill(world) &&
  stateOf(world.dispatcher) === 'idle' &&
  world.window.batchesMax > 0
