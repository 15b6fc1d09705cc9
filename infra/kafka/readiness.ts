/** The wait for a broker, and for topics that fit. Services start in any order. */
import type { Admin, Kafka as Client } from 'kafkajs'
import type { Log } from '../telemetry/log.ts'
import { KafkaError } from './kafka-error.ts'
import { kafkaErrorOf } from './kafka-fault.ts'
import { pause } from './pause.ts'
import { topicsThere } from './topic-admin.ts'
import { type Deviation, deviationsFrom, type TopicState } from './topic-plan.ts'
import { within } from './within.ts'

const pauseMs = 1000
/** Between two lines that say what is still waited for. */
const remindMs = 60_000
const disconnectMsMax = 5000

export type Waiting = {
  readonly log: Log
  readonly signal: AbortSignal
  /** How long one attempt may take. */
  readonly limitMs: number
}

/**
 * Attempts until it works, and says what is waited for.
 * @throws {KafkaError} `refused` where waiting does not help.
 * @throws the signal's reason, when it is aborted.
 */
export const awaited = async <Value>(
  attempted: string,
  attempt: () => Promise<Value>,
  { log, signal, limitMs }: Waiting,
): Promise<Value> => {
  let saidAtMs = Number.NEGATIVE_INFINITY
  while (true) {
    try {
      return await unlessAborted(within(attempt(), { limitMs, attempted }), signal)
    } catch (cause) {
      signal.throwIfAborted()
      const error = kafkaErrorOf(cause, attempted)
      if (error.code === 'refused') throw error
      if (performance.now() - saidAtMs > remindMs) {
        saidAtMs = performance.now()
        log.warn('kafka.awaited', `${error.message} It is tried again every second.`)
      }
      await pause(pauseMs, signal)
    }
  }
}

/** A connection to a broker that is there, whose topics fit. Throws as `awaited` does. */
export const awaitBroker = async (
  options: { readonly client: Client; readonly plan: readonly TopicState[] } & Waiting,
): Promise<Admin> => {
  const { client, plan, log } = options
  const attempt = async (): Promise<Admin> => {
    const admin = client.admin()
    try {
      await admin.connect()
      await checkTopics(admin, plan, log)
      return admin
    } catch (cause) {
      leave(admin, log)
      throw cause
    }
  }
  return awaited('Connecting to Kafka', attempt, options)
}

const unlessAborted = async <Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> => {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const end = (): void => reject(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

const leave = (admin: Admin, log: Log): void => {
  const attempted = 'Closing the connection of the administrator'
  within(admin.disconnect(), { limitMs: disconnectMsMax, attempted }).catch((cause: unknown) =>
    log.debug('kafka.admin.left', `${attempted} failed; it is left.`, { cause }),
  )
}

const checkTopics = async (admin: Admin, plan: readonly TopicState[], log: Log): Promise<void> => {
  const deviations = deviationsFrom(plan, await topicsThere(admin, plan))
  const missing = deviations.filter(({ kind }) => kind === 'missing').map(({ topic }) => topic)
  if (missing.length > 0)
    throw new KafkaError(
      'unavailable',
      `These topics are not there yet: ${missing.join(', ')}. \`holdfast topics create\` makes them.`,
    )
  const harmful = deviations.filter(({ kind }) => kind === 'harmful')
  if (harmful.length > 0)
    throw new KafkaError(
      'refused',
      `These topics would lose or refuse what they are given: ${harmful.map(sentence).join('; ')}. Nothing is started on them; \`holdfast topics check\` shows them all.`,
    )
  for (const weak of deviations)
    log.warn('topic.weak', `A topic has fewer copies than asked for: ${sentence(weak)}.`, weak)
}

const sentence = ({ topic, what, wanted, found }: Deviation): string =>
  `${topic} has ${what} ${found} and needs ${wanted}`
