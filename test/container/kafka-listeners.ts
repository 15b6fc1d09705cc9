/** Where a broker listens, and what it tells clients to come back to. */

/** Who may come in where SASL asks: the password of each. */
export const accounts = { alice: 'alice-secret' } as const

export const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/**
 * `HOST`: plain, for this machine; `PROXY`: the same through a proxy that can be cut; `LOGIN`: SASL;
 * `SECURE`: TLS; `SECURELOGIN`: both. Names with SSL or SASL in them would make the published image
 * demand key stores in its own way.
 */
export type Door = 'HOST' | 'PROXY' | 'LOGIN' | 'SECURE' | 'SECURELOGIN'

type Listener = { readonly port: number; readonly protocol: string }

export const doors: Readonly<Record<Door, Listener>> = {
  HOST: { port: 9092, protocol: 'PLAINTEXT' },
  PROXY: { port: 9094, protocol: 'PLAINTEXT' },
  LOGIN: { port: 9095, protocol: 'SASL_PLAINTEXT' },
  SECURE: { port: 9096, protocol: 'SSL' },
  SECURELOGIN: { port: 9097, protocol: 'SASL_SSL' },
}
/** Among the brokers and for containers: a broker that cannot reach itself fails transactions. */
export const internalPort = 29_092
const controllerPort = 9093

/** In the container: the key and the certificate. */
export const certificateFile = '/opt/holdfast/broker.pem'

export const nameOf = (node: number): string => `kafka-${node}`

export type Listening = {
  readonly node: number
  readonly nodes: readonly number[]
  /** `host:port` as this machine reaches each door. */
  readonly addresses: ReadonlyMap<Door, string>
}

/** The properties of Kafka that follow. */
export const listenerProperties = ({
  node,
  nodes,
  addresses,
}: Listening): Readonly<Record<string, string>> => {
  const open = [...addresses].map(([door, address]) => ({ door, address, ...doors[door] }))
  const isSafe = (protocol: string): boolean => protocol.endsWith('SSL')
  const asksWho = (protocol: string): boolean => protocol.startsWith('SASL')
  return {
    'controller.quorum.voters': nodes
      .map((it) => `${it}@${nameOf(it)}:${controllerPort}`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    listeners: [
      `CONTROLLER://:${controllerPort}`,
      `INTERNAL://:${internalPort}`,
      ...open.map(({ door, port }) => `${door}://:${port}`),
    ].join(','),
    'advertised.listeners': [
      `INTERNAL://${nameOf(node)}:${internalPort}`,
      ...open.map(({ door, address }) => `${door}://${address}`),
    ].join(','),
    'listener.security.protocol.map': [
      'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT',
      ...open.map(({ door, protocol }) => `${door}:${protocol}`),
    ].join(','),
    ...Object.assign(
      {},
      ...open.filter((it) => isSafe(it.protocol)).map((it) => safety(it.door)),
      ...open.filter((it) => asksWho(it.protocol)).map((it) => logins(it.door)),
    ),
  }
}

const safety = (door: Door): Readonly<Record<string, string>> => ({
  [`listener.name.${door.toLowerCase()}.ssl.keystore.type`]: 'PEM',
  [`listener.name.${door.toLowerCase()}.ssl.keystore.location`]: certificateFile,
})

const logins = (door: Door): Readonly<Record<string, string>> => {
  const prefix = `listener.name.${door.toLowerCase()}`
  const plain = Object.entries(accounts).map(([name, password]) => `user_${name}="${password}"`)
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: mechanisms.join(','),
    [`${prefix}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required ${plain.join(' ')};`,
    ...Object.fromEntries(
      ['scram-sha-256', 'scram-sha-512'].map((mechanism) => [
        `${prefix}.${mechanism}.sasl.jaas.config`,
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      ]),
    ),
  }
}

/** As the images of Kafka read properties from the environment. */
export const environmentOf = (
  properties: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      `KAFKA_${name.replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`,
      value,
    ]),
  )
