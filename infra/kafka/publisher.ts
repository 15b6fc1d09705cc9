/**
 * Publishes with an idempotent producer, one request at a time: what arrives meanwhile goes out together
 * in the next one. A producer whose send has failed is never used again: the broker may yet write what it
 * was given, and would take the next messages, which bear the same numbers, for the same ones.
 */
import type { Producer, RecordMetadata } from 'kafkajs'
import type { Log } from '../telemetry/log.ts'
import type { Placed } from './kafka.ts'
import { KafkaError } from './kafka-error.ts'
import { kafkaErrorOf } from './kafka-fault.ts'
import { countTogether, type Parcel, placesOf, topicMessagesOf } from './sending.ts'
import { within } from './within.ts'

export type Publisher = {
  /** @throws {KafkaError} */
  readonly publish: (parcels: readonly Parcel[]) => Promise<readonly Placed[]>
  /** Waits for what is under way, bounded; what comes later is refused. */
  readonly close: () => Promise<void>
}
export type PublisherOptions = {
  readonly openProducer: () => Producer
  readonly send: (
    producer: Producer,
    batch: ReturnType<typeof topicMessagesOf>,
  ) => Promise<readonly RecordMetadata[]>
  /** Of one partition, in one request. */
  readonly messageBytesMax: number
  /** How long one send may take, all attempts of the client included. */
  readonly sendMsMax: number
  readonly alive: () => void
  readonly log: Log
}

/** What waits for the request under way. */
const waitingBytesMax = 256 * 1024 * 1024
const disconnectMsMax = 5000

type Publication = {
  readonly places: Placed[]
  unplaced: number
  readonly resolve: (places: readonly Placed[]) => void
  readonly reject: (cause: unknown) => void
}
/** One message of a publication, and which. */
type Item = { readonly parcel: Parcel; readonly index: number; readonly publication: Publication }

export const openPublisher = (options: PublisherOptions): Publisher => {
  const waiting: Item[] = []
  let waitingBytes = 0
  let producer: Promise<Producer> | undefined
  let sending: Promise<void> | undefined
  let isClosed = false

  const connected = (): Promise<Producer> => {
    producer ??= (async () => {
      const opened = options.openProducer()
      await opened.connect()
      return opened
    })()
    return producer
  }
  const discard = (): void => {
    const former = producer
    producer = undefined
    former
      ?.then((it) =>
        within(it.disconnect(), { limitMs: disconnectMsMax, attempted: 'Closing a producer' }),
      )
      .catch((cause: unknown) =>
        options.log.debug('kafka.producer.left', 'A producer that failed was left.', { cause }),
      )
  }

  const send = async (parcels: readonly Parcel[]): Promise<readonly Placed[]> => {
    const attempted = `Publishing ${parcels.length} ${parcels.length === 1 ? 'message' : 'messages'}`
    try {
      const sent = connected().then((it) => options.send(it, topicMessagesOf(parcels)))
      const places = placesOf(
        parcels,
        await within(sent, { limitMs: options.sendMsMax, attempted }),
      )
      options.alive()
      return places
    } catch (cause) {
      discard()
      throw kafkaErrorOf(cause, attempted)
    }
  }
  const deliver = async (items: readonly Item[]): Promise<void> => {
    try {
      const places = await send(items.map(({ parcel }) => parcel))
      for (const [at, { index, publication }] of items.entries()) {
        const place = places[at]
        if (place === undefined) continue
        publication.places[index] = place
        publication.unplaced -= 1
        if (publication.unplaced === 0) publication.resolve(publication.places)
      }
    } catch (cause) {
      const publications = new Set(items.map(({ publication }) => publication))
      // Whoever shared a request with what is refused need not be at fault: each is told for itself.
      if (publications.size > 1 && cause instanceof KafkaError && cause.code === 'refused')
        for (const one of publications)
          await deliver(items.filter(({ publication }) => publication === one))
      else for (const { reject } of publications) reject(cause)
    }
  }
  const drain = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    while (waiting.length > 0) {
      const parcels = waiting.map(({ parcel }) => parcel)
      const next = waiting.splice(0, countTogether(parcels, options.messageBytesMax))
      for (const { parcel } of next) waitingBytes -= parcel.bytes
      await deliver(next)
    }
    sending = undefined
  }

  return {
    publish: (parcels) =>
      new Promise((resolve, reject) => {
        const bytes = parcels.reduce((sum, it) => sum + it.bytes, 0)
        const refusal = isClosed
          ? 'Publishing after the end'
          : waitingBytes + bytes > waitingBytesMax && waiting.length > 0
            ? `Publishing while ${waitingBytes} bytes wait to be sent`
            : null
        if (refusal !== null)
          return reject(
            new KafkaError('unavailable', `${refusal} is not possible. Nothing was sent.`),
          )
        if (parcels.length === 0) return resolve([])
        const publication = { places: [], unplaced: parcels.length, resolve, reject }
        for (const [index, parcel] of parcels.entries())
          waiting.push({ parcel, index, publication })
        waitingBytes += bytes
        sending ??= drain()
      }),
    close: async () => {
      isClosed = true
      await sending
      const last = producer
      producer = undefined
      const attempted = 'Closing the producer'
      if (last !== undefined)
        await within(
          last.then((it) => it.disconnect()),
          { limitMs: disconnectMsMax, attempted },
        ).catch((cause: unknown) => options.log.debug('kafka.producer.left', attempted, { cause }))
    },
  }
}
