import { randomUUID } from 'node:crypto'
import { docker, ownerLabels, unlessGone } from './docker.ts'

/** A network of Docker's in which containers know each other by name. */
export type ContainerNetwork = { readonly name: string } & AsyncDisposable

export const openNetwork = async (): Promise<ContainerNetwork> => {
  const { dockerode } = docker().container
  const name = `holdfast-test-${randomUUID()}`
  const network = await dockerode.createNetwork({ Name: name, Labels: { ...ownerLabels } })
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      // A container of which the start failed is in nobody's hand, and would keep the network here.
      const { Containers: left = {} } = await network.inspect()
      for (const id of Object.keys(left))
        await dockerode.getContainer(id).remove({ force: true, v: true }).catch(unlessGone)
      await network.remove()
    },
  }
}
