/** The dispatchers of the shards that this process has: which those are, the group decides. */
import type { Arrived, Membership, Outgoing, Start, Transactions } from '../../infra/kafka/kafka.ts'
import { openPayloadWindow, type PayloadWindow } from '../../infra/kafka/payload-window.ts'
import { openSharedDropIds } from '../../infra/ledger/shared-ids.ts'
import { recordFatesTo } from '../../infra/ledger/topic-fates.ts'
import { instant } from '../../schemas/brand.ts'
import { laneOf, partitionsOf } from '../../schemas/topics.ts'
import { openEndings } from '../endings.ts'
import type { Assignments } from './assignments.ts'
import { openMail, type Service, type ServiceNeeds } from './service.ts'
import {
  type ShardDispatcher,
  shardDispatcherId,
  startShardDispatcher,
} from './shard-dispatcher.ts'

const mebibyte = 1024 * 1024
/** Of each partition of `records`, besides what is leased. */
const aheadBytesMax = 8 * mebibyte
const readTimeoutMs = 10_000
/** A dispatcher says so often what it takes, whether it has changed or not. */
const remindMs = 2_000

type Needs = ServiceNeeds & {
  readonly assignments: Pick<Assignments, 'latest' | 'each'>
  readonly gotOn: () => void
}

export const startDispatchers = async (needs: Needs): Promise<Service> => {
  const { config, kafka, stage, world, service, assignments, log, failed } = needs
  const { clock } = world
  const mail = openMail(needs)
  const endings = openEndings()
  const endpoint = world.endpoint(config, log)
  const shards = new Map<number, ShardDispatcher>()
  let membership: Membership | undefined
  let remindedAtMs = instant(0)

  const window: PayloadWindow = openPayloadWindow({
    reader: () => membership,
    aheadBytesMax,
    timeoutMs: readTimeoutMs,
    firstOf: async (partition) => {
      const ends = await kafka.ends('records')
      return ends.find((it) => it.partition === partition)?.first ?? 0
    },
    after: (delayMs, call) => clock.at(instant(clock.now() + delayMs), call),
    report: (cause) => log.warn('records.unknown', 'Kafka did not say what it has.', { cause }),
  })
  assignments.each((assignment, from) =>
    stage.arrived(from, () => {
      needs.telemetry?.overtaken({ kind: 'assigned', assignment, from: null })
      for (const dispatcher of shards.values())
        dispatcher.tell({ type: 'endpoint.assigned', assignment })
    }),
  )

  const taken = async (numbers: readonly number[]): Promise<readonly Start[]> => {
    // Where it lies is a number that only grows, whatever the clocks of two machines say.
    const marks = numbers.map(
      (shard): Outgoing => ({
        topic: 'mailbox-cache',
        partition: shard,
        message: { type: 'marker.placed', by: `${service}/${shard}` },
      }),
    )
    const places = await kafka.publish(marks)
    for (const [index, shard] of numbers.entries()) {
      const taking = places[index]?.offset ?? 0
      const recordFates = recordFatesTo({
        kafka,
        transactions: {
          publish: openLate(
            () => kafka.takeOver(`dispatcher-${shard}`),
            (cause) => log.debug('transactions.unopened', 'It is tried again.', { cause }),
          ),
        },
        ids: openSharedDropIds(`d${shard}.${service.slice(-5)}`),
        causationOf: window.causationOf,
      })
      const given = { ...needs, shard, taking, mail, window, endpoint, recordFates, endings }
      const dispatcher = startShardDispatcher(given)
      shards.set(shard, dispatcher)
      const assignment = assignments.latest()
      if (assignment !== undefined) dispatcher.tell({ type: 'endpoint.assigned', assignment })
    }
    return numbers.map((partition) => ({ topic: 'mailbox-dispatcher', partition, from: 'latest' }))
  }
  const lost = async (numbers: readonly number[]): Promise<void> => {
    for (const shard of numbers) {
      shards.get(shard)?.giveUp()
      shards.delete(shard)
    }
    window.forget(partitionsIn(numbers, kafka.shards))
  }
  membership = await kafka.join({
    group: 'dispatcher',
    topics: ['mailbox-dispatcher', 'records'],
    taken,
    lost,
    received: async (arrived) => {
      window.received(arrived.filter((it) => it.topic === 'records'))
      for (const it of arrived) stage.arrived(it, () => hand(shards, it))
    },
    failed,
  })

  return {
    role: 'dispatcher',
    sources: {},
    unready: () => [],
    tidy: async (nowMs) => {
      window.expire(nowMs)
      for (const at of window.settledTo()) membership.commit('records', at)
      if (nowMs - remindedAtMs < remindMs) return
      remindedAtMs = nowMs
      for (const dispatcher of shards.values()) dispatcher.remind()
    },
    stop: async (deadlineMs) => {
      const timeout = Promise.withResolvers<void>()
      const callOff = clock.at(deadlineMs, timeout.resolve)
      for (const dispatcher of shards.values())
        dispatcher.tell({ type: 'drain.requested', deadlineMs })
      const ended = [...shards.keys()].map((shard) => endings.of(shardDispatcherId(shard)))
      await Promise.race([Promise.all(ended), timeout.promise])
      callOff()
      await membership.close()
      await endpoint.close()
    },
  }
}

const hand = (shards: ReadonlyMap<number, ShardDispatcher>, it: Arrived): void => {
  if (it.topic === 'records') return
  const dispatcher = shards.get(it.partition)
  if (it.message.type === 'batches.leased') dispatcher?.leased(it.message, it.id)
  else dispatcher?.tell(it.message)
}

const partitionsIn = (numbers: readonly number[], shards: number): readonly number[] =>
  Array.from({ length: partitionsOf('records', shards) }, (_, partition) => partition).filter(
    (partition) => numbers.includes(laneOf(partition, shards).shard),
  )

/** Few ends are losses, so what they need is opened with the first of them. */
const openLate = (
  open: () => Promise<Transactions>,
  report: (cause: unknown) => void,
): Transactions['publish'] => {
  let opened: Promise<Transactions> | undefined
  return async (outgoing) => {
    opened ??= open()
    try {
      return await (await opened).publish(outgoing)
    } catch (cause) {
      void opened.then(({ close }) => close(), report)
      // What was fenced, or did not open, is opened anew: whoever has the shard may write its ends.
      opened = undefined
      throw cause
    }
  }
}
