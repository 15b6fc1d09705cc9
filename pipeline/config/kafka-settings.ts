import { resolve } from 'node:path'
import type { Connection } from '../../infra/kafka/client.ts'
import type { Compression } from '../../infra/kafka/compression.ts'
import type { TopicDemands } from '../../infra/kafka/topic-plan.ts'
import type { Path } from './config-file.ts'
import type { Fault } from './fault.ts'
import type { KafkaContent } from './kafka-schema.ts'

/** The transport between services. */
export type KafkaSettings = Omit<Connection, 'clientId'> &
  TopicDemands & {
    /** Without a heartbeat for so long a service has lost its shards to others. */
    readonly sessionMs: number
    /** What the names of topics, groups and transactional ids begin with. */
    readonly namespace: string
    readonly compression: Compression
    /** Where messages are in Confluent's wire format. */
    readonly schemaRegistry: RegistrySettings | null
  }
export type RegistrySettings = {
  readonly url: string
  readonly login: { readonly username: string; readonly password: string } | null
}

const mebibyte = 2 ** 20
/** What the header of a batch, its key and the frame around it may take at most, and more than that. */
const envelopeBytes = 2 ** 17

export const kafkaSettings = (
  content: KafkaContent,
  given: {
    readonly folder: string
    readonly batchBytesMax: number
    readonly decompressedBytesMax: number
  },
): KafkaSettings => {
  const { tls, sasl, schema_registry: registry } = content
  const pathOf = (file: string | undefined): string | null =>
    file === undefined ? null : resolve(given.folder, file)
  return {
    brokers: content.brokers,
    namespace: content.namespace,
    shards: content.shards,
    replicationFactor: content.replication_factor,
    minInsyncReplicas: content.min_insync_replicas,
    messageBytesMax: payloadBytesMax(given) + envelopeBytes,
    compression: content.compression,
    connectTimeoutMs: content.connect_timeout,
    requestTimeoutMs: content.request_timeout,
    sessionMs: content.session_timeout,
    tls:
      tls === undefined
        ? null
        : {
            ca: pathOf(tls.ca),
            cert: pathOf(tls.cert),
            key: pathOf(tls.key),
            servername: tls.servername ?? null,
          },
    sasl: sasl ?? null,
    schemaRegistry:
      registry === undefined
        ? null
        : {
            url: registry.url,
            login:
              registry.username === ''
                ? null
                : { username: registry.username, password: registry.password },
          },
  }
}

const at: Path = ['transport', 'kafka']

/** What no single value shows. */
export const kafkaFindings = (content: KafkaContent): readonly Omit<Fault, 'line'>[] => {
  const { tls, sasl, min_insync_replicas: inSync, replication_factor: copies } = content
  const found: Omit<Fault, 'line'>[] = []
  if (inSync > copies)
    found.push({
      path: [...at, 'min_insync_replicas'],
      problem: `${inSync} copies are never in sync where there are ${copies}`,
      allowed: `allowed: transport.kafka.replication_factor, ${copies}, at most`,
    })
  if ((tls?.cert === undefined) !== (tls?.key === undefined))
    found.push({
      path: [...at, 'tls'],
      problem: 'a certificate is of no use without its key, nor a key without its certificate',
      allowed: 'allowed: cert and key, or neither',
    })
  if (sasl !== undefined && (sasl.username === '' || sasl.password === ''))
    found.push({
      path: [...at, 'sasl'],
      problem: 'the username or the password is empty',
      allowed: `allowed: both, such as \${KAFKA_PASSWORD}`,
    })
  return found
}

/** What is allowed, and may not be what was meant. */
export const kafkaNotes = ({ sasl, tls }: KafkaSettings): readonly string[] =>
  sasl?.mechanism === 'plain' && tls === null
    ? [
        'transport.kafka.sasl sends the password as it is, and without transport.kafka.tls anyone on the way can read it.',
      ]
    : []

/**
 * What a request may hold at most where its records go to Kafka: a record is no larger than the request
 * that it came in, and what a message cannot hold has to be refused at the door, for good, and not again
 * and again.
 */
const requestBytesMax = 16 * mebibyte
export const kafkaRequestBytesMax = (decompressedBytesMax: number): number =>
  Math.min(decompressedBytesMax, requestBytesMax)

/** Messages between actors need room too, however small batches are. */
const payloadBytesMax = (given: {
  readonly batchBytesMax: number
  readonly decompressedBytesMax: number
}): number =>
  Math.max(given.batchBytesMax, kafkaRequestBytesMax(given.decompressedBytesMax), mebibyte)
