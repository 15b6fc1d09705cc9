import { readFileSync } from 'node:fs'
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import type { ClientLog } from './client-log.ts'
import { mendIdleTimer } from './idle-timer.ts'
import { mendEncoding } from './lean-encoding.ts'
import { closeSilentConnections } from './silent-connection.ts'

export type Sasl = {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}
export type Tls = {
  /** Paths of PEM files. Without `ca` the authorities that Node trusts. */
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
  /** The name that the certificate has to bear, where it is not the host that is dialled. */
  readonly servername: string | null
}
export type Connection = {
  readonly clientId: string
  /** `host:port`, at least one. */
  readonly brokers: readonly string[]
  readonly tls: Tls | null
  readonly sasl: Sasl | null
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
}

/** How often the library tries by itself, within one call of ours; what is beyond is for us to decide. */
const retry = { retries: 4, initialRetryTime: 100, maxRetryTime: 1000 } as const

/** @throws the error of the file system where a file of `tls` cannot be read. */
export const openClient = (connection: Connection, log: ClientLog): Kafka => {
  mendIdleTimer()
  mendEncoding()
  closeSilentConnections()
  const { clientId, brokers, tls, sasl, connectTimeoutMs, requestTimeoutMs } = connection
  const config: KafkaConfig = {
    clientId,
    brokers: [...brokers],
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { ...retry },
    logLevel: logLevel.WARN,
    logCreator: () => log.write,
    ...(tls === null ? {} : { ssl: sslOf(tls) }),
    ...(sasl === null ? {} : { sasl: { ...sasl } as SASLOptions }),
  }
  return new Kafka(config)
}

const sslOf = ({ ca, cert, key, servername }: Tls): NonNullable<KafkaConfig['ssl']> => ({
  rejectUnauthorized: true,
  ...(ca === null ? {} : { ca: readFileSync(ca) }),
  ...(cert === null ? {} : { cert: readFileSync(cert) }),
  ...(key === null ? {} : { key: readFileSync(key) }),
  ...(servername === null ? {} : { servername }),
})
