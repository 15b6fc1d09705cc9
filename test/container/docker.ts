/**
 * Whether the container tests can run on this machine: the one place that decides. And the hand on
 * Docker that they share, which leaves nothing behind.
 */
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers'
import { type Image, imageNamed, images } from './images.ts'

// The companion that tidies up after testcontainers is an image too, which cannot be pulled
// everywhere. What it would do, `sweep` does everywhere.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'

const ownerLabel = 'holdfast.test.owner'
/** On every container and network that a test makes: by it, what a killed test left is found. */
export const ownerLabels: Readonly<Record<string, string>> = { [ownerLabel]: `${process.pid}` }

const reached = await getContainerRuntimeClient().catch((error: unknown) => error)

/** Docker's client; throws where the tests should have been skipped. */
export const docker = (): ContainerRuntimeClient => {
  if (isClient(reached)) return reached
  throw new Error('Docker was asked for where it does not answer.', { cause: reached })
}

const isClient = (it: unknown): it is ContainerRuntimeClient =>
  typeof it === 'object' && it !== null && 'container' in it

/** The name of an image that is here by now. */
export const imageFor = async (image: Image): Promise<string> => {
  const name = await imageNamed(docker(), image)
  if (name !== undefined) return name
  throw new Error(`There is no ${image} image, and none can be pulled; npm run images builds it`)
}

/** Removes what tests left behind whose process is gone. */
const sweep = async ({ container: { dockerode } }: ContainerRuntimeClient): Promise<void> => {
  const filters = { label: [ownerLabel] }
  for (const { Id, Labels } of await dockerode.listContainers({ all: true, filters }))
    if (!isAlive(Labels[ownerLabel]))
      await dockerode.getContainer(Id).remove({ force: true, v: true }).catch(unlessGone)
  for (const { Id, Labels } of await dockerode.listNetworks({ filters }))
    if (!isAlive(Labels?.[ownerLabel])) await dockerode.getNetwork(Id).remove().catch(unlessGone)
}

/** Two test files may sweep at once: what the other one has taken is gone, or on its way. */
export const unlessGone = (error: { readonly statusCode?: number }): void => {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error
}

const isAlive = (pid: string | undefined): boolean => {
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Why they cannot run here, in one line; `false` where they can. */
const obstacle = async (): Promise<string | false> => {
  if (!isClient(reached)) return 'Docker does not answer here; infra/images/docker.sh starts one'
  await sweep(reached)
  for (const image of images)
    if ((await imageNamed(reached, image)) === undefined)
      return `there is no ${image} image, and none can be pulled; npm run images builds it`
  return false
}

/** For `describe(…, { skip: withoutDocker }, …)`. */
export const withoutDocker = await obstacle()
