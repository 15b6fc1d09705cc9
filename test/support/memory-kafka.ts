/**
 * Kafka as the services see it, in memory: topics that keep their order, groups that share the shards
 * out, transactional ids that are taken over. A test can hold it up and let it fail.
 */
import type {
  Arrived,
  FollowOptions,
  JoinOptions,
  Kafka,
  Outgoing,
  Placed,
  Start,
} from '../../infra/kafka/kafka.ts'
import { KafkaError } from '../../infra/kafka/kafka-error.ts'
import { laneOf, partitionsOf, type TopicName, topics } from '../../schemas/topics.ts'

export type MemoryKafka = {
  /** The way of one process to it. */
  readonly client: () => Kafka
  /** From now on every publication fails, or none. */
  readonly setFailing: (failing: 'none' | 'all') => void
  readonly messages: (topic: TopicName) => readonly Arrived[]
  readonly firstOf: (topic: TopicName, partition: number) => number
}

type Log = { first: number; next: number; readonly messages: Map<number, Arrived> }
type Member = {
  readonly options: JoinOptions
  shards: readonly number[]
  readonly positions: Map<string, number>
  readonly paused: Set<string>
  state: 'in' | 'out'
}

const behind = ({ messages, first, next }: Log, position: number): readonly Arrived[] => {
  const arrived: Arrived[] = []
  for (let offset = Math.max(position, first); offset < next; offset += 1) {
    const it = messages.get(offset)
    if (it !== undefined) arrived.push(it)
  }
  return arrived
}

const startOf = (
  starts: FollowOptions['from'],
  topic: TopicName,
  partition: number,
): Start['from'] => {
  if (typeof starts === 'string') return starts
  const named = starts.find((it) => it.topic === topic && it.partition === partition)
  return named?.offset ?? 'earliest'
}

