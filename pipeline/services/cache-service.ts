/** The caches of the shards that this process has: which those are, the group decides. */
import type { Arrived, Start, Transactions } from '../../infra/kafka/kafka.ts'
import { KafkaError } from '../../infra/kafka/kafka-error.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Message } from '../../schemas/messages.ts'
import { joinAgain, type Rejoining } from './rejoining.ts'
import { openMail, type Service, type ServiceNeeds } from './service.ts'
import { type ShardCache, startShardCache } from './shard-cache.ts'
import { openShardRebuild, type Rebuilt, type ShardRebuild } from './shard-rebuild.ts'

type Shard = {
  readonly transactions: Transactions
  readonly rebuild: ShardRebuild
  /** Set once what was announced and what has ended are known. */
  running: ShardCache | undefined
  /** Begun once, though several partitions may be read at the same time. */
  starting: Promise<void> | undefined
  flow: 'running' | 'paused'
}

/** Announcements that may wait for room, before no more are read. */
const waitingMax = 2_000

export type CacheService = Service & {
  /** Bytes that the shards of this process hold. */
  readonly bytes: () => number
}

export const startCaches = async (needs: ServiceNeeds): Promise<CacheService> => {
  const { kafka, stage, service, log, failed } = needs
  const mail = openMail(needs)
  const shards = new Map<number, Shard>()

  const taken = async (numbers: readonly number[]): Promise<readonly Start[]> => {
    for (const shard of numbers) {
      // Whoever had the shard can write down no loss any more, and so can let nothing go.
      const transactions = membership.guarded(await kafka.takeOver(`cache-${shard}`))
      const marker = `${service}/${shard}/${needs.world.clock.now()}`
      const message: Message = { type: 'marker.placed', by: marker }
      await kafka.publish(
        (['appended', 'settlements'] as const).map((topic) => ({
          topic,
          partition: shard,
          message,
        })),
      )
      shards.set(shard, {
        transactions,
        rebuild: openShardRebuild(marker),
        running: undefined,
        starting: undefined,
        flow: 'running',
      })
    }
    return numbers.flatMap((partition): readonly Start[] => [
      { topic: 'appended', partition, from: 'earliest' },
      { topic: 'settlements', partition, from: 'earliest' },
      { topic: 'mailbox-cache', partition, from: 'latest' },
    ])
  }
  const lost = async (numbers: readonly number[]): Promise<void> => {
    for (const shard of numbers) {
      const known = shards.get(shard)
      shards.delete(shard)
      known?.running?.end()
      await known?.transactions.close()
    }
  }
  const start = async (shard: number, state: Shard): Promise<void> => {
    const rebuilt = state.rebuild.done()
    if (rebuilt === undefined) return
    state.starting ??= begin(shard, state, rebuilt)
    await state.starting
  }
  const begin = async (shard: number, state: Shard, rebuilt: Rebuilt): Promise<void> => {
    const { transactions } = state
    const running = await startShardCache({ ...needs, shard, mail, transactions, rebuilt })
    if (shards.get(shard) !== state) return running.end()
    state.running = running
    const held = rebuilt.held.length
    log.info('shard.taken', `The cache of shard ${shard} is here.`, { shard, announced: held })
  }
  const membership: Rejoining = await joinAgain(needs, {
    group: 'cache',
    topics: ['appended', 'settlements', 'mailbox-cache'],
    taken,
    lost,
    received: async (arrived) => {
      for (const it of arrived) {
        const state = shards.get(it.partition)
        if (it.topic === 'records' || state === undefined) continue
        const { topic, message, offset } = it
        const { running } = state
        if (running !== undefined) stage.arrived(it, () => hand(running, it))
        else if (topic === 'appended' || topic === 'settlements')
          state.rebuild.take(topic, message, offset)
      }
      for (const [shard, state] of shards) {
        await start(shard, state)
        balance(shard, state)
      }
    },
    failed,
  })
  /** While a cache takes nothing, what is announced to it stays in the topic. */
  const balance = (shard: number, state: Shard): void => {
    const waiting = state.running?.waiting() ?? 0
    const flow = waiting > waitingMax ? 'paused' : waiting < waitingMax / 2 ? 'running' : state.flow
    if (flow === state.flow) return
    state.flow = flow
    if (flow === 'paused') membership.pause('appended', [shard])
    else membership.resume('appended', [shard])
  }

  return {
    role: 'cache',
    sources: {},
    unready: () =>
      [...shards].flatMap(([shard, { running }]) =>
        running === undefined
          ? [{ actor: `cache/${shard}`, reason: 'it reads what was announced and what has ended' }]
          : [],
      ),
    bytes: () =>
      [...shards.values()].reduce((sum, { running }) => sum + (running?.bytes() ?? 0), 0),
    tidy: async (nowMs: InstantMs) => {
      for (const [shard, state] of shards) {
        balance(shard, state)
        try {
          await state.running?.tidy(nowMs)
        } catch (cause) {
          if (!(cause instanceof KafkaError)) throw cause
          log.warn('records.untrimmed', `Shard ${shard} could not be cut off yet.`, { cause })
        }
      }
    },
    stop: async () => {
      await membership.close()
      await lost([...shards.keys()])
      for (const { id } of stage.actors()) if (id.startsWith('cache/')) stage.end(id)
    },
  }
}

const hand = (running: ShardCache, it: Exclude<Arrived, { topic: 'records' }>): void => {
  const { topic, message, offset, id, causation } = it
  if (message.type === 'records.appended')
    running.announced(message.held, { offset, id, causation })
  else if (message.type === 'marks.recorded') running.ended(message.marks)
  else if (message.type === 'demand.raised') running.demanded(message)
  else if (message.type === 'batches.returned') running.returned(message)
  else if (message.type !== 'marker.placed')
    throw new TypeError(`A cache was handed ${message.type}, from ${topic}.`)
}
