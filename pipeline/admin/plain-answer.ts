import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers a call that asked for another protocol as if it had not: some clients offer one with every call. */
export const plainAnswer = (
  request: IncomingMessage,
  socket: Duplex,
  answer: (response: ServerResponse) => void,
): void => {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket as never)
  // Whoever hangs up gets no answer; there is nobody to tell.
  socket.on('error', () => socket.destroy())
  response.on('finish', () => socket.end())
  answer(response)
}