export const openMemoryKafka = (shards: number): MemoryKafka => {
  const logs = new Map<string, Log>()
  const groups = new Map<string, Member[]>()
  const committed = new Map<string, number>()
  const owners = new Map<string, number>()
  const readers = new Set<() => Promise<void>>()
  let failing: 'none' | 'all' = 'none'
  let ids = 0
  let turn: Promise<void> = Promise.resolve()

  const key = (topic: TopicName, partition: number): string => `${topic}/${partition}`
  const logAt = (topic: TopicName, partition: number): Log => {
    const known = logs.get(key(topic, partition)) ?? { first: 0, next: 0, messages: new Map() }
    logs.set(key(topic, partition), known)
    return known
  }
  let pumps = 0
  const pump = (): void => {
    if (pumps >= 2) return
    pumps += 1
    turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)))
    turn = turn.then(async () => {
      pumps -= 1
      for (const read of [...readers]) await read()
    })
  }
  const write = (outgoing: readonly Outgoing[]): readonly Placed[] => {
    const placed = outgoing.map((it): Placed => {
      const log = logAt(it.topic, it.partition)
      const offset = log.next
      log.next += 1
      ids += 1
      const common = {
        partition: it.partition,
        offset,
        atMs: Date.now(),
        id: `m${ids}`,
        causation: it.causation ?? null,
        traceparent: it.traceparent ?? null,
      }
      log.messages.set(
        offset,
        it.topic === 'records'
          ? { ...common, topic: it.topic, batch: it.batch, payload: Buffer.concat(it.payload) }
          : { ...common, topic: it.topic, message: structuredClone(it.message) },
      )
      return { partition: it.partition, offset }
    })
    pump()
    return placed
  }
  const publish = async (outgoing: readonly Outgoing[]): Promise<readonly Placed[]> => {
    await new Promise((resolve) => setImmediate(resolve))
    if (failing === 'all') throw new KafkaError('unavailable', 'The broker does not answer.')
    return write(outgoing)
  }
  const shardOf = (topic: TopicName, partition: number): number => {
    if (topic === 'records') return laneOf(partition, shards).shard
    return topics[topic].partitions === 'one' ? 0 : partition
  }
  const from = (log: Log, start: Start['from'], group: string): number => {
    if (start === 'earliest') return log.first
    if (start === 'latest') return log.next
    return start === 'committed' ? (committed.get(group) ?? log.first) : start
  }
  const partitionsIn = (topic: TopicName): readonly number[] =>
    Array.from({ length: partitionsOf(topic, shards) }, (_, partition) => partition)

  const shareOut = async (group: string): Promise<void> => {
    const members = groups.get(group) ?? []
    const wanted = members.map((_, index) =>
      Array.from({ length: shards }, (__, shard) => shard).filter(
        (shard) => shard % members.length === index,
      ),
    )
    for (const [index, member] of members.entries()) {
      const gone = member.shards.filter((shard) => !wanted[index]?.includes(shard))
      if (gone.length > 0) await member.options.lost(gone)
      member.shards = member.shards.filter((shard) => !gone.includes(shard))
    }
    for (const [index, member] of members.entries()) {
      const fresh = (wanted[index] ?? []).filter((shard) => !member.shards.includes(shard))
      if (fresh.length === 0) continue
      const starts = await member.options.taken(fresh)
      for (const topic of member.options.topics)
        for (const partition of partitionsIn(topic)) {
          if (!fresh.includes(shardOf(topic, partition))) continue
          const named = starts.find((it) => it.topic === topic && it.partition === partition)
          const at = key(topic, partition)
          const log = logAt(topic, partition)
          member.positions.set(at, from(log, named?.from ?? 'committed', `${group}/${at}`))
        }
      member.shards = [...member.shards, ...fresh]
    }
    pump()
  }
  const memberReads = (member: Member) => async (): Promise<void> => {
    for (const topic of member.options.topics)
      for (const partition of partitionsIn(topic)) {
        const at = key(topic, partition)
        if (member.state === 'out' || member.paused.has(at)) continue
        if (!member.shards.includes(shardOf(topic, partition))) continue
        const log = logAt(topic, partition)
        const position = Math.max(member.positions.get(at) ?? log.first, log.first)
        const arrived = behind(log, position)
        if (arrived.length === 0) continue
        member.positions.set(at, log.next)
        await member.options.received(arrived)
      }
  }

  const client = (): Kafka => {
    const closers = new Set<() => Promise<void>>()
    return {
      shards,
      publish,
      takeOver: async (id) => {
        const mine = (owners.get(id) ?? 0) + 1
        owners.set(id, mine)
        return {
          publish: async (outgoing) => {
            if (owners.get(id) !== mine)
              throw new KafkaError('fenced', `Another has taken ${id} over.`)
            return publish(outgoing)
          },
          close: async () => undefined,
        }
      },
      join: async (options) => {
        const { group } = options
        const member: Member = {
          options,
          shards: [],
          positions: new Map(),
          paused: new Set(),
          state: 'in',
        }
        const read = memberReads(member)
        readers.add(read)
        groups.set(group, [...(groups.get(group) ?? []), member])
        const close = async (): Promise<void> => {
          if (member.state === 'out') return
          member.state = 'out'
          readers.delete(read)
          groups.set(
            group,
            (groups.get(group) ?? []).filter((it) => it !== member),
          )
          await options.lost(member.shards)
          member.shards = []
          await shareOut(group)
        }
        closers.add(close)
        setImmediate(() => void shareOut(group).catch(options.failed))
        return {
          pause: (topic, partitions) => {
            for (const partition of partitions) member.paused.add(key(topic, partition))
          },
          resume: (topic, partitions) => {
            for (const partition of partitions) member.paused.delete(key(topic, partition))
            pump()
          },
          seek: (topic, { partition, offset }) => {
            member.positions.set(key(topic, partition), offset)
            pump()
          },
          commit: (topic, { partition, offset }) => {
            committed.set(`${group}/${key(topic, partition)}`, offset)
          },
          close,
        }
      },
      follow: async (options: FollowOptions) => {
        const positions = new Map<string, number>()
        for (const topic of options.topics)
          for (const partition of partitionsIn(topic)) {
            const log = logAt(topic, partition)
            const start = startOf(options.from, topic, partition)
            positions.set(key(topic, partition), from(log, start, ''))
          }
        const read = async (): Promise<void> => {
          for (const topic of options.topics)
            for (const partition of partitionsIn(topic)) {
              const at = key(topic, partition)
              const log = logAt(topic, partition)
              const position = positions.get(at) ?? 0
              const arrived = behind(log, position)
              if (arrived.length === 0) continue
              positions.set(at, log.next)
              await options.received(arrived)
            }
        }
        readers.add(read)
        const close = async (): Promise<void> => {
          readers.delete(read)
        }
        closers.add(close)
        pump()
        return { close }
      },
      ends: async (topic) =>
        partitionsIn(topic).map((partition) => {
          const { first, next } = logAt(topic, partition)
          return { partition, first, next }
        }),
      trim: async ({ topic, partition, offset }) => {
        const log = logAt(topic, partition)
        log.first = Math.max(log.first, offset)
        for (const at of log.messages.keys()) if (at < log.first) log.messages.delete(at)
      },
      committed: async (group, topic) =>
        partitionsIn(topic).map((partition) => ({
          partition,
          offset: committed.get(`${group}/${key(topic, partition)}`) ?? -1,
        })),
      close: async () => {
        for (const close of closers) await close()
      },
    }
  }
  return {
    client,
    setFailing: (to) => {
      failing = to
    },
    messages: (topic) =>
      partitionsIn(topic).flatMap((partition) => [...logAt(topic, partition).messages.values()]),
    firstOf: (topic, partition) => logAt(topic, partition).first,
  }
}
