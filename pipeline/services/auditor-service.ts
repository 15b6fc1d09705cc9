/** The account of all services: read from the topics, and kept by no other. */
import type { Transactions } from '../../infra/kafka/kafka.ts'
import { KafkaError } from '../../infra/kafka/kafka-error.ts'
import type { Checkpoint } from '../../infra/ledger/closed-prefix.ts'
import { nothing } from '../../infra/ledger/topic-account.ts'
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { AccountCheckpointed, Message } from '../../schemas/messages.ts'
import { sayDropped } from '../drop-watch.ts'
import type { Audit } from './audit.ts'
import type { Service, ServiceNeeds } from './service.ts'
import { takeOverReading } from './taking-over.ts'

const told = ['appended', 'settlements'] as const
/** So often the topics are cut off at most. */
const checkpointMs = 60_000

/**
 * Goes on from the last checkpoint, and says that it is not ready until it has read what there was when
 * it came. Of several auditors each has the whole account; the one that came last cuts the topics off.
 */
export const startAuditor = async (
  needs: ServiceNeeds,
  { account, caughtUp }: Pick<Audit, 'account' | 'caughtUp'>,
): Promise<Service> => {
  const { kafka, service, world, log, failed } = needs
  const marker = `${service}/auditor/${world.clock.now()}`
  const partitions = Array.from({ length: kafka.shards }, (_, partition) => partition)
  const owned = await takeOver(needs)
  const { checkpoints } = owned
  for (const [shard, checkpoint] of checkpoints) account.restore(shard, checkpoint)
  const missing = new Set([
    'drops/0',
    ...told.flatMap((topic) => partitions.map((partition) => `${topic}/${partition}`)),
  ])
  const following = await kafka.follow({
    topics: [...told, 'drops'],
    arrival: 'gathered',
    from: [
      ...partitions.flatMap((partition) => {
        const { appendedTo, settlementsTo } = checkpoints.get(partition) ?? nothing
        return [
          { topic: 'appended' as const, partition, offset: appendedTo },
          { topic: 'settlements' as const, partition, offset: settlementsTo },
        ]
      }),
      { topic: 'drops', partition: 0, offset: 0 },
    ],
    received: async (arrived) => {
      for (const it of arrived) {
        if (it.topic === 'records') continue
        const { message, partition, offset } = it
        const atMs = instant(it.atMs)
        if (message.type === 'records.appended') account.announced(message.held, it)
        if (message.type === 'marks.recorded') account.ended(message, { partition, offset, atMs })
        if (message.type === 'drop.recorded') {
          const isNew = account.dropped(message.drop) === 'new'
          // What was there before this auditor was has been told by the one before it.
          if (isNew && !missing.has('drops/0')) sayDropped(message.drop, needs)
        }
        if (message.type !== 'marker.placed' || message.by !== marker) continue
        missing.delete(`${it.topic}/${it.partition}`)
        if (missing.size > 0) continue
        caughtUp()
        log.info('auditor.caughtUp', 'The account is that of the topics.')
      }
    },
    failed,
  })
  const message: Message = { type: 'marker.placed', by: marker }
  await kafka.publish([
    { topic: 'drops', partition: 0, key: 'marker', message },
    ...told.flatMap((topic) => partitions.map((partition) => ({ topic, partition, message }))),
  ])
  const cutting = openCutting(needs, { account, owned })
  return {
    role: 'auditor',
    sources: {},
    unready: () =>
      missing.size === 0
        ? []
        : [{ actor: 'auditor', reason: `${missing.size} partitions are still being read` }],
    tidy: async (nowMs) => {
      if (missing.size === 0) await cutting.cut(nowMs)
    },
    stop: async () => {
      await following.close()
      await cutting.close()
    },
  }
}

const topic = 'account-checkpoints'

/** Who may write checkpoints, and the last one of each shard: nobody but we writes another one. */
type Owned = {
  readonly transactions: Transactions
  readonly checkpoints: ReadonlyMap<number, AccountCheckpointed>
}

const takeOver = async (needs: ServiceNeeds): Promise<Owned> => {
  const checkpoints = new Map<number, AccountCheckpointed>()
  const read = (message: Message): void => {
    if (message.type === 'account.checkpointed') checkpoints.set(message.shard, message)
  }
  const transactions = await takeOverReading(needs, { id: 'auditor', topic, read })
  return { transactions, checkpoints }
}

/** Writes down what the shards have come to, and only then cuts off what that stands for. */
const openCutting = (
  needs: ServiceNeeds,
  given: Pick<Audit, 'account'> & { readonly owned: Owned },
) => {
  const { kafka, world, log } = needs
  const written = new Map<number, Checkpoint>(given.owned.checkpoints)
  let owned: Owned | undefined = given.owned
  let nextMs = world.clock.now() + checkpointMs
  let state: 'ours' | 'lost' = 'ours'

  const cutShard = async (shard: number, nowMs: InstantMs, by: Owned): Promise<void> => {
    const checkpoint = given.account.checkpoint(shard)
    if (!isFurther(checkpoint, written.get(shard) ?? nothing)) return
    const { appendedTo, settlementsTo } = checkpoint
    const message: AccountCheckpointed = {
      type: 'account.checkpointed',
      shard,
      ...checkpoint,
      atMs: nowMs,
    }
    await by.transactions.publish([{ topic, partition: 0, key: `shard/${shard}`, message }])
    written.set(shard, checkpoint)
    await kafka.trim({ topic: 'appended', partition: shard, offset: appendedTo })
    await kafka.trim({ topic: 'settlements', partition: shard, offset: settlementsTo })
  }
  /** What another auditor wrote in between stands: it may have cut off more than we would say. */
  const again = async (): Promise<Owned> => {
    const taken = await takeOver(needs)
    for (const [shard, checkpoint] of taken.checkpoints) written.set(shard, checkpoint)
    return taken
  }
  return {
    cut: async (nowMs: InstantMs): Promise<void> => {
      if (nowMs < nextMs || state === 'lost') return
      nextMs = nowMs + checkpointMs
      try {
        owned ??= await again()
        for (let shard = 0; shard < kafka.shards; shard += 1) await cutShard(shard, nowMs, owned)
      } catch (cause) {
        if (!(cause instanceof KafkaError)) throw cause
        if (cause.code === 'fenced') state = 'lost'
        await owned?.transactions.close()
        owned = undefined
        const next = state === 'lost' ? 'Another auditor does so.' : 'It is tried again.'
        log.warn('topics.uncut', `The topics of the account were not cut off. ${next}`, { cause })
      }
    },
    close: async (): Promise<void> => {
      await owned?.transactions.close()
    },
  }
}

const isFurther = (one: Checkpoint, other: Checkpoint): boolean =>
  one.appendedTo >= other.appendedTo &&
  one.settlementsTo >= other.settlementsTo &&
  one.appendedTo + one.settlementsTo > other.appendedTo + other.settlementsTo
