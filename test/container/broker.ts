/** One broker, in a container that is stopped, paused and killed as a machine would be. */
import { Kafka, logLevel } from 'kafkajs'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'
import { docker, imageFor, ownerLabels } from './docker.ts'
import { certificateFile, type Door, doors, environmentOf, nameOf } from './kafka-listeners.ts'
import type { ContainerNetwork } from './network.ts'

export type Broker = {
  readonly node: number
  /** `host:port` on this machine. It stays the same through stops and kills. */
  readonly address: string
  /** Orderly, as for an upgrade. */
  readonly stop: () => Promise<void>
  /** SIGKILL. */
  readonly kill: () => Promise<void>
  /** After `stop` or `kill`; resolves when it answers as a member of the cluster. */
  readonly start: () => Promise<void>
  readonly restart: () => Promise<void>
  /** Frozen: connections stay up and nothing answers. */
  readonly pause: () => Promise<void>
  readonly unpause: () => Promise<void>
  /** Runs one of Kafka's tools in it, such as `kafka-topics.sh`; what it printed. */
  readonly run: (tool: string, ...args: readonly string[]) => Promise<string>
  /** User and system, of all that runs in it, so far. */
  readonly cpuSeconds: () => Promise<number>
  /** Its log so far. */
  readonly logged: () => Promise<string>
}

export type BrokerPlan = {
  readonly node: number
  readonly network: ContainerNetwork
  readonly properties: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string>>
  /** The doors that are ports of this machine. */
  readonly ports: ReadonlyMap<Door, number>
  readonly address: string
  /** The broker's key and certificate in PEM, if it has a door that is safe. */
  readonly identity: string | undefined
}

const stopSeconds = 20
const startMaxMs = 180_000
const askAgainMs = 100
const nanosecondsPerSecond = 1e9

export const startBroker = async (plan: BrokerPlan): Promise<Broker & AsyncDisposable> => {
  const { node, address, ports, identity } = plan
  const image = new GenericContainer(await imageFor('kafka'))
    .withLabels(ownerLabels)
    .withNetworkMode(plan.network.name)
    .withNetworkAliases(nameOf(node))
    .withEnvironment({ ...environmentOf(plan.properties), ...plan.environment })
    .withExposedPorts(...[...ports].map(([door, host]) => ({ container: doors[door].port, host })))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(startMaxMs)
  if (identity !== undefined)
    image.withCopyContentToContainer([{ content: identity, target: certificateFile, mode: 0o444 }])
  return controlled(plan.node, address, await image.start())
}

const controlled = (
  node: number,
  address: string,
  started: StartedTestContainer,
): Broker & AsyncDisposable => {
  const container = docker().container.getById(started.getId())
  const stop = async (): Promise<void> => {
    await container.stop({ t: stopSeconds })
  }
  const start = async (): Promise<void> => {
    await container.start()
    await answering(address, node)
  }
  return {
    node,
    address,
    stop,
    start,
    kill: () => container.kill(),
    restart: async () => {
      await stop()
      await start()
    },
    pause: () => container.pause(),
    unpause: () => container.unpause(),
    run: async (tool, ...args) => {
      const { exitCode, output } = await started.exec([`/opt/kafka/bin/${tool}`, ...args])
      if (exitCode === 0) return output
      throw new Error(`${tool} ${args.join(' ')} exited with ${exitCode}: ${output}`)
    },
    cpuSeconds: async () => {
      const { cpu_stats } = await container.stats({ stream: false, 'one-shot': true })
      return cpu_stats.cpu_usage.total_usage / nanosecondsPerSecond
    },
    logged: async () => `${await container.logs({ stdout: true, stderr: true })}`,
    [Symbol.asyncDispose]: () => container.remove({ force: true, v: true }),
  }
}

/** Resolves when the broker at an address counts itself among the brokers. */
export const answering = async (address: string, node: number): Promise<void> => {
  const deadlineMs = Date.now() + startMaxMs
  for (;;) {
    try {
      if ((await membersSeen(address)).includes(node)) return
    } catch (cause) {
      if (Date.now() > deadlineMs)
        throw new Error(`Broker ${node} did not answer at ${address} for ${startMaxMs} ms.`, {
          cause,
        })
    }
    await new Promise((resolve) => setTimeout(resolve, askAgainMs))
  }
}

const membersSeen = async (address: string): Promise<readonly number[]> => {
  const once = { retries: 0 }
  const timeouts = { connectionTimeout: 1000, requestTimeout: 2000 }
  const client = new Kafka({
    clientId: 'test-probe',
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: once,
    ...timeouts,
  })
  const admin = client.admin()
  await admin.connect()
  try {
    return (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId)
  } finally {
    await admin.disconnect()
  }
}
