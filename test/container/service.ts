/** Holdfast as a service: the checkout's command as a process, or the service image as a container. */
import { GenericContainer, Wait } from 'testcontainers'
import { type LogLine, startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { docker, ownerLabels } from './docker.ts'
import { serviceImage } from './images.ts'
import type { ContainerNetwork } from './network.ts'
import { freePort } from './port.ts'

/** A process starts in a second and may be debugged; a container is what a user runs. */
export type ServiceKind = 'process' | 'container'

export type ServiceOptions = {
  readonly kind: ServiceKind
  /** For `--role`; none: the whole pipeline. */
  readonly role?: string
  /** Over the defaults: a name, an OTLP source, an admin API. */
  readonly config: object
  /** Of a container, so that it knows others by name. */
  readonly network?: ContainerNetwork
}

/** Its addresses and its disk stay the same through stops and kills. */
export type Service = {
  /** Of its container; none of a process. */
  readonly id: string
  /** Bases of URLs, from this machine. */
  readonly admin: string
  readonly otlp: string
  /** SIGTERM, and waits for the end; the status it exited with. */
  readonly stop: () => Promise<number | null>
  /** SIGKILL. */
  readonly kill: () => Promise<void>
  /** After `stop` or `kill`; resolves when everything place. */
  readonly start: () => Promise<void>
  /** Frozen: connections stay up and nothing answers. */
  readonly pause: () => Promise<void>
  readonly unpause: () => Promise<void>
  /** Get, as JSON, from the admin API. */
  readonly get: <Answer>(path: string) => Promise<Answer>
  /** Commands the endpoint, by the admin API. */
  readonly redirect: (url: string) => Promise<Response>
  /** What keeps it from being ready, by actor; empty: nothing. */
  readonly unready: () => Promise<readonly { readonly actor: string; readonly reason: string }[]>
  /** Log lines of this life so far; none of a container. */
  readonly logged: () => readonly LogLine[]
}

const stopSeconds = 20
export const adminToken = 'container-test'

export const startService = (options: ServiceOptions): Promise<Service & AsyncDisposable> =>
  options.kind === 'process' ? startProcess(options) : startContainer(options)

type Place = { readonly otlp: string; readonly admin: string; readonly data: string }

const configOf = (config: object, place: Place) => ({
  name: 'test',
  data_dir: place.data,
  sources: { otlp_http: { listen: place.otlp } },
  admin: { listen: place.admin, token: adminToken },
  shutdown_timeout: '5s',
  ...config,
})

const optionsOf = (role: string | undefined): readonly string[] =>
  role === undefined ? [] : ['--role', role]

const getFrom =
  (admin: string) =>
  async <Answer>(path: string): Promise<Answer> => {
    const headers = { authorization: `Bearer ${adminToken}` }
    const response = await fetch(`${admin}${path}`, { headers })
    if (response.ok) return (await response.json()) as Answer
    throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`)
  }

const redirectBy = (admin: string) => (url: string) =>
  fetch(`${admin}/api/v1/endpoint`, {
    method: 'PUT',
    body: JSON.stringify({ url, reason: 'test' }),
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
  })

const unreadyAt = (admin: string) => async () => {
  const answer = (await (await fetch(`${admin}/readyz`)).json()) as { readonly reasons?: never[] }
  return answer.reasons ?? []
}

const startProcess = async ({
  role,
  config,
}: ServiceOptions): Promise<Service & AsyncDisposable> => {
  const folder = await workspace()
  const [otlp, admin] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const run = () =>
    startHoldfast(folder.path, configOf(config, { otlp, admin, data: './data' }), {
      nodeOptions: [],
      environment: {},
      options: optionsOf(role),
    })
  let life = await run()
  return {
    id: '',
    admin: `http://${admin}`,
    otlp: `http://${otlp}`,
    stop: () => life.kill('SIGTERM'),
    kill: async () => {
      await life.kill('SIGKILL')
    },
    start: async () => {
      life = await run()
    },
    pause: async () => {
      process.kill(life.pid, 'SIGSTOP')
    },
    unpause: async () => {
      process.kill(life.pid, 'SIGCONT')
    },
    get: getFrom(`http://${admin}`),
    redirect: redirectBy(`http://${admin}`),
    unready: unreadyAt(`http://${admin}`),
    logged: () => life.logged(),
    [Symbol.asyncDispose]: async () => {
      await life[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const configFile = '/etc/holdfast/holdfast.yaml'
const ports = { otlp: 4318, admin: 8686 } as const

const startContainer = async ({
  role,
  config,
  network,
}: ServiceOptions): Promise<Service & AsyncDisposable> => {
  const [otlp, admin] = [await freePort(), await freePort()]
  // JSON is YAML.
  const content = JSON.stringify(
    configOf(config, {
      otlp: `:${ports.otlp}`,
      admin: `:${ports.admin}`,
      data: '/var/lib/holdfast/data',
    }),
  )
  const image = new GenericContainer(await serviceImage())
    .withLabels(ownerLabels)
    .withCopyContentToContainer([{ content, target: configFile, mode: 0o444 }])
    .withCommand(['run', '--config', configFile, ...optionsOf(role)])
    .withExtraHosts([{ host: 'host.docker.internal', ipAddress: 'host-gateway' }])
    .withExposedPorts(
      { container: ports.otlp, host: otlp },
      { container: ports.admin, host: admin },
    )
    .withWaitStrategy(Wait.forLogMessage(/"event":"ready"/))
  if (network !== undefined) image.withNetworkMode(network.name)
  const started = await image.start()
  const container = docker().container.getById(started.getId())
  const adminUrl = `http://${started.getHost()}:${admin}`
  return {
    id: container.id,
    admin: adminUrl,
    otlp: `http://${started.getHost()}:${otlp}`,
    stop: async () => {
      await container.stop({ t: stopSeconds })
      return (await container.inspect()).State.ExitCode
    },
    kill: () => container.kill(),
    start: async () => {
      await container.start()
      await until(() => isReady(adminUrl), Boolean)
    },
    pause: () => container.pause(),
    unpause: () => container.unpause(),
    get: getFrom(adminUrl),
    redirect: redirectBy(adminUrl),
    unready: unreadyAt(adminUrl),
    logged: () => [],
    [Symbol.asyncDispose]: () => container.remove({ force: true, v: true }),
  }
}

const isReady = (admin: string): Promise<boolean> =>
  fetch(`${admin}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )
