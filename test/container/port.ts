import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below those that the system hands out by itself: a broker that is stopped for a while must find its
// port free when it comes back, and no client's connection on it.
const portMin = 20_000
const portMax = 32_000
const triesMax = 50

/** A port of this machine that nobody listens on. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = randomInt(portMin, portMax)
    if (await isFree(port)) return port
  }
  throw new Error(`Looked for a free port ${triesMax} times, from ${portMin} to ${portMax}: none.`)
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
