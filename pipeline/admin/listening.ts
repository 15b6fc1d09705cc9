import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Listen, listenText } from '../config/addresses.ts'

/** Bounds of each of the servers that the admin API is made of. */
export const connectionsMax = 256
export const serverTimeouts = { headersTimeout: 10_000, requestTimeout: 30_000 }
const closeMsMax = 1_000

/** The port that it got. Rejects when the address cannot be listened on. */
export const listening = async (server: Server, listen: Listen): Promise<number> => {
  server.maxConnections = connectionsMax
  server.listen(listen.port, listen.host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(
      `The admin API could not listen on ${listenText(listen)}; free the address or choose another admin.listen.`,
      { cause },
    )
  }
  return (server.address() as AddressInfo).port
}

export const closed = async (server: Server): Promise<void> => {
  const done = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), closeMsMax)
  await done
  clearTimeout(timer)
}
