/**
 * `npm run images`: everything that the tests in containers need, before they run. What cannot be
 * pulled is built from packages, which takes a minute or two.
 */
import { spawnSync } from 'node:child_process'
import { docker } from './docker.ts'
import { buildScript, imageNamed, images } from './images.ts'

const missing: string[] = []
for (const image of images) {
  const name = await imageNamed(docker(), image)
  if (name === undefined) missing.push(image)
  else process.stdout.write(`${image}: ${name}\n`)
}
// The service image is of this checkout, and so is never pulled.
const { status } = spawnSync(buildScript, [...missing, 'holdfast'], { stdio: 'inherit' })
process.exit(status ?? 1)
