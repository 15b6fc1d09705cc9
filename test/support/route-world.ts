/**
 * A route as a whole: the real dispatcher, the real endpoint manager and a real delivery for each send,
 * with channels between them, and around them what may happen: an operator, endpoints that answer in
 * every way or not at all, a journal, a ledger, and a cache that only keeps count.
 */
import assert from 'node:assert/strict'
import type { AnyMachineSnapshot } from 'xstate'
import { delivery } from '../../actors/delivery/machine.ts'
import { fatesOf } from '../../actors/delivery/pieces.ts'
import type { DeliveryEffects, DeliveryInput } from '../../actors/delivery/protocol.ts'
import { dispatcher } from '../../actors/dispatcher/machine.ts'
import type { DispatcherEffects, DispatcherInput } from '../../actors/dispatcher/protocol.ts'
import { endpointManager } from '../../actors/endpoint-manager/machine.ts'
import type {
  EndpointManagerEffects,
  EndpointManagerInput,
} from '../../actors/endpoint-manager/protocol.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import type { BatchesReturned, DemandRaised, Held } from '../../schemas/messages.ts'
import type { Effect } from './drive.ts'
import { type Known, type KnownStep, remembered } from './explore.ts'
import { settlementOf } from './route-parts.ts'

type Message = { readonly type: string }
export type Bounds = {
  /** Of the operator. */
  readonly commands: number
  /** Answers 307. */
  readonly redirects: number
  /** Answers that are a failure, of an endpoint or of the ledger. */
  readonly failures: number
  /** Attempts that hang to their deadline. */
  readonly hangs: number
  /** Writes that the journal takes long for, or fails to make. */
  readonly journalFaults: number
}
export type RouteWorld = {
  readonly nowMs: number
  readonly dispatcher: Known<typeof dispatcher>
  readonly manager: Known<typeof endpointManager>
  readonly sends: Readonly<Record<string, Known<typeof delivery>>>
  /** Messages on their way, by `sender>recipient`. */
  readonly channels: Readonly<Record<string, readonly Message[]>>
  readonly batches: Readonly<Record<string, 'held' | 'leased' | 'settled'>>
  readonly window: { readonly round: number; readonly batchesMax: number }
  /** Writes that the journal has not answered. */
  readonly writes: readonly { readonly write: number; readonly url: string }[]
  /** What it holds: the url of each epoch, from 1. */
  readonly journal: readonly string[]
  readonly left: Bounds
  /** Commands that were not answered. */
  readonly open: readonly string[]
}

export type RouteInputs = {
  readonly dispatcher: DispatcherInput
  readonly delivery: Pick<
    DeliveryInput,
    'attemptTimeoutMs' | 'assignmentTimeoutMs' | 'recordTimeoutMs' | 'ageMsMax'
  >
  readonly manager: EndpointManagerInput
  readonly held: readonly Held[]
  readonly bounds: Bounds
  /**
   * Who takes a step of its own: the ledger to answer, or the endpoint manager to hear how sends end.
   * Whoever is not named does so before anything else happens, which leaves fewer worlds to look at.
   */
  readonly slow: readonly ('ledger' | 'reports')[]
  /** `none`: any deadline may pass at any moment; `real`: the next one to pass is the earliest. */
  readonly time: 'none' | 'real'
  /** `kept`: messages of one sender to one recipient keep their order; `any`: they do not, and double. */
  readonly order: 'kept' | 'any'
}

export const stateOf = ({ snapshot }: { readonly snapshot: unknown }): string =>
  String((snapshot as AnyMachineSnapshot).value)

/** The ledger's answer to a send. */
export const recordedFor = ({ snapshot }: Known<typeof delivery>): Message => {
  const { held, progress } = snapshot.context
  const settlements = fatesOf(held, progress).map((fate) => settlementOf(fate.held))
  return { type: 'fates.recorded', settlements } as Message
}

