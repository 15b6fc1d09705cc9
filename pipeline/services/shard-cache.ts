/** The cache of one shard: the machine that runs in one process too, over what the topics hold. */
import type { CacheContext } from '../../actors/cache/context.ts'
import { cache } from '../../actors/cache/machine.ts'
import type { Transactions } from '../../infra/kafka/kafka.ts'
import { KafkaError } from '../../infra/kafka/kafka-error.ts'
import { openShardLog, type ShardLog } from '../../infra/kafka/shard-log.ts'
import { openSharedDropIds } from '../../infra/ledger/shared-ids.ts'
import { openTopicEvictions, type TopicEvictions } from '../../infra/ledger/topic-evictions.ts'
import { settlementAt } from '../../infra/ledger/topic-fates.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type {
  BatchesLeased,
  BatchesReturned,
  DemandRaised,
  Held,
  Mark,
} from '../../schemas/messages.ts'
import { laneOf, partitionsOf } from '../../schemas/topics.ts'
import type { Config } from '../config/config.ts'
import type { AnyMessage } from '../entrance.ts'
import { cacheInput, segmentBytes } from '../inputs.ts'
import { cachePorts } from '../ports/cache-ports.ts'
import { type Adoption, type Announcement, openAdoption } from './adoption.ts'
import type { Mail, Post, ServiceNeeds } from './service.ts'
import { addressKey, type Rebuilt } from './shard-rebuild.ts'
import { openShardWindows } from './shard-windows.ts'

export type ShardCache = {
  /** A collector has announced these. */
  readonly announced: (held: readonly Held[], from: Announcement) => void
  readonly ended: (marks: readonly Mark[]) => void
  readonly demanded: (demand: DemandRaised) => void
  readonly returned: (message: BatchesReturned) => void
  /** Batches that were announced and have no place yet. */
  readonly waiting: () => number
  readonly bytes: () => number
  readonly tidy: (nowMs: InstantMs) => Promise<void>
  readonly end: () => void
}

/** Longer than any collector takes from writing its batches to announcing them, by far. */
const orphanMs = 10 * 60_000
/** Ends of batches that nobody has announced yet. More are forgotten: those batches are sent again. */
const earlyMax = 100_000

export const shardCacheId = (shard: number): string => `cache/${shard}`

type Needs = Omit<ServiceNeeds, 'service'> & {
  readonly service: string
  readonly shard: number
  readonly mail: Mail
  readonly transactions: Pick<Transactions, 'publish'>
  readonly rebuilt: Rebuilt
}

export const startShardCache = async (needs: Needs): Promise<ShardCache> => {
  const { config, service, kafka, shard, stage, transactions, rebuilt, mail, meters, log, failed } =
    needs
  const { clock } = needs.world
  const id = shardCacheId(shard)
  const shardConfig = shareOf(config, kafka.shards)
  const { shardLog, gone } = await recovered(needs, segmentBytes(shardConfig))
  const evictions = openTopicEvictions({
    shard,
    log: shardLog,
    transactions,
    ids: openSharedDropIds(`c${shard}.${service.slice(-5)}`),
  })
  if (gone.length > 0) await evictions.recordGone(gone, clock.now())

  const toMachine = <Message extends AnyMessage>(message: Message): void => stage.post(id, message)
  const ends = openEnds(shardLog, toMachine)
  const adoption = openAdoption({
    bytesMax: Math.floor(shardConfig.cache.capacityBytes / 16),
    takenTo: { offset: rebuilt.announcedTo, id: '', causation: null },
    offer: (append, from) => stage.arrived(from, () => toMachine(append)),
    placed: (held) => {
      ends.placed(held)
      word.changed()
    },
  })
  const word = openWord({ shard, mail, now: clock.now, takenTo: adoption.takenTo })
  const shape = { id, shardLog, evictions, adoption, toMachine }
  startMachine({ ...needs, config: shardConfig }, shape)
  const windows = openShardWindows({
    toMachine,
    leases: () => {
      const view = stage.actors().find((actor) => actor.id === id)
      return (view?.context as CacheContext | undefined)?.leases ?? []
    },
  })

  /** Whoever has the shard next finds the same batches gone, and says so. */
  const unsaid = (cause: unknown): void => {
    if (cause instanceof KafkaError)
      log.warn('losses.unsaid', `Losses of shard ${shard} are not written down yet.`, { cause })
    else failed(cause)
  }

  return {
    announced: (held, from) => {
      const states = Map.groupBy(held, shardLog.announce)
      adoption.add(states.get('new') ?? [], from)
      const late = states.get('gone') ?? []
      if (late.length > 0) evictions.recordGone(late, clock.now()).catch(unsaid)
    },
    ended: ends.read,
    demanded: windows.demanded,
    returned: ({ held, reason }) => {
      const known = held.flatMap(({ at }) => shardLog.at(at) ?? [])
      if (known.length > 0) toMachine({ type: 'batches.returned', held: known, reason })
    },
    waiting: adoption.depth,
    bytes: shardLog.bytes,
    tidy: async (nowMs) => {
      word.remind(nowMs)
      const orphans = await shardLog.trim(nowMs)
      if (orphans === 0) return
      meters.count('orphans', {}, orphans)
      const message = `${orphans} messages in records were announced by nobody, so no client was told that they are kept.`
      log.info('records.orphaned', message, { shard })
    },
    end: () => stage.end(id),
  }
}

