/** What the services ask of Kafka: the port between their actors and the client library. */
import type { Batch, Message } from '../../schemas/messages.ts'
import type { TopicName } from '../../schemas/topics.ts'

export type Kafka = {
  /** How many shards the topics have. */
  readonly shards: number
  /**
   * Resolves when all are durable (`acks=all`, idempotent), with where each lies, in the order given;
   * those of one partition keep their order. All that is given at once goes out in one request a broker.
   * After a rejection any of them may be there all the same, and may come to be there later.
   * @throws {KafkaError}
   */
  readonly publish: (outgoing: readonly Outgoing[]) => Promise<readonly Placed[]>
  /**
   * Takes over an id: whoever had it before can publish nothing more under it, from the moment this
   * resolves.
   * @throws {KafkaError}
   */
  readonly takeOver: (transactionalId: string) => Promise<Transactions>
  /**
   * Takes part in a group that shares the shards out. Resolves at once: the group is joined in the
   * background, for as long as it takes.
   */
  readonly join: (options: JoinOptions) => Promise<Membership>
  /**
   * Reads all partitions of some topics, whoever else does; remembers no position. What is published after
   * it has resolved arrives.
   * @throws {KafkaError} when the broker does not say where the topics begin and end.
   */
  readonly follow: (options: FollowOptions) => Promise<Following>
  readonly ends: (topic: TopicName) => Promise<readonly Ends[]>
  /** Cuts off a partition at its beginning: offsets below `before` are gone for good. Idempotent. */
  readonly trim: (before: Placed & { readonly topic: TopicName }) => Promise<void>
  /** Where a group has committed; -1: nowhere yet. */
  readonly committed: (
    group: string,
    topic: TopicName,
  ) => Promise<readonly { readonly partition: number; readonly offset: number }[]>
  readonly close: () => Promise<void>
}

export type Outgoing = Onward &
  (
    | { readonly topic: Exclude<TopicName, 'records'>; readonly message: Message }
    | {
        readonly topic: 'records'
        readonly batch: Batch
        /** Pieces that follow one another. Not copied where there is one: leave it as it is. */
        readonly payload: readonly Uint8Array[]
      }
  )
type Onward = {
  readonly partition: number
  /** By what a compacted topic keeps the latest. */
  readonly key?: string
  /** The id of the message that led to this one. */
  readonly causation?: string
  /** W3C trace context, where there is one. */
  readonly traceparent?: string
}

export type Placed = { readonly partition: number; readonly offset: number }

export type Ends = {
  readonly partition: number
  /** The first offset that is still there. */
  readonly first: number
  /**
   * The offset from which the next message may lie. The one before need not hold a message: the end of a
   * transaction takes an offset too.
   */
  readonly next: number
}

/** What has been read. What could not be decoded is in `dead-letters`, and does not arrive. */
export type Arrived = Placed & {
  readonly atMs: number
  /** Unique; what `causation` of an answer names. Empty where none was given. */
  readonly id: string
  readonly causation: string | null
  readonly traceparent: string | null
} & (
    | { readonly topic: Exclude<TopicName, 'records'>; readonly message: Message }
    | { readonly topic: 'records'; readonly batch: Batch; readonly payload: Uint8Array }
  )

export type Transactions = {
  /**
   * Publishes all or nothing; whoever reads sees all or nothing.
   * What is given while a transaction is under way goes into the next one together.
   * @throws {KafkaError} `fenced` when another has taken the id over: then nothing was published, and
   * nothing ever will be again. After any other rejection these may have been published or not, and these
   * transactions are at their end too: they cannot be begun anew without fencing a new owner, so who still
   * has the right to takes over again. (What is too large is `refused` beforehand, and ends nothing.)
   */
  readonly publish: (outgoing: readonly Outgoing[]) => Promise<readonly Placed[]>
  readonly close: () => Promise<void>
}

export type JoinOptions = {
  readonly group: string
  /**
   * A shard has of each topic the partitions that belong to it; topics with one partition belong to
   * shard 0. One member has all partitions of a shard.
   */
  readonly topics: readonly TopicName[]
  /**
   * These shards are ours from now on; answers from where to read. Nothing of them arrives before.
   * What it does not name is read from where the group has committed, else from the beginning.
   */
  readonly taken: (shards: readonly number[]) => Promise<readonly Start[]>
  /**
   * These are not ours any more, or may not be: whatever is under way has to be let go of. It is awaited
   * before others get them where the broker leaves time for that; else it comes late.
   */
  readonly lost: (shards: readonly number[]) => Promise<void>
  /** In order for each partition. The next ones are not read before this resolves. */
  readonly received: (arrived: readonly Arrived[]) => Promise<void>
  /** The membership has ended for good (not a rebalance, not an outage that is being retried). */
  readonly failed: (cause: Error) => void
}

export type Start = {
  readonly topic: TopicName
  readonly partition: number
  readonly from: 'committed' | 'earliest' | 'latest' | number
}

export type Membership = {
  /** Nothing more of these arrives until they are resumed, but what was read already. */
  readonly pause: (topic: TopicName, partitions: readonly number[]) => void
  readonly resume: (topic: TopicName, partitions: readonly number[]) => void
  /** Goes on reading there. What was read already and not handed over is forgotten. */
  readonly seek: (topic: TopicName, at: Placed) => void
  /** Everything below `offset` need not be read again. Sent within a second or so, and at the end. */
  readonly commit: (topic: TopicName, at: Placed) => void
  /** Leaves the group: others get its shards at once. Calls `lost` first. */
  readonly close: () => Promise<void>
}

export type FollowOptions = {
  readonly topics: readonly TopicName[]
  readonly from: 'earliest' | 'latest' | readonly (Placed & { readonly topic: TopicName })[]
  /**
   * `at once`, and so it is if nothing is said; or `gathered`: a quarter of a second late, if little comes,
   * so that the broker is asked less often by those who are in no hurry.
   */
  readonly arrival?: 'at once' | 'gathered'
  readonly received: (arrived: readonly Arrived[]) => Promise<void>
  readonly failed: (cause: Error) => void
}
export type Following = { readonly close: () => Promise<void> }
