/** A Kafka of the test's own, of one broker or three, in containers. */
import { type Broker, startBroker } from './broker.ts'
import { makeCertificate } from './certificate.ts'
import { docker } from './docker.ts'
import {
  accounts,
  type Door,
  doors,
  internalPort,
  listenerProperties,
  nameOf,
} from './kafka-listeners.ts'
import { type ContainerNetwork, openNetwork } from './network.ts'
import { freePort } from './port.ts'
import { type NetworkProxy, openProxies } from './proxy.ts'

export type KafkaOptions = {
  readonly brokers?: 1 | 3
  /** Opens doors that ask who one is: `accounts`, by PLAIN and SCRAM. */
  readonly sasl?: true
  /** Opens doors with TLS; `certificate` is what to trust. */
  readonly tls?: true
  /** Puts a network in between that can be cut: `proxies`, reached at `proxied`. */
  readonly proxy?: true
  /** Of the brokers, such as `message.max.bytes`. */
  readonly properties?: Readonly<Record<string, string>>
  /** What Java is told, such as `KAFKA_HEAP_OPTS`. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Addresses are lists of `host:port`, one for each broker. */
export type TestKafka = {
  /** Plain, from this machine. */
  readonly addresses: readonly string[]
  /** Plain, from this machine, by way of `proxies`. */
  readonly proxied: readonly string[]
  /** With SASL, with TLS, with both. */
  readonly login: readonly string[]
  readonly secure: readonly string[]
  readonly secureLogin: readonly string[]
  /** Plain, from a container on `network`. */
  readonly internal: readonly string[]
  readonly network: ContainerNetwork
  readonly nodes: readonly Broker[]
  /** One for each broker, in their order. */
  readonly proxies: readonly NetworkProxy[]
  /** In PEM: what a client of the doors with TLS has to trust. */
  readonly certificate: string | undefined
}

/** Everything is gone after disposal: `await using kafka = await startKafka()`. */
export const startKafka = async (
  options: KafkaOptions = {},
): Promise<TestKafka & AsyncDisposable> => {
  await using stack = new AsyncDisposableStack()
  const network = stack.use(await openNetwork())
  const numbers = options.brokers === 3 ? [1, 2, 3] : [1]
  const { proxies } =
    options.proxy === undefined
      ? { proxies: [] }
      : stack.use(
          await openProxies(
            network,
            numbers.map((it) => `${nameOf(it)}:${doors.PROXY.port}`),
          ),
        )
  // Not always localhost: where the tests are in a container themselves, it is the way out of it.
  const { host } = docker().info.containerRuntime
  const identity = options.tls && (await makeCertificate(host, ...numbers.map(nameOf)))
  const planned = numbers.map(async (node, index) => {
    const ports = new Map<Door, number>()
    for (const door of doorsOf(options)) ports.set(door, await freePort())
    const addresses = new Map([...ports].map(([door, port]) => [door, `${host}:${port}`]))
    const proxy = proxies[index]
    if (proxy !== undefined) addresses.set('PROXY', proxy.address)
    return { node, ports, addresses }
  })
  const plans = await Promise.all(planned)
  // All at once: a controller waits for the majority before it says that it is up.
  const starting = plans.map(({ node, ports, addresses }) =>
    startBroker({
      node,
      network,
      ports,
      address: addresses.get('HOST') ?? '',
      properties: {
        ...listenerProperties({ node, nodes: numbers, addresses }),
        ...clusterProperties(node, numbers.length),
        ...options.properties,
      },
      environment: { ...thrift, ...options.environment },
      identity: identity && `${identity.key}${identity.certificate}`,
    }),
  )
  const nodes: Broker[] = []
  const outcomes = await Promise.allSettled(starting)
  for (const outcome of outcomes)
    if (outcome.status === 'fulfilled') nodes.push(stack.use(outcome.value))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  if (options.sasl) await enrol(nodes[0])
  const reached = (door: Door) => plans.flatMap(({ addresses }) => addresses.get(door) ?? [])
  const owned = stack.move()
  return {
    addresses: reached('HOST'),
    proxied: reached('PROXY'),
    login: reached('LOGIN'),
    secure: reached('SECURE'),
    secureLogin: reached('SECURELOGIN'),
    internal: numbers.map((node) => `${nameOf(node)}:${internalPort}`),
    network,
    nodes,
    proxies,
    certificate: identity?.certificate,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Those that are ports of this machine; the one for the proxy is not. */
const doorsOf = ({ sasl, tls }: KafkaOptions): readonly Door[] => [
  'HOST',
  ...(sasl ? (['LOGIN'] as const) : []),
  ...(tls ? (['SECURE'] as const) : []),
  ...(sasl && tls ? (['SECURELOGIN'] as const) : []),
]

/** Small and quick: it serves one test, on a machine that does other things besides. */
const thrift = {
  CLUSTER_ID: '5L6g3nShT-eMCtK--X86sw',
  KAFKA_HEAP_OPTS: '-Xms192m -Xmx512m',
  KAFKA_JVM_PERFORMANCE_OPTS: '-XX:+UseSerialGC -XX:TieredStopAtLevel=1',
}

const clusterProperties = (node: number, size: number): Readonly<Record<string, string>> => {
  const inSyncMin = size > 1 ? '2' : '1'
  return {
    'process.roles': 'broker,controller',
    'node.id': `${node}`,
    'log.dirs': '/var/lib/kafka/data',
    // What makes topics has to say so: a misspelt name is an error.
    'auto.create.topics.enable': 'false',
    'default.replication.factor': `${size}`,
    'min.insync.replicas': inSyncMin,
    'offsets.topic.replication.factor': `${size}`,
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.replication.factor': `${size}`,
    'transaction.state.log.min.isr': inSyncMin,
    'transaction.state.log.num.partitions': '3',
    'share.coordinator.state.topic.replication.factor': `${size}`,
    'share.coordinator.state.topic.min.isr': inSyncMin,
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // A broker that was killed may not come back before its old session is over: nine seconds.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
  }
}

/**
 * Passwords of SCRAM are kept by the cluster; those of PLAIN are in the listeners' properties. The
 * cluster takes one mechanism of an account in a request.
 */
const enrol = async (broker: Broker | undefined): Promise<void> => {
  const wanted = Object.entries(accounts).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((it) => ({
      name,
      secret: `${it}=[password=${password}]`,
    })),
  )
  const enrolled = wanted.map(({ name, secret }) =>
    broker?.run(
      'kafka-configs.sh',
      ...['--bootstrap-server', `localhost:${internalPort}`, '--alter'],
      ...['--entity-type', 'users', '--entity-name', name, '--add-config', secret],
    ),
  )
  await Promise.all(enrolled)
}
