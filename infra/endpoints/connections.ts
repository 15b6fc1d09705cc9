import { type Agent, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'

/** Shorter than the 5 s after which many servers close an idle connection, perhaps just as we use it. */
const idleMs = 4_000
/** Origins whose idle connections are kept at a time: redirects may lead through more. */
const originsMax = 16

/** Connections that are kept open between requests: to each origin its own, a bounded number of them. */
export type Connections = {
  /** @param protocol `http:` or `https:`. @throws {ConnectionsClosedError} */
  readonly over: (protocol: string) => Agent
  readonly close: () => void
}

export const openConnections = (options: { readonly perOriginMax: number }): Connections => {
  const settings = {
    keepAlive: true,
    maxSockets: options.perOriginMax,
    maxFreeSockets: options.perOriginMax,
    maxTotalSockets: originsMax * options.perOriginMax,
    timeout: idleMs,
  }
  const agents = {
    plain: breakingOffStrangers(new HttpAgent(settings)),
    secure: breakingOffStrangers(new HttpsAgent(settings)),
  }
  let closed = false
  return {
    over: (protocol) => {
      if (closed) throw new ConnectionsClosedError('No connection: the endpoint is closed.')
      return protocol === 'https:' ? agents.secure : agents.plain
    },
    close: () => {
      closed = true
      agents.plain.destroy()
      agents.secure.destroy()
    },
  }
}

export class ConnectionsClosedError extends Error {
  override readonly name = 'ConnectionsClosedError'
}

/**
 * Whoever says something over a connection on which nothing was asked would have it taken for the
 * answer to the next request, and records be counted as delivered: such a connection is not used again.
 */
const breakingOffStrangers = (agent: Agent): Agent => {
  const keep = agent.keepSocketAlive.bind(agent)
  const reuse = agent.reuseSocket.bind(agent)
  agent.keepSocketAlive = (socket) => {
    socket.on('data', breakOff)
    return keep(socket)
  }
  agent.reuseSocket = (socket, request) => {
    socket.off('data', breakOff)
    reuse(socket, request)
  }
  return agent
}

function breakOff(this: { readonly destroy: () => void }): void {
  this.destroy()
}