/** Each shard has the same share of the capacity. */
const shareOf = (config: Config, shards: number): Config => ({
  ...config,
  cache: { ...config.cache, capacityBytes: Math.floor(config.cache.capacityBytes / shards) },
})

/** The log as the topics tell it, and what was lost before anybody had heard of it. */
const recovered = async (
  { kafka, shard, rebuilt }: Needs,
  bytesMax: number,
): Promise<{ readonly shardLog: ShardLog; readonly gone: readonly Held[] }> => {
  const ends = await kafka.ends('records')
  const mine = ends.filter(({ partition }) => laneOf(partition, kafka.shards).shard === shard)
  if (mine.length * kafka.shards !== partitionsOf('records', kafka.shards))
    throw new RangeError(`Kafka names ${mine.length} partitions of records for shard ${shard}.`)
  const firsts = new Map(mine.map(({ partition, first }) => [partition, first]))
  const shardLog = openShardLog({
    segmentBytes: bytesMax,
    orphanMs,
    firsts,
    cutOff: ({ partition, before }) => kafka.trim({ topic: 'records', partition, offset: before }),
  })
  const gone: Held[] = []
  for (const held of rebuilt.held) {
    const isThere = held.at.offset >= (firsts.get(held.at.segment) ?? 0)
    const hasEnded = rebuilt.hasEnded(held.at)
    if (isThere) shardLog.recover(held, hasEnded ? 'ended' : 'pending')
    else if (!hasEnded) gone.push(held)
  }
  return { shardLog, gone }
}

/** Ends may be read before what has ended was announced: two topics have no common order. */
const openEnds = (
  shardLog: Pick<ShardLog, 'at'>,
  toMachine: <Message extends AnyMessage>(message: Message) => void,
) => {
  const early = new Map<string, Mark>()
  const read = (marks: readonly Mark[]): void => {
    const settlements = marks.flatMap((mark) => {
      const held = shardLog.at(mark.at)
      if (held !== undefined) return [settlementAt(held, mark)]
      if (early.size < earlyMax) early.set(addressKey(mark.at), mark)
      return []
    })
    if (settlements.length > 0) toMachine({ type: 'batches.settled', settlements })
  }
  return {
    read,
    placed: (held: readonly Held[]): void => {
      const marks = held.flatMap(({ at }) => early.get(addressKey(at)) ?? [])
      for (const { at } of marks) early.delete(addressKey(at))
      if (marks.length > 0) read(marks)
    },
  }
}

const startMachine = (
  { config, world: { clock }, log, stage, failed, mail, shard }: Needs,
  shape: {
    readonly id: string
    readonly shardLog: ShardLog
    readonly evictions: TopicEvictions
    readonly adoption: Adoption
    readonly toMachine: <Message extends AnyMessage>(message: Message) => void
  },
): void => {
  const { id, shardLog, evictions, adoption, toMachine } = shape
  const post: Post['post'] = (to, message) => {
    if (to === 'cache') return toMachine(message)
    if (isLease(message))
      return mail({ topic: 'mailbox-dispatcher', partition: shard, message: addressed(message) })
    switch (message.type) {
      case 'append.done':
        return adoption.taken()
      case 'append.refused':
        return adoption.refused()
      case 'cache.opened':
        adoption.retry()
    }
    mail({ topic: 'mailbox-collector', partition: 0, message: message as never })
  }
  const addressed = ({ held, ...lease }: BatchesLeased): BatchesLeased => ({
    ...lease,
    held: held.flatMap(({ batch, at }) => {
      const address = shardLog.addressOf(at)
      return address === undefined ? [] : [{ batch, at: address }]
    }),
  })
  stage.start({
    id,
    machine: cache,
    effects: cachePorts({
      stage: { post },
      ring: shardLog,
      ledger: { ...evictions, appended: () => undefined, removed: () => undefined },
      journal: { reserved: () => true },
      intake: {
        payloads: (_, batches) => batches.map((batch) => ({ batch, payload: [] })),
        places: () => [],
      },
      telemetry: undefined,
      // What an append takes is measured where it is made: by the collectors.
      meters: { observe: () => undefined },
      clock,
      log,
      segments: shardLog.segments(),
      failed,
    }),
    input: cacheInput(config, clock.now()),
  })
}

const isLease = (message: AnyMessage): message is BatchesLeased => message.type === 'batches.leased'

/** So often the collectors are told at most how far the cache has come, and at least. */
const wordMsMin = 50
const wordMsMax = 1_000

/** Tells the collectors how far the cache has come with what they have announced. */
const openWord = (given: {
  readonly shard: number
  readonly mail: Mail
  readonly now: () => InstantMs
  readonly takenTo: Adoption['takenTo']
}) => {
  const { shard, mail, now, takenTo } = given
  let saidMs = 0
  let said = Number.NaN
  const say = (nowMs: InstantMs): void => {
    saidMs = nowMs
    const { offset, id } = takenTo()
    said = offset
    const message = { type: 'shard.adopted', shard, offset } as const
    const causation = id === '' ? {} : { causation: id }
    mail({ topic: 'mailbox-collector', partition: 0, message, ...causation })
  }
  return {
    changed: (): void => {
      const nowMs = now()
      if (nowMs - saidMs >= wordMsMin) say(nowMs)
    },
    remind: (nowMs: InstantMs): void => {
      if (said !== takenTo().offset || nowMs - saidMs >= wordMsMax) say(nowMs)
    },
  }
}
