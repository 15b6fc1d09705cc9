/**
 * The images of the container tests: every name is here. Each is, in this order, what its variable
 * names; what `infra/images/build.sh` made here; what is pulled. A test cannot tell which it has.
 */
import { type ContainerRuntimeClient, ImageName } from 'testcontainers'

export type Image = 'kafka' | 'toxiproxy' | 'holdfast'

type Names = {
  readonly variable: string
  readonly built: string
  /** Of a registry that Docker knows without being told; undefined: it is only ever built. */
  readonly pulled: string | undefined
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
  holdfast: {
    variable: 'HOLDFAST_IMAGE',
    built: 'holdfast-test/holdfast:latest',
    pulled: undefined,
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
    if (candidate === undefined) continue
    if (await client.image.exists(ImageName.fromString(candidate))) return candidate
  }
  const remote = wanted ?? pulled
  if (remote === undefined) return undefined
  const isPulled = await client.image.pull(ImageName.fromString(remote)).then(
    () => true,
    () => false,
  )
  return isPulled ? remote : undefined
}
