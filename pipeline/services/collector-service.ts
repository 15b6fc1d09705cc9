/** The collector as a service: its record log is the topic `records`, which it writes to itself. */
import { collector } from '../../actors/collector/machine.ts'
import type { Outgoing, Placed } from '../../infra/kafka/kafka.ts'
import { KafkaError } from '../../infra/kafka/kafka-error.ts'
import { shardOf } from '../../infra/kafka/shard-of.ts'
import type { Unstored } from '../../infra/ring/record-log.ts'
import type { Intake } from '../../infra/sources/intake.ts'
import { traceparentIn } from '../../infra/telemetry/telemetry.ts'
import type { AppendRequested, Held, Message, RefusalReason } from '../../schemas/messages.ts'
import { recordsPartition } from '../../schemas/topics.ts'
import { type Endings, openEndings } from '../endings.ts'
import type { AnyMessage } from '../entrance.ts'
import { collectorInput } from '../inputs.ts'
import { collectorPorts } from '../ports/collector-ports.ts'
import { producerId } from '../producer.ts'
import type { Post, Service, ServiceNeeds } from './service.ts'
import { openUnadopted, type Unadopted } from './unadopted.ts'

type Needs = ServiceNeeds & { readonly intake: Intake }
type Writer = Needs & { readonly unadopted: Unadopted }

/**
 * Between writing batches and announcing them no more time passes than this; else they are not announced,
 * and their clients are told that they were not kept. Caches wait far longer before they take what nobody
 * has announced for what nobody ever will.
 */
const announceMsMax = 30_000
/** Of one shard: what may be announced by this collector before the cache has a place for it. */
const unadoptedBytesMax = 64 * 1024 * 1024
/** Of one message: some 200 bytes each. */
const announcedMax = 1_000

export const startCollector = async (needs: Needs): Promise<Service> => {
  const { config, kafka, stage, intake, world, meters, log, telemetry, failed } = needs
  const { clock } = world
  const endings: Endings = openEndings()
  const toCollector = (message: Message): void => stage.post('collector', message)

  const share = config.cache.capacityBytes / kafka.shards
  const unadopted = openUnadopted({ bytesMax: Math.min(unadoptedBytesMax, share / 8) })
  const writer: Writer = { ...needs, unadopted }
  const post: Post['post'] = (id, message) => {
    if (id !== 'cache') return stage.post(id, message)
    if (isAppend(message)) appended(writer, message).then(toCollector, failed)
  }
  stage.start({
    id: 'collector',
    machine: collector,
    effects: collectorPorts({ stage: { post }, intake }),
    input: collectorInput(config, {
      producer: producerId(config.name, clock),
      startedAtMs: clock.now(),
    }),
    done: () => endings.note('collector'),
  })
  // Kafka is there, or nothing would have come this far; whether a cache is full, it says itself.
  toCollector({ type: 'cache.opened' })
  const word = await kafka.follow({
    topics: ['mailbox-collector'],
    from: 'latest',
    received: async (arrived) => {
      for (const it of arrived) {
        if (it.topic === 'records') continue
        if (it.message.type === 'shard.adopted') unadopted.adopted(it.message)
        else stage.arrived(it, () => toCollector(it.message))
      }
    },
    failed,
  })
  const sources = await world.sources(config, {
    intake,
    // No record of theirs was accepted: the meters count them, and no account does.
    ledger: { refused: () => undefined },
    meters,
    log,
    telemetry,
  })

  return {
    role: 'collector',
    sources: Object.fromEntries(sources.map(({ name, url }) => [name, url])),
    unready: () => [],
    tidy: async () => undefined,
    stop: async (deadlineMs) => {
      const late = new AbortController()
      const timeout = Promise.withResolvers<void>()
      const callOff = clock.at(deadlineMs, () => {
        late.abort()
        timeout.resolve()
      })
      toCollector({ type: 'drain.requested', deadlineMs })
      await Promise.race([endings.of('collector'), timeout.promise])
      await Promise.all(sources.map(({ close }) => close({ signal: late.signal })))
      callOff()
      await word.close()
    },
  }
}

const isAppend = (message: AnyMessage): message is AppendRequested =>
  message.type === 'append.requested'

/** Writes the payloads, then announces them: only then are they accepted, and only then may it be said. */
const appended = async (
  { kafka, intake, unadopted, world: { clock }, meters, log, telemetry }: Writer,
  { appendId, batches }: AppendRequested,
): Promise<Message> => {
  const retryAfterMs = 1_000
  const refused = (reason: RefusalReason): Message => ({
    type: 'append.refused',
    appendId,
    reason,
    retryAfterMs,
  })
  const startedAtMs = clock.now()
  const unstored = intake.payloads(appendId, batches)
  if (unstored === undefined) return refused('overdue')
  const shards = new Set(batches.map((batch) => shardOf(batch, kafka.shards)))
  if (unadopted.isFull(shards)) return refused('cache_full')
  try {
    const traces = telemetry === undefined ? [] : intake.places(appendId).map(traceparentIn)
    const placed = await kafka.publish(
      unstored.map((it, index) => recordOf(it, { shards: kafka.shards, trace: traces[index] })),
    )
    const tookMs = clock.now() - startedAtMs
    if (tookMs > announceMsMax)
      throw new KafkaError(
        'unavailable',
        `Writing them took ${tookMs} ms, so nobody is told of them.`,
      )
    const announced = announcements(heldIn(unstored, placed), kafka.shards)
    const places = await kafka.publish(announced.map(({ outgoing }) => outgoing))
    for (const [index, { bytes }] of announced.entries()) {
      const at = places[index]
      if (at !== undefined) unadopted.announced({ shard: at.partition, offset: at.offset, bytes })
    }
    meters.observe('appendDuration', (clock.now() - startedAtMs) / 1_000)
    return { type: 'append.done', appendId }
  } catch (cause) {
    if (!(cause instanceof KafkaError)) throw cause
    log.error('append.failed', 'Records could not be kept; their clients were told 503.', { cause })
    return refused('storage_failed')
  }
}

const recordOf = (
  { batch, payload }: Unstored,
  { shards, trace }: { readonly shards: number; readonly trace: string | undefined },
): Outgoing => ({
  topic: 'records',
  partition: recordsPartition({ shard: shardOf(batch, shards), priority: batch.priority }, shards),
  batch,
  payload,
  ...(trace === undefined ? {} : { traceparent: trace }),
})

const heldIn = (unstored: readonly Unstored[], placed: readonly Placed[]): readonly Held[] =>
  unstored.map(({ batch }, index) => {
    const at = placed[index]
    if (at === undefined) throw new RangeError(`Kafka did not say where batch ${batch.id} lies.`)
    return { batch, at: { segment: at.partition, offset: at.offset } }
  })

type Announcement = { readonly outgoing: Outgoing; readonly bytes: number }

const announcements = (held: readonly Held[], shards: number): readonly Announcement[] => {
  const byShard = Map.groupBy(held, ({ batch }) => shardOf(batch, shards))
  return [...byShard].flatMap(([shard, of]) =>
    Array.from({ length: Math.ceil(of.length / announcedMax) }, (_, index): Announcement => {
      const some = of.slice(index * announcedMax, (index + 1) * announcedMax)
      return {
        outgoing: {
          topic: 'appended',
          partition: shard,
          message: { type: 'records.appended', held: some },
        },
        bytes: some.reduce((sum, { batch }) => sum + batch.bytes, 0),
      }
    }),
  )
}
