/** A schema registry of the test's own, in a container. */
import { GenericContainer, Wait } from 'testcontainers'
import { docker, imageFor, ownerLabels } from './docker.ts'

export type TestRegistry = {
  /** The base of Confluent's interface, from this machine. */
  readonly url: string
  /** Refuses schemas that former readers or writers could not do with. */
  readonly demandFullCompatibility: () => Promise<void>
}

const port = 8080
const startMaxMs = 120_000

export const startRegistry = async (): Promise<TestRegistry & AsyncDisposable> => {
  const container = await new GenericContainer(await imageFor('registry'))
    .withLabels(ownerLabels)
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp('/apis/ccompat/v7/subjects', port).forStatusCode(200))
    .withStartupTimeout(startMaxMs)
    .start()
  const { host } = docker().info.containerRuntime
  const url = `http://${host}:${container.getMappedPort(port)}/apis/ccompat/v7`
  return {
    url,
    demandFullCompatibility: async () => {
      const response = await fetch(`${url}/config`, {
        method: 'PUT',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ compatibility: 'FULL' }),
      })
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    },
    [Symbol.asyncDispose]: async () => {
      await container.stop()
    },
  }
}
