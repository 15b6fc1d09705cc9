/**
 * Publishing under an id that one process has at a time. Whoever takes it over fences all others: the
 * broker counts the takings, and refuses what comes under a former one.
 */
import type { Producer, RecordMetadata, Transaction } from 'kafkajs'
import type { Log } from '../telemetry/log.ts'
import type { Placed } from './kafka.ts'
import { KafkaError } from './kafka-error.ts'
import { kafkaErrorOf } from './kafka-fault.ts'
import { countTogether, type Parcel, placesOf, topicMessagesOf } from './sending.ts'
import { within } from './within.ts'

export type TransactionsOptions = {
  readonly id: string
  /** A producer with this transactional id. */
  readonly openProducer: () => Producer
  readonly send: (
    transaction: Transaction,
    batch: ReturnType<typeof topicMessagesOf>,
  ) => Promise<readonly RecordMetadata[]>
  readonly messageBytesMax: number
  readonly sendMsMax: number
  readonly alive: () => void
  readonly log: Log
}
export type ParcelTransactions = {
  readonly publish: (parcels: readonly Parcel[]) => Promise<readonly Placed[]>
  readonly close: () => Promise<void>
}

const disconnectMsMax = 5000
/** Publications that wait for the transaction under way. */
const waitingMax = 10_000

type Publication = {
  readonly parcels: readonly Parcel[]
  readonly resolve: (places: readonly Placed[]) => void
  readonly reject: (cause: unknown) => void
}

/** @throws {KafkaError} when it could not be taken over; whoever had it may have lost it all the same. */
export const takeOverTransactions = async (
  options: TransactionsOptions,
): Promise<ParcelTransactions> => {
  const { id, sendMsMax } = options
  const producer = options.openProducer()
  const asked = async <Value>(attempted: string, ask: () => Promise<Value>): Promise<Value> => {
    try {
      const answer = await within(ask(), { limitMs: sendMsMax, attempted })
      options.alive()
      return answer
    } catch (cause) {
      throw kafkaErrorOf(cause, attempted)
    }
  }
  const close = async (): Promise<void> => {
    const attempted = `Closing the producer "${id}"`
    try {
      await within(producer.disconnect(), { limitMs: disconnectMsMax, attempted })
    } catch (cause) {
      options.log.debug('kafka.producer.left', `${attempted} failed; it is left.`, { cause })
    }
  }

  try {
    await asked(`Taking over "${id}"`, async () => {
      await producer.connect()
      // The id changes hands when the first transaction begins. One without messages ends without a trace.
      const empty = await producer.transaction()
      await empty.abort()
    })
  } catch (cause) {
    await close()
    throw cause
  }

  /** Why nothing more can be published here. */
  let spent: KafkaError | undefined
  let waiting: Publication[] = []
  let running: Promise<void> | undefined

  /** What came while a transaction was under way makes up the next: all of it or nothing. */
  const transactNext = async (publications: readonly Publication[]): Promise<void> => {
    const parcels = publications.flatMap((it) => it.parcels)
    try {
      if (spent !== undefined) throw spent
      const attempted = `Publishing ${parcels.length} messages as "${id}"`
      const places = await asked(attempted, () => transact(producer, parcels, options))
      let from = 0
      for (const publication of publications) {
        publication.resolve(places.slice(from, from + publication.parcels.length))
        from += publication.parcels.length
      }
    } catch (cause) {
      // What has become of the transaction is not known here, and the numbers of its messages may be
      // taken: to go on would risk that the broker holds something new for something it has.
      spent ??= spentBy(cause, id)
      for (const { reject } of publications) reject(cause)
    }
  }
  const run = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    while (waiting.length > 0) {
      const next = waiting
      waiting = []
      await transactNext(next)
    }
    running = undefined
  }
  return {
    publish: (parcels) =>
      new Promise((resolve, reject) => {
        if (parcels.length === 0) return resolve([])
        if (waiting.length >= waitingMax)
          return reject(
            new KafkaError('unavailable', `Too much waits for "${id}". Nothing was sent.`),
          )
        waiting.push({ parcels, resolve, reject })
        running ??= run()
      }),
    close: async () => {
      spent ??= new KafkaError('unavailable', `"${id}" was closed. Nothing is published under it.`)
      await running
      await close()
    },
  }
}

const transact = async (
  producer: Producer,
  parcels: readonly Parcel[],
  { send, messageBytesMax }: Pick<TransactionsOptions, 'send' | 'messageBytesMax'>,
): Promise<readonly Placed[]> => {
  const transaction = await producer.transaction()
  const places: Placed[] = []
  try {
    for (let from = 0; from < parcels.length; from = places.length) {
      const left = parcels.slice(from)
      const next = left.slice(0, countTogether(left, messageBytesMax))
      places.push(...placesOf(next, await send(transaction, topicMessagesOf(next))))
    }
    await transaction.commit()
    return places
  } catch (cause) {
    if (transaction.isActive()) await transaction.abort().catch((later) => aborted(cause, later))
    throw cause
  }
}

/** The broker ends a transaction by itself in the end; what matters is why it failed. */
const aborted = (cause: unknown, later: unknown): never => {
  throw new AggregateError([cause, later], cause instanceof Error ? cause.message : String(cause))
}

const spentBy = (cause: unknown, id: string): KafkaError => {
  const code = cause instanceof KafkaError && cause.code === 'fenced' ? 'fenced' : 'unavailable'
  const next =
    code === 'fenced' ? 'Another has taken it over.' : 'Take it over again, if it is still yours.'
  return new KafkaError(code, `Publishing as "${id}" failed before. ${next}`, { cause })
}
