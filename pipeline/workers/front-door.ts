/**
 * The port of all workers. The supervisor accepts, and hands each connection on before it has read
 * anything of it: to the worker that has the fewest, in turn where several have. A few clients that keep
 * their connections are spread evenly, which the kernel, choosing by address, would not do.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, isIPv6, type Socket } from 'node:net'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Listen } from '../config/addresses.ts'

export type FrontDoor = {
  readonly url: string
  /** Accepts no more. What was handed on is the workers'. */
  readonly close: () => void
}
/** Who takes connections. */
export type Taker = {
  readonly connections: () => number
  readonly hand: (socket: Socket) => void
}

/** @throws when the address cannot be listened on. */
export const openFrontDoor = async (given: {
  readonly listen: Listen
  /** Those that are up, always in the same order. */
  readonly takers: () => readonly Taker[]
  readonly log: Log
}): Promise<FrontDoor> => {
  const { listen, takers, log } = given
  let turn = 0
  const server = createServer({ pauseOnConnect: true, noDelay: true })
  server.on('connection', (socket) => {
    socket.on('error', (error) =>
      log.debug('connection.lost', 'A client went away before its first request.', { error }),
    )
    const up = takers()
    turn += 1
    const inTurn = [...up.slice(turn % up.length), ...up.slice(0, turn % up.length)]
    const taker = inTurn.reduce<Taker | undefined>(
      (least, it) => (least === undefined || it.connections() < least.connections() ? it : least),
      undefined,
    )
    // Nobody is up: as if nobody listened, the client tries again.
    if (taker === undefined) socket.destroy()
    else taker.hand(socket)
  })
  server.listen(listen.port, listen.host)
  await once(server, 'listening')
  server.on('error', (error) =>
    log.error('source.failed', 'The OTLP/HTTP source cannot accept connections.', { error }),
  )
  const { address, port } = server.address() as AddressInfo
  return {
    url: `http://${isIPv6(address) ? `[${address}]` : address}:${port}`,
    // It would wait for the connections that the workers have: only no more are to come.
    close: () => void server.close(),
  }
}
