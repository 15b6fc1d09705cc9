/** `WS /inspect`: connections of inspectors, each of which is shown the actors at work as fast as it reads. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Observed } from '../observed.ts'
import { type Feed, openFeed } from './feed.ts'

export type Inspection = {
  /** Makes an inspector of a connection that may be one. */
  readonly admit: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Whether one more may come. */
  readonly hasRoom: () => boolean
  readonly close: () => void
}

const inspectorsMax = 8
/** What an inspector has not read yet: beyond it, it is shown a part of what goes on. */
const unreadBytesMax = 1024 * 1024
const slowMsDefault = 10_000
const heartbeatMs = 15_000
/** Inspectors have nothing to say to us. */
const messageBytesMax = 64 * 1024
/** RFC 6455, 7.4.1. */
const goingAway = 1001
/** How long an inspector may take to say goodbye. */
const closeMsMax = 500

type Terms = {
  readonly log: Log
  /** An inspector that reads too little for so long is cut off. 10 s unless told. */
  readonly slowMsMax?: number
}

export const openInspection = (observed: Observed, terms: Terms): Inspection => {
  const feed = openFeed(observed)
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
  })
  return {
    hasRoom: () => server.clients.size < inspectorsMax,
    admit: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (inspector) =>
        show({ inspector, socket }, feed, terms),
      ),
    close: () => {
      for (const inspector of server.clients) {
        inspector.close(goingAway, 'the pipeline stops')
        setTimeout(() => inspector.terminate(), closeMsMax).unref()
      }
      server.close()
    },
  }
}

/** `socket` is what the inspector's messages go through. */
type Connection = { readonly inspector: WebSocket; readonly socket: Duplex }

const show = (
  { inspector, socket }: Connection,
  feed: Feed,
  { log, slowMsMax = slowMsDefault }: Terms,
): void => {
  log.info('inspector.attached', 'An inspector looks on; it is shown states and messages.')
  let slowSinceMs: number | null = null
  let isAlive = true
  const cutOff = (why: string): void => {
    log.warn('inspector.cutOff', `An inspector was cut off: ${why}.`)
    // It reads nothing: a goodbye would wait behind all that it has not read.
    inspector.terminate()
  }
  const detach = feed.attach((messages) => {
    if (inspector.readyState !== inspector.OPEN) return 'skipped'
    if (inspector.bufferedAmount > unreadBytesMax) {
      slowSinceMs ??= performance.now()
      if (performance.now() - slowSinceMs > slowMsMax) cutOff('it reads too slowly')
      return 'skipped'
    }
    slowSinceMs = null
    // One write for all of them: each by itself would cost more than it took to make it.
    socket.cork()
    for (const message of messages) inspector.send(message)
    socket.uncork()
    return 'taken'
  })
  const heartbeat = setInterval(() => {
    if (!isAlive) return cutOff('it does not answer')
    isAlive = false
    inspector.ping()
  }, heartbeatMs).unref()
  inspector.on('pong', () => {
    isAlive = true
  })
  inspector.on('error', (error) =>
    log.debug('inspector.faltered', 'The connection of an inspector failed.', { error }),
  )
  inspector.on('close', () => {
    clearInterval(heartbeat)
    detach()
    log.info('inspector.detached', 'An inspector looks on no more.')
  })
}