export const openRoute = (inputs: RouteInputs) => {
  const machines = {
    dispatcher: remembered(dispatcher),
    manager: remembered(endpointManager),
    delivery: remembered(delivery),
  }
  const batchOf = new Map(inputs.held.map((held) => [held.batch.id as string, held]))

  const channelled = (world: RouteWorld, name: string, message: Message): RouteWorld => ({
    ...world,
    channels: { ...world.channels, [name]: [...(world.channels[name] ?? []), message] },
  })

  /** The cache keeps count: what is let go of must be leased, and is let go of once. */
  const letGo = (world: RouteWorld, ids: readonly string[], to: 'held' | 'settled'): RouteWorld => {
    for (const id of ids)
      assert.equal(world.batches[id], 'leased', `${id} ${to}, and was not leased`)
    return {
      ...world,
      batches: { ...world.batches, ...Object.fromEntries(ids.map((id) => [id, to])) },
    }
  }

  const toldCache = (world: RouteWorld, message: Message): RouteWorld => {
    if (message.type === 'demand.raised') {
      const { round, batchesMax } = message as DemandRaised
      assert.ok(round > world.window.round, 'a round that is not newer')
      return { ...world, window: { round, batchesMax } }
    }
    if (message.type === 'batches.returned') {
      const { held } = message as BatchesReturned
      return letGo(
        world,
        held.map(({ batch }) => batch.id),
        'held',
      )
    }
    const { settlements } = message as unknown as { settlements: { batchId: string }[] }
    return letGo(
      world,
      settlements.map(({ batchId }) => batchId),
      'settled',
    )
  }

  const did = (world: RouteWorld, who: string, { type, params }: Effect): RouteWorld => {
    switch (type) {
      case 'tell': {
        const tell = params as Tell
        if (tell.to === 'cache') return toldCache(world, tell.message)
        const to = tell.to === 'delivery' ? tell.sendId : tell.to
        const isPrompt =
          tell.message.type === 'attempt.reported' && !inputs.slow.includes('reports')
        if (isPrompt) return told(world, to, tell.message)
        return channelled(world, `${who}>${to}`, tell.message)
      }
      case 'startSend':
        return startedSend(world, params as DispatcherEffects['startSend'])
      case 'attempt': {
        const { sendId, assignment } = params as DeliveryEffects['attempt']
        const context = (world.sends[sendId]?.snapshot as AnyMachineSnapshot | undefined)?.context
        if (context !== undefined)
          assert.equal(
            assignment.epoch,
            context.newest.epoch,
            'an attempt under an older assignment than its send knows',
          )
        return world
      }
      case 'journalAssignment': {
        const { write, url } = params as EndpointManagerEffects['journalAssignment']
        return { ...world, writes: [...world.writes, { write, url }] }
      }
      case 'answerCommand': {
        const { commandId } = params as EndpointManagerEffects['answerCommand']
        assert.ok(world.open.includes(commandId), `${commandId} is answered twice`)
        return { ...world, open: world.open.filter((it) => it !== commandId) }
      }
      case 'fault': {
        const { why } = params as { why: string }
        assert.match(why, /journal/, 'a fault')
        return world
      }
      default:
        return world
    }
  }

  const startedSend = (
    world: RouteWorld,
    { sendId, held, assignment, leaseUntilMs, nowMs, provenEpoch }: DispatcherEffects['startSend'],
  ): RouteWorld => {
    const { context } = world.dispatcher.snapshot
    assert.equal(assignment.epoch, context.assignment?.epoch, 'a send starts under an old epoch')
    assert.equal(world.sends[sendId], undefined, 'two sends of one name')
    const input = {
      ...inputs.delivery,
      sendId,
      held,
      assignment,
      leaseUntilMs,
      startedAtMs: nowMs,
      provenEpoch,
    }
    const { next, effects } = machines.delivery.born(input)
    return effects.reduce((it, effect) => did(it, sendId, effect), {
      ...world,
      sends: { ...world.sends, [sendId]: next },
    })
  }

  const told = (world: RouteWorld, who: string, message: Message, atMs = 0): RouteWorld => {
    const nowMs = Math.max(world.nowMs, atMs)
    const after = (next: RouteWorld, effects: readonly Effect[]): RouteWorld =>
      effects.reduce((it, effect) => did(it, who, effect), next)
    if (who === 'dispatcher') {
      const { next, effects } = machines.dispatcher.step(world.dispatcher, message, nowMs)
      newer(world.dispatcher.snapshot.context.assignment, next.snapshot.context.assignment)
      return after({ ...world, nowMs, dispatcher: next }, effects)
    }
    if (who === 'endpoint-manager') {
      const { next, effects } = machines.manager.step(world.manager, message, nowMs)
      newer(world.manager.snapshot.context.current, next.snapshot.context.current)
      return after({ ...world, nowMs, manager: next }, effects)
    }
    const send = world.sends[who]
    if (send === undefined) return world
    const { next, effects } = machines.delivery.step(send, message, nowMs)
    if (next.snapshot.status !== 'done') {
      const going = after({ ...world, nowMs, sends: { ...world.sends, [who]: next } }, effects)
      const isRecording = !inputs.slow.includes('ledger') && stateOf(next) === 'recording'
      return isRecording ? told(going, who, recordedFor(next)) : going
    }
    const { [who]: _, ...sends } = world.sends
    const { [`dispatcher>${who}`]: __, ...channels } = world.channels
    return after({ ...world, nowMs, sends, channels }, effects)
  }

  const newer = (before: { epoch: number } | null, now: { epoch: number } | null): void => {
    assert.ok((now?.epoch ?? -1) >= (before?.epoch ?? -1), 'an epoch goes back')
  }

  const spent = (world: RouteWorld, what: keyof Bounds): RouteWorld => ({
    ...world,
    left: { ...world.left, [what]: world.left[what] - 1 },
  })

  const first = (): RouteWorld => {
    const d: KnownStep<typeof dispatcher> = machines.dispatcher.born(inputs.dispatcher)
    const m = machines.manager.born(inputs.manager)
    const world: RouteWorld = {
      nowMs: 0,
      dispatcher: d.next,
      manager: m.next,
      sends: {},
      channels: {},
      batches: Object.fromEntries([...batchOf.keys()].map((id) => [id, 'held'])),
      window: { round: 0, batchesMax: 0 },
      writes: [],
      journal: [],
      left: inputs.bounds,
      open: [],
    }
    const begun = d.effects.reduce((it, effect) => did(it, 'dispatcher', effect), world)
    return m.effects.reduce((it, effect) => did(it, 'endpoint-manager', effect), begun)
  }

  return { inputs, machines, batchOf, first, told, spent }
}
