import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

type Connection = {
  readonly host: string
  readonly port: number
  readonly socket: Socket | undefined
  /** What has come of an answer so far. */
  chunks: readonly Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  readonly rejectRequests: (cause: Error) => void
  readonly disconnect: () => Promise<true>
  send: (request: unknown) => Promise<unknown>
}

type Errors = {
  readonly KafkaJSRequestTimeoutError: new () => Error
  readonly KafkaJSConnectionClosedError: new (
    message: string,
    broker: { readonly host: string; readonly port: number },
  ) => Error
}

const mended = new WeakSet<object>()
/** Of the length that an answer begins with. */
const lengthBytes = 4

/**
 * The library (2.2.4) keeps a connection on which a request was not answered in time, and sends the next
 * attempt to the same broker on it. Where that broker's machine is gone without a farewell, or frozen, the
 * partition has long had another leader, and every attempt fails until TCP gives up: after some fifteen
 * minutes, or never. Such a connection is closed, and counts as closed, upon which the library asks who
 * leads now. To be removed with a release that does so by itself.
 * @see https://github.com/tulios/kafkajs/pull/1783
 */
export const closeSilentConnections = (): void => {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/network/connection.js') as {
    readonly prototype: Connection
  }
  const errors = require('kafkajs/src/errors.js') as Errors
  if (mended.has(prototype)) return
  mended.add(prototype)
  const { send } = prototype
  prototype.send = async function (this: Connection, request: unknown): Promise<unknown> {
    const { socket } = this
    try {
      return await send.call(this, request)
    } catch (cause) {
      if (!(cause instanceof errors.KafkaJSRequestTimeoutError)) throw cause
      const { host, port } = this
      const seen = `${cause.message}; the connection was closed`
      const closed = new errors.KafkaJSConnectionClosedError(seen, { host, port })
      // Several requests run out of time together: the first of them closes.
      if (socket !== undefined && this.socket === socket && !socket.destroyed)
        await close(this, socket, closed)
      throw closed
    }
  }
}

const close = async (connection: Connection, socket: Socket, cause: Error): Promise<void> => {
  connection.rejectRequests(cause)
  // Whoever does not answer does not say goodbye either.
  socket.destroy()
  connection.chunks = []
  connection.bytesBuffered = 0
  connection.bytesNeeded = lengthBytes
  await connection.disconnect()
}
