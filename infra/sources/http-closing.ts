import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

export type Close = (options?: { readonly signal?: AbortSignal }) => Promise<void>

/**
 * How a server is closed: it accepts no more, connections that have no request under way are
 * destroyed, and the others when their request is answered, or when `signal` says so.
 * `server.closeIdleConnections` alone would leave those that have never sent a request.
 */
export const closerOf = (server: Server): Close => {
  const requests = new Map<Socket, number>()
  const emptied = Promise.withResolvers<void>()
  let closing: Promise<void> | undefined
  const count = (socket: Socket, change: 1 | -1): void => {
    const under = requests.get(socket)
    if (under === undefined) return
    requests.set(socket, under + change)
    if (closing !== undefined && under + change === 0) socket.end()
  }
  server.on('connection', (socket) => {
    requests.set(socket, 0)
    socket.once('close', () => {
      requests.delete(socket)
      if (closing !== undefined && requests.size === 0) emptied.resolve()
    })
  })
  server.on('request', ({ socket }, response) => {
    count(socket, 1)
    response.once('close', () => count(socket, -1))
  })
  const destroyAll = (): void => {
    for (const socket of requests.keys()) socket.destroy()
  }
  return ({ signal } = {}) => {
    if (signal?.aborted) destroyAll()
    else signal?.addEventListener('abort', destroyAll, { once: true })
    closing ??= (async () => {
      const closed = once(server, 'close')
      server.close()
      for (const [socket, under] of requests) if (under === 0) socket.destroy()
      await closed
      // Of connections that were handed in, the server knows nothing.
      if (requests.size > 0) await emptied.promise
    })()
    return closing.finally(() => signal?.removeEventListener('abort', destroyAll))
  }
}
