/** The dispatcher of one shard, with its sends: the machines that run in one process too. */

import type { DeliveryContext } from '../../actors/delivery/judgement.ts'
import type { DeliveryState } from '../../actors/delivery/machine.ts'
import { delivery } from '../../actors/delivery/machine.ts'
import type { DispatcherContext } from '../../actors/dispatcher/books.ts'
import { dispatcher } from '../../actors/dispatcher/machine.ts'
import type { Endpoint } from '../../infra/endpoints/endpoint.ts'
import type { PayloadWindow } from '../../infra/kafka/payload-window.ts'
import type { Ledger } from '../../infra/ledger/ledger.ts'
import type {
  BatchesLeased,
  BatchesReturned,
  BatchesSettled,
  DemandRaised,
  Held,
  Message,
} from '../../schemas/messages.ts'
import type { Endings } from '../endings.ts'
import type { AnyMessage } from '../entrance.ts'
import { deliveryInput, dispatcherInput } from '../inputs.ts'
import { type Attempts, attemptKey, deliveryPorts } from '../ports/delivery-ports.ts'
import { tellOn } from '../ports/filled.ts'
import type { Mail, Post, ServiceNeeds } from './service.ts'
import { openShardTraces } from './shard-traces.ts'

export type ShardDispatcher = {
  readonly tell: (message: Message) => void
  /** @param messageId of that message. */
  readonly leased: (message: BatchesLeased, messageId: string) => void
  /** Says again what it takes: the word may be lost, or its cache may be another one by now. */
  readonly remind: () => void
  /** The shard is another's: what is in flight is given up, and goes back where it came from. */
  readonly giveUp: () => void
}

type Needs = ServiceNeeds & {
  readonly shard: number
  /** Grows each time that anybody takes the shard. */
  readonly taking: number
  readonly mail: Mail
  readonly window: PayloadWindow
  readonly endpoint: Endpoint
  readonly recordFates: Ledger['recordFates']
  readonly endings: Endings
  readonly gotOn: () => void
}

export const shardDispatcherId = (shard: number): string => `dispatcher/${shard}`

/** Words of one taking; if there are more, they still come before those of a taking that is as much later. */
const roundsMax = 1_000_000

export const startShardDispatcher = (needs: Needs): ShardDispatcher => {
  const { config, service, shard, taking, stage, mail, window, endings } = needs
  const { clock } = needs.world
  const id = shardDispatcherId(shard)
  // What was leased to a former taking may never have arrived: its cache has to see that this is another.
  const name = `${service}.${shard}.${taking}`
  const startedAtMs = clock.now()
  const attempts: Attempts = new Map()
  const sends = new Set<string>()
  let demand: DemandRaised | undefined
  const traces = needs.telemetry && openShardTraces(needs.telemetry, window.traceparentOf)
  /** By its own clock a dispatcher counts its words; between two machines clocks say nothing. */
  const numbered = (raised: DemandRaised): DemandRaised => ({
    ...raised,
    round: taking * roundsMax + (raised.round - startedAtMs),
  })
  const handBack = (held: readonly Held[]): void => {
    window.letGo(held, 'returned')
    traces?.returned(held)
  }

  const toCache = (message: DemandRaised | BatchesReturned): void => {
    const [first] = isReturned(message) ? message.held : []
    const causation = first === undefined ? undefined : window.causationOf(first)
    const because = causation === undefined ? {} : { causation }
    mail({ topic: 'mailbox-cache', partition: shard, message, ...because })
  }
  const told = (message: AnyMessage): void => {
    if (isDemand(message)) {
      demand = numbered(message)
      toCache(demand)
    } else if (isReturned(message)) {
      toCache(message)
      handBack(message.held)
    } else if (isSettled(message)) {
      // What has ended is in the topic of ends already, where the cache reads it.
      window.letGo(message.settlements, 'settled')
    } else throw new TypeError(`A dispatcher told its cache ${message.type}.`)
  }
  const post: Post['post'] = (to, message) => {
    if (to === 'cache') return told(message)
    if (to === 'endpoint-manager')
      return mail({
        topic: 'mailbox-endpoint-manager',
        partition: 0,
        message: message as never,
      })
    stage.post(to === 'dispatcher' ? id : to, message)
  }
  const ports = deliveryPorts({
    ...needs,
    stage: { post },
    ring: { read: window.read },
    ledger: { recordFates: needs.recordFates },
    clock,
    attempts,
    telemetry: traces,
  })
  stage.start({
    id,
    machine: dispatcher,
    effects: {
      tell: tellOn({ post }),
      startSend: (start: Parameters<typeof deliveryInput>[1]) => {
        sends.add(start.sendId)
        stage.start({
          id: start.sendId,
          machine: delivery,
          effects: ports,
          input: deliveryInput(config, start),
          done: () => sends.delete(start.sendId),
        })
      },
    },
    input: dispatcherInput(config, { dispatcher: name, startedAtMs }),
    done: () => endings.note(id),
  })

  return {
    tell: (message) => stage.post(id, message),
    leased: ({ held, ...lease }, messageId) => {
      const nowMs = clock.now()
      // A cache that was started anew leases what is in flight once more.
      const fresh = held.filter((it) => !window.isWanted(it, nowMs))
      if (fresh.length === 0) return
      window.want(fresh, { untilMs: lease.untilMs, messageId })
      stage.post(id, { ...lease, held: fresh })
    },
    remind: () => {
      if (demand !== undefined) toCache(demand)
    },
    giveUp: () => {
      const held = inHand(needs, { id, sends, attempts })
      stage.end(id)
      if (held.length === 0) return
      toCache({ type: 'batches.returned', held, reason: 'unsettled' })
      handBack(held)
    },
  }
}

/** What waits and what is out, its sends given up, but for those whose ends are being kept. */
const inHand = (
  { stage }: Pick<Needs, 'stage'>,
  of: { readonly id: string; readonly sends: ReadonlySet<string>; readonly attempts: Attempts },
): readonly Held[] => {
  const held: Held[] = []
  for (const actor of stage.actors()) {
    if (actor.id === of.id) {
      const { pending } = actor.context as DispatcherContext
      held.push(...pending.map((it) => it.held))
    }
    if (!of.sends.has(actor.id) || (actor.value as DeliveryState) === 'recording') continue
    const { held: batches, attempt } = actor.context as DeliveryContext
    held.push(...batches)
    stage.end(actor.id)
    of.attempts.get(attemptKey({ sendId: actor.id, attempt }))?.abort()
  }
  return held
}

const isDemand = (message: AnyMessage): message is DemandRaised => message.type === 'demand.raised'
const isSettled = (message: AnyMessage): message is BatchesSettled =>
  message.type === 'batches.settled'
const isReturned = (message: AnyMessage): message is BatchesReturned =>
  message.type === 'batches.returned'
