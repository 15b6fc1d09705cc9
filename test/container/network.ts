import { randomUUID } from 'node:crypto'
import { docker, ownerLabels } from './docker.ts'

/** A network of Docker's in which containers know each other by name. */
export type ContainerNetwork = { readonly name: string } & AsyncDisposable

export const openNetwork = async (): Promise<ContainerNetwork> => {
  const { dockerode } = docker().container
  const name = `holdfast-test-${randomUUID()}`
  const network = await dockerode.createNetwork({ Name: name, Labels: { ...ownerLabels } })
  return { name, [Symbol.asyncDispose]: () => network.remove() }
}
