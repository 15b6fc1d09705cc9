/**
 * The images of the container tests: every name is here. Each is, in this order, what its variable
 * names; what `infra/images/build.sh` made here; what is pulled. A test cannot tell which it has.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ContainerRuntimeClient, ImageName } from 'testcontainers'

export const images = ['kafka', 'toxiproxy', 'registry'] as const
export type Image = (typeof images)[number]

type Names = {
  readonly variable: string
  readonly built: string
  /** Of the registry that Docker knows without being told. */
  readonly pulled: string
}
const names: Readonly<Record<Image, Names>> = {
  kafka: {
    variable: 'HOLDFAST_KAFKA_IMAGE',
    built: 'holdfast-test/kafka:4.4.0',
    pulled: 'apache/kafka:4.4.0',
  },
  toxiproxy: {
    variable: 'HOLDFAST_TOXIPROXY_IMAGE',
    built: 'holdfast-test/toxiproxy:2.5.0',
    pulled: 'shopify/toxiproxy:2.1.4',
  },
  registry: {
    variable: 'HOLDFAST_REGISTRY_IMAGE',
    built: 'holdfast-test/registry:2.6.13.Final',
    pulled: 'apicurio/apicurio-registry-mem:2.6.13.Final',
  },
}

/** The name of an image that is here, pulled if need be; `undefined` if it is not to be had. */
export const imageNamed = async (
  client: ContainerRuntimeClient,
  image: Image,
): Promise<string | undefined> => {
  const { variable, built, pulled } = names[image]
  const wanted = process.env[variable]
  const candidates = wanted === undefined ? [built, pulled] : [wanted]
  for (const candidate of candidates) {
    if (await client.image.exists(ImageName.fromString(candidate))) return candidate
  }
  const remote = wanted ?? pulled
  const isPulled = await client.image.pull(ImageName.fromString(remote)).then(
    () => true,
    () => false,
  )
  return isPulled ? remote : undefined
}

const run = promisify(execFile)
export const buildScript = join(import.meta.dirname, '../../infra/images/build.sh')

/** The service image: made of this checkout, and made anew when the checkout has changed. */
export const serviceImage = async (): Promise<string> => {
  const { HOLDFAST_IMAGE } = process.env
  if (HOLDFAST_IMAGE !== undefined) return HOLDFAST_IMAGE
  building ??= run(buildScript, ['holdfast'])
  await building
  return 'holdfast-test/holdfast:latest'
}
/** Once, however many services a test starts at the same time. */
let building: Promise<unknown> | undefined
