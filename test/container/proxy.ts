/** Toxiproxy: a network between this machine and the brokers that can be cut. */
import { GenericContainer, Wait } from 'testcontainers'
import { imageFor, ownerLabels } from './docker.ts'
import type { ContainerNetwork } from './network.ts'
import { freePort } from './port.ts'

/** One way through. */
export type NetworkProxy = {
  /** `host:port` on this machine. */
  readonly address: string
  /** Ends its connections and refuses new ones: as a host that is up but does not listen. */
  readonly refuse: () => Promise<void>
  /** Takes what is sent and lets no answer through: as a network that swallows packets. */
  readonly swallow: () => Promise<void>
  /** Answers come late. */
  readonly slow: (latencyMs: number) => Promise<void>
  /** Everything as it was. */
  readonly heal: () => Promise<void>
}

const controlPort = 8474

/** A way through to each of the upstreams, which are `host:port` in the network. */
export const openProxies = async (
  network: ContainerNetwork,
  upstreams: readonly string[],
): Promise<{ readonly proxies: readonly NetworkProxy[] } & AsyncDisposable> => {
  const ports = await Promise.all(upstreams.map(freePort))
  const container = await new GenericContainer(await imageFor('toxiproxy'))
    .withLabels(ownerLabels)
    .withNetworkMode(network.name)
    .withNetworkAliases('proxy')
    .withExposedPorts(controlPort, ...ports.map((port) => ({ container: port, host: port })))
    .withWaitStrategy(Wait.forHttp('/version', controlPort))
    .start()
  const host = container.getHost()
  const control = `http://${host}:${container.getMappedPort(controlPort)}`
  const open = async (upstream: string, index: number): Promise<NetworkProxy> => {
    const port = ports[index]
    const name = `way-${index}`
    await tell(`${control}/proxies`, { name, listen: `0.0.0.0:${port}`, upstream, enabled: true })
    return proxyAt(`${host}:${port}`, control, name)
  }
  return {
    proxies: await Promise.all(upstreams.map(open)),
    [Symbol.asyncDispose]: async () => {
      await container.stop()
    },
  }
}

const proxyAt = (address: string, control: string, name: string): NetworkProxy => {
  const proxy = `${control}/proxies/${name}`
  const poison = (type: string, attributes: object): Promise<void> =>
    tell(`${proxy}/toxics`, { name: type, type, stream: 'downstream', attributes })
  return {
    address,
    refuse: () => tell(proxy, { enabled: false }),
    swallow: () => poison('timeout', { timeout: 0 }),
    slow: (latencyMs) => poison('latency', { latency: latencyMs, jitter: 0 }),
    heal: async () => {
      const toxics = (await (await fetch(`${proxy}/toxics`)).json()) as { name: string }[]
      for (const toxic of toxics) await tell(`${proxy}/toxics/${toxic.name}`, undefined, 'DELETE')
      await tell(proxy, { enabled: true })
    },
  }
}

const tell = async (url: string, body: object | undefined, method = 'POST'): Promise<void> => {
  const said = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(url, { method, ...said })
  if (!response.ok)
    throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`)
}
